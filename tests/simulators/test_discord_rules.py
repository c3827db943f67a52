# Shows that the Discord simulator refuses what Discord refuses, in its words, and limits.

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.simulators.base import Fault
from tests.simulators.discord import DiscordSimulator
from tests.simulators.discord.rawclient import Wire

V2 = 32768


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with DiscordSimulator(scale=0) as sim, aiohttp.ClientSession() as session:
        ann = sim.person("Ann")
        yield Wire(sim, session, ann, sim.group("general", ann, sim.person("Bob")))


def row(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(buttons)}


def button(custom_id: str = "a", **more: Any) -> dict[str, Any]:
    return {"type": 2, "style": 2, "label": "A", "custom_id": custom_id, **more}


def text(words: str) -> dict[str, Any]:
    return {"type": 10, "content": words}


def select(count: int) -> dict[str, Any]:
    options = [{"label": f"{each}", "value": f"{each}"} for each in range(count)]
    return {"type": 3, "custom_id": "s", "options": options}


@pytest.mark.parametrize(
    ("form", "field", "code"),
    [
        ({"content": "x" * 2001}, "content", "BASE_TYPE_MAX_LENGTH"),
        ({"content": "x", "nonce": "x" * 26}, "nonce", "BASE_TYPE_MAX_LENGTH"),
        ({"content": "x", "components": [row()]}, "components", "BASE_TYPE_BAD_LENGTH"),
        (
            {"content": "x", "components": [row(*[button(f"{n}") for n in range(6)])]},
            "components",
            "BASE_TYPE_BAD_LENGTH",
        ),
        (
            {"content": "x", "components": [row(button(f"{n}")) for n in range(6)]},
            "components",
            "BASE_TYPE_MAX_LENGTH",
        ),
        (
            {"content": "x", "components": [row(button(), button())]},
            "components",
            "COMPONENT_CUSTOM_ID_DUPLICATED",
        ),
        (
            {"content": "x", "components": [row(button("x" * 101))]},
            "components",
            "BASE_TYPE_BAD_LENGTH",
        ),
        (
            {"content": "x", "components": [row(button(label="x" * 81))]},
            "components",
            "BASE_TYPE_MAX_LENGTH",
        ),
        (
            {"content": "x", "components": [row(select(26))]},
            "components",
            "BASE_TYPE_BAD_LENGTH",
        ),
        ({"content": "x", "components": [text("x")]}, "components", "BASE_TYPE_CHOICES"),
        (
            {"content": "x", "components": [text("x")], "flags": V2},
            "content",
            "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
        ),
        (
            {"components": [text("x" * 2500), text("x" * 1501)], "flags": V2},
            "components",
            "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
        ),
        (
            {"components": [{"type": 17, "components": [text("x")] * 40}], "flags": V2},
            "components",
            "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
        ),
        (
            {"embeds": [{"description": "x" * 4096}, {"description": "x" * 2000}]},
            "embeds",
            "MAX_EMBED_SIZE_EXCEEDED",
        ),
        (
            {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
            "allowed_mentions",
            "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
        ),
        (
            {"content": "x", "message_reference": {"message_id": "1"}},
            "message_reference",
            "MESSAGE_REFERENCE_UNKNOWN_MESSAGE",
        ),
    ],
)
async def test_a_form_is_refused_for_the_field_that_is_wrong(wire, form, field, code):
    status, body = await wire.send(form)
    assert (status, body["code"], body["message"]) == (400, 50035, "Invalid Form Body")
    assert list(body["errors"]) == [field]
    assert code in json.dumps(body["errors"])
    assert not wire.sim.shown(wire.place)


@pytest.mark.parametrize("form", [{}, {"content": " \n"}, {"components": [], "flags": V2}])
async def test_a_message_that_shows_nothing_is_refused(wire, form):
    status, body = await wire.send(form)
    assert (status, body["code"]) == (400, 50006)


async def test_what_is_exactly_at_the_limit_is_taken(wire):
    rows = [row(*[button(f"{at}/{n}") for n in range(5)]) for at in range(5)]
    assert (await wire.send({"content": "x" * 2000, "components": rows}))[0] == 200
    whole = [{"type": 17, "components": [text("x" * 4000)]}]
    assert (await wire.send({"components": whole, "flags": V2}))[0] == 200


async def test_too_many_bytes_break_discord_within_its_characters(wire):
    form = {"components": [text("あ" * 3386)], "flags": V2}
    assert (await wire.send(form))[0] == 200
    status, body = await wire.send(form | {"components": [text("あ" * 3387)]})
    assert (status, body) == (500, {"message": "500: Internal Server Error", "code": 0})


async def test_components_v2_stay_for_ever(wire):
    _, sent = await wire.send({"components": [text("one")], "flags": V2})
    status, body = await wire.edit(sent["id"], {"content": "two"})
    assert (status, body["code"]) == (400, 50035)
    assert (await wire.edit(sent["id"], {"components": [text("two")]}))[0] == 200
    assert wire.sim.shown(wire.place)[0].text == "two"


async def test_who_and_where_are_checked(wire):
    mine = f"/channels/{wire.place.id}/messages"
    said = await wire.sim.say(wire.place, wire.ann, "mine")
    refused = [
        (401, 0, await wire.ask("POST", mine, json={"content": "x"}, auth="Bot wrong")),
        (401, 0, await wire.ask("POST", mine, json={"content": "x"}, auth="")),
        (404, 10003, await wire.ask("POST", "/channels/1/messages", json={"content": "x"})),
        (404, 10008, await wire.ask("PATCH", f"{mine}/1", json={"content": "x"})),
        (403, 50005, await wire.ask("PATCH", f"{mine}/{said}", json={"content": "x"})),
        (403, 50013, await wire.ask("DELETE", f"{mine}/{said}")),
        (400, 50109, await wire.ask("POST", mine, data=b"{")),
        (404, 0, await wire.ask("GET", "/nowhere")),
    ]
    for status, code, (got, body, _) in refused:
        assert (got, body["code"]) == (status, code)


async def test_who_does_not_say_what_it_is_does_not_get_in(wire):
    wire.agent = "python-requests/2"
    assert await wire.send({"content": "x"}) == (
        403,
        {"message": "internal network error", "code": 40333},
    )


async def test_a_bot_may_ask_fifty_times_a_second_in_all(wire):
    wire.sim.limits.scale = 100.0  # here in a hundred, which a busy machine may need
    for number in range(50):
        assert (await wire.ask("GET", f"/channels/{number}"))[0] == 404
    status, body, headers = await wire.ask("GET", "/channels/50")
    assert (status, body["global"]) == (429, True)
    assert (headers["X-RateLimit-Scope"], headers["X-RateLimit-Global"]) == ("global", "true")
    assert (await wire.ask("POST", "/interactions/1/x/callback", json={"type": 5}))[0] == 404


async def test_rights_are_needed(wire):
    said = await wire.sim.say(wire.place, wire.ann, "mine")
    message = f"/channels/{wire.place.id}/messages/{said}"
    await wire.sim.forbid(wire.place, "send", "reactions", "threads")
    assert (await wire.send({"content": "x"}))[1]["code"] == 50013
    status, body, _ = await wire.ask("PUT", f"{message}/reactions/%F0%9F%91%80/@me")
    assert (status, body["code"]) == (403, 50013)
    status, body, _ = await wire.ask("POST", f"{message}/threads", json={"name": "x"})
    assert (status, body["code"]) == (403, 50013)
    await wire.sim.allow(wire.place, "send", "reactions", "threads")
    await wire.sim.forbid(wire.place, "view")
    assert (await wire.send({"content": "x"}))[1]["code"] == 50001
    await wire.sim.allow(wire.place, "view")
    assert (await wire.send({"content": "x"}))[0] == 200
    await wire.sim.kick(wire.place)
    assert (await wire.send({"content": "x"}))[1]["code"] == 50001


async def test_a_person_may_refuse_direct_messages(wire):
    wire.sim.block(wire.ann)
    status, body = await wire.send({"content": "x"}, place=wire.sim.dm(wire.ann))
    assert (status, body["code"]) == (403, 50007)


async def test_the_sixth_message_in_five_seconds_waits(wire):
    wire.sim.limits.scale = 1.0
    path = f"/channels/{wire.place.id}/messages"
    for left in (4, 3, 2, 1, 0):
        status, _, headers = await wire.ask("POST", path, json={"content": "x"})
        assert (status, headers["X-RateLimit-Remaining"]) == (200, str(left))
    status, body, headers = await wire.ask("POST", path, json={"content": "x"})
    assert (status, headers["Via"], headers["X-RateLimit-Scope"]) == (429, "1.1 google", "user")
    assert body["global"] is False
    assert 0 < body["retry_after"] <= 5
    assert int(headers["Retry-After"]) >= body["retry_after"]
    sent = wire.sim.shown(wire.place)[0].id
    assert (await wire.edit(sent, {"content": "edits have their own"}))[0] == 200
    other = wire.sim.group("other", wire.ann)
    assert (await wire.send({"content": "so has each channel"}, place=other))[0] == 200


async def test_faults_come_when_they_are_planned(wire):
    busy = Fault(kind="refuse", status=429, retry_after=0.5)
    refuse = Fault(kind="refuse", status=403, error="50013 Missing Permissions")
    wire.sim.faults.plan("create_message", busy, refuse, Fault(kind="reset"), Fault(kind="drop"))
    status, body = await wire.send({"content": "x"})
    assert (status, body["retry_after"]) == (429, 0.5)
    assert (await wire.send({"content": "x"}))[1]["code"] == 50013
    for done in (0, 1):
        with pytest.raises(aiohttp.ClientError):
            await wire.send({"content": "x"})
        assert len(wire.sim.shown(wire.place)) == done
    assert [each.status for each in wire.sim.requests.of("create_message")] == [429, 403, 0, 200]
    wire.sim.faults.plan("create_message", Fault(kind="delay", seconds=0.1))
    began = asyncio.get_running_loop().time()
    assert (await wire.send({"content": "late"}))[0] == 200
    assert asyncio.get_running_loop().time() - began >= 0.1
