"""What comes with nulls and gaps is read as far as it goes: a part is left out, never the whole."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from adapters.chat.discord import facts, shapes
from adapters.chat.discord.normalise import command_of, message_of, press_of
from adapters.chat.discord.places import Place, Places
from adapters.chat.discord.rooms import Rooms
from core.types import Message
from tests.adapters.chat.discord.test_normalise import (
    CHANNEL,
    GUILD,
    ME,
    MESSAGE,
    THREAD,
    at,
    load,
    setting,
)

SAID = ("mention", "attachments", "poll", "sticker", "forward", "reply_to_us")


def heard(raw: Any) -> Message:
    here = setting()
    read = shapes.read(raw, shapes.Message)
    place = here.places.find(CHANNEL)
    assert place is not None
    found = message_of(read, place, here)
    assert found is not None
    return found


def gaps() -> list[tuple[str, str, Any]]:
    """What a message may do without, and what stands there instead."""
    needed = {"id", "channel_id", "author", "content", "type"}
    found: list[tuple[str, str, Any]] = []
    for name in SAID:
        for field, value in load(name).items():
            if field not in needed:
                parted = isinstance(value, dict | list)
                odd: list[Any] = [[], {}, [None], [{}]] if parted else []
                found += [(name, field, instead) for instead in (None, *odd)]
    return found


@pytest.mark.parametrize(("name", "field", "value"), gaps(), ids=str)
def test_a_message_is_heard_without_a_part_that_is_null_or_empty(name, field, value):
    whole = load(name)
    whole["content"] = f"<@{ME}> {whole['content']}".strip()
    found = heard({**whole, field: value})
    assert found.addressed
    assert found.event_id == whole["id"]


def test_what_is_null_within_is_left_out_alone():
    raw = load("attachments")
    raw["attachments"] = [
        {"filename": "a.png", "content_type": None, "size": None, "url": None, "id": None},
        None,
        *raw["attachments"],
    ]
    raw["mentions"] = [{"id": ME, "username": None, "bot": None}, {"username": "x"}]
    raw["author"] |= {"global_name": None, "bot": None}
    raw["member"] |= {"nick": None, "roles": None}
    found = heard(raw)
    assert [each.name for each in found.attachments][:2] == ["a.png", "photo.png"]
    assert (found.addressed, found.author.is_bot) == (True, False)


def test_what_says_where_it_belongs_is_never_guessed():
    for field in ("guild_id", "channel_id", "webhook_id"):
        with pytest.raises(ValueError, match=field):
            shapes.read({**load("mention"), field: 5}, shapes.Message)


@pytest.mark.parametrize("mentions", [[], None, "absent"], ids=str)
def test_a_mention_in_the_words_counts_where_none_is_listed(mentions):
    raw = {**load("mention"), "mentions": mentions, "content": f"<@!{ME}> hello"}
    if mentions == "absent":
        del raw["mentions"]
    found = heard(raw)
    assert (found.addressed, found.to_others, found.text) == (True, False, "hello")
    for quoted in (f"`<@{ME}>` hello", f"```\n<@{ME}>\n``` hello"):
        assert not heard({**raw, "content": quoted}).addressed


def test_an_answered_message_that_comes_in_part_costs_the_rest_nothing():
    raw = load("reply_to_us")
    answered = raw["referenced_message"]
    for part in ({}, {"id": answered["id"]}, {**answered, "author": {}}, {**answered, "id": 5}):
        assert heard({**raw, "referenced_message": part}).text == "why?"
    short = {each: answered[each] for each in ("id", "author", "message_reference")}
    found = heard({**raw, "referenced_message": short})
    assert found.address == at(CHANNEL, "1300000000000000080")


def test_a_press_is_read_whatever_its_message_lacks():
    raw = load("press_in_reply")
    whole = raw["message"]
    for part in (None, {}, {"id": whole["id"]}, {**whole, "author": None, "components": None}):
        found = press_of(shapes.read({**raw, "message": part}, shapes.Interaction), setting(), 7)
        assert found is not None
        assert (found.action, found.turn_id) == ("retry", "0123456789abcdef")
        assert found.message_id == ((part or {}).get("id"))
    part = {each: whole[each] for each in ("id", "message_reference")}
    found = press_of(shapes.read({**raw, "message": part}, shapes.Interaction), setting(), 7)
    assert found is not None
    assert found.address == at(CHANNEL, MESSAGE)


def test_an_interaction_in_a_thread_belongs_there_though_its_channel_does_not_say_of_which():
    for channel in ({"id": THREAD, "type": 11}, {"id": THREAD}, None):
        raw = {**load("press"), "channel_id": THREAD, "channel": channel}
        found = press_of(shapes.read(raw, shapes.Interaction), setting(), 7)
        assert found is not None
        assert found.address == at(CHANNEL, THREAD)
        raw = {**load("command_moa"), "channel_id": THREAD, "channel": channel}
        given = command_of(shapes.read(raw, shapes.Interaction), setting(), 7)
        assert given is not None
        assert given.address == at(CHANNEL, THREAD)


def test_a_guild_is_known_though_parts_of_it_are_not():
    places = Places()
    places.me = ME
    roles = [{"id": "7", "permissions": 8}, {"id": "8", "permissions": None}, {"permissions": "8"}]
    channels = [{"id": CHANNEL, "type": 0, "parent_id": None}, {}, None]
    told = {"id": GUILD, "roles": roles, "channels": channels, "threads": None}
    facts.take(places, "GUILD_CREATE", told)
    assert places.find(CHANNEL) == Place("open", GUILD)
    assert places.administers(GUILD, "1", ["7"])
    assert not places.administers(GUILD, "1", ["8"])
    facts.take(places, "GUILD_CREATE", {**told, "roles": None})
    assert places.find(CHANNEL) == Place("open", GUILD)


async def test_a_thread_is_written_into_by_the_id_that_it_was_given(serve):
    asked = []

    def answer(request: web.Request) -> web.Response:
        asked.append((request.method, request.path.removeprefix("/api/v10")))
        return web.json_response({"id": "888", "type": 11, "parent_id": "4", "guild_id": None})

    rooms = Rooms(await serve(answer), Places(), "auto")
    assert await rooms.for_post(at("4", "5")) == "888"
    assert await rooms.for_post(at("4", "5")) == "888"
    assert asked.count(("POST", "/channels/4/messages/5/threads")) == 1

    async def call(room: str) -> str:
        return room

    assert await rooms.anywhere(at("4", "5"), call) == "888"
