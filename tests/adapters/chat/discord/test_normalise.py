"""Discord's objects, in the shapes of its documentation, become what the core understands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.chat.discord import facts, shapes
from adapters.chat.discord.changes import edited_of
from adapters.chat.discord.handles import Handle, custom_id, read_custom_id
from adapters.chat.discord.normalise import Setting, command_of, message_of, press_of
from adapters.chat.discord.places import DM, Place, Places
from core.commands import Asked, asked
from core.frames import Button
from core.types import Address, Command, Message, Press

FIXTURES = Path(__file__).parents[3] / "fixtures" / "discord"
ME, APPLICATION = "1100000000000000001", "1100000000000000001"
GUILD, CHANNEL = "290926798629997250", "290926798999357250"
THREAD, DM_CHANNEL = "1300000000000000050", "319674150115610528"
MESSAGE = "1300000000000000100"


def load(name: str) -> Any:
    return json.loads((FIXTURES / f"{name}.json").read_text("utf-8"))


def setting(threads: Literal["auto", "never"] = "auto") -> Setting:
    places = Places()
    places.me = ME
    facts.take(places, "GUILD_CREATE", load("guild"))
    return Setting(platform="discord", me=ME, places=places, threads=threads)


def message(name: str, threads: Literal["auto", "never"] = "auto") -> Message | None:
    here = setting(threads)
    read = shapes.read(load(name), shapes.Message)
    return message_of(read, here.places.find(read.channel_id) or DM, here)


def said(name: str, threads: Literal["auto", "never"] = "auto") -> Message:
    found = message(name, threads)
    assert found is not None
    return found


def at(channel: str, thread: str | None = None) -> Address:
    return Address(platform="discord", channel=channel, thread=thread)


def test_a_mention_is_taken_out_and_others_are_named():
    found = said("mention")
    assert found.text == f"Hey what is @bob's <#{CHANNEL}>?"
    assert (found.addressed, found.to_others, found.direct) == (True, True, False)
    assert found.address == at(CHANNEL, MESSAGE)
    assert (found.event_id, found.message_id, found.reply_to) == (MESSAGE, MESSAGE, MESSAGE)
    assert found.at == 1_793_527_200_250
    assert (found.author.id, found.author.name) == ("80351110224678912", "Countess")
    assert found.author.circles == (f"guild:{GUILD}", "role:290926798626357999")
    assert not found.author.is_admin


def test_without_threads_it_belongs_to_the_channel():
    assert said("mention", "never").address == at(CHANNEL)


@pytest.mark.parametrize(
    ("name", "addressed", "to_others", "text"),
    [
        ("role_mention", True, False, "go on"),
        ("other_role", False, True, "<@&290926798626357999> meeting"),
        ("everyone", False, True, "@everyone look"),
        ("dm", True, False, "What is 2 + 2?"),
        ("in_thread", True, False, "and then?"),
        ("reply_to_us", True, False, "why?"),
        ("reply_to_other", False, True, "no"),
        ("reply_to_deleted", False, False, "gone?"),
        ("forward", True, False, "The plan is to wait."),
        ("from_rest", True, False, "missed?"),
    ],
)
def test_whom_it_addresses(name, addressed, to_others, text):
    found = said(name)
    assert (found.addressed, found.to_others, found.text) == (addressed, to_others, text)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("dm", at(DM_CHANNEL)),
        ("in_thread", at(CHANNEL, THREAD)),
        ("reply_to_us", at(CHANNEL, "1300000000000000080")),  # the question it answered
        ("reply_to_other", at(CHANNEL)),
        ("other_role", at(CHANNEL)),
    ],
)
def test_where_it_belongs(name, address):
    assert said(name).address == address


@pytest.mark.parametrize("name", ["own", "joined", "thread_starter", "pinned", "blank"])
def test_what_nobody_said_is_nothing(name):
    assert message(name) is None


@pytest.mark.parametrize("name", ["bot", "webhook"])
def test_other_bots_are_marked(name):
    assert said(name).author.is_bot


def test_a_dm_follows_and_hangs_on_nothing():
    found = said("dm")
    assert found.direct
    assert found.reply_to is None
    assert found.author.name == "Ada Lovelace"
    assert found.author.circles == ()


def test_what_was_forwarded_brings_its_files():
    (file,) = said("forward").attachments
    assert (file.kind, file.name, file.size) == ("document", "plan.pdf", 2048)
    assert file.ref.startswith("https://cdn.discordapp.com/attachments/")


def test_attachments_stickers_and_polls_are_named():
    found = said("attachments").attachments
    assert [(each.kind, each.name, each.size) for each in found] == [
        ("image", "photo.png", 31337),
        ("document", "notes.pdf", 1024),
        ("audio", "voice-message.ogg", 2048),
        ("video", "clip.mp4", 4096),
        ("document", "Makefile", 10),
    ]
    assert found[0].ref.startswith("https://cdn.discordapp.com/")
    (sticker,) = said("sticker").attachments
    assert (sticker.kind, sticker.name) == ("sticker", "sticker Wave")
    (poll,) = said("poll").attachments
    assert poll.name == "poll: Tea or coffee? (Tea / Coffee)"


def test_who_keeps_the_server_is_an_admin():
    here = setting()
    read = shapes.read(load("mention"), shapes.Message)
    place = here.places.find(CHANNEL)
    assert place is not None
    keeper = shapes.Member(roles=("290926798626358000",))
    bare = shapes.read({**load("from_rest")}, shapes.Message)
    found = message_of(bare, place, here, keeper)
    assert found is not None
    assert found.author.is_admin
    facts.take(
        here.places,
        "GUILD_ROLE_UPDATE",
        {"guild_id": GUILD, "role": {"id": "290926798626357999", "permissions": "8"}},
    )
    found = message_of(read, place, here)
    assert found is not None
    assert found.author.is_admin


def test_commands_carry_their_words_and_what_answers_them():
    found = command("command_moa")
    assert (found.name, found.args, found.address) == ("moa", "review channel", at(CHANNEL))
    assert not found.author.is_admin
    assert found.at == 7
    assert found.handle == f"{APPLICATION}/aW50ZXJhY3Rpb246MTMwMA_token-with.dots/own"
    found = command("command_ask")
    assert (found.args, found.address) == ("preset:fast What is love?", at(CHANNEL, THREAD))
    assert found.author.is_admin  # Manage Server
    found = command("command_dm")
    assert (found.direct, found.address, found.args) == (True, at(DM_CHANNEL), "")


@pytest.mark.parametrize(
    ("options", "args"),
    [
        ({"scope": "channel", "preset": "review"}, "review channel"),
        ({"preset": "review", "scope": "channel"}, "review channel"),
        ({"preset": "review"}, "review"),
        ({"scope": "channel"}, "channel"),  # the presets are offered
        ({"advisors": "all"}, ""),  # which is no option of this command
        ({"scope": "channel", "preset": None}, "channel"),
    ],
)
def test_the_options_of_a_command_have_no_order(options, args):
    raw = load("command_moa")
    raw["data"]["options"] = [{"name": n, "type": 3, "value": v} for n, v in options.items()]
    found = command_of(shapes.read(raw, shapes.Interaction), setting(), 7)
    assert found is not None
    assert found.args == args


def test_a_fact_is_added_with_the_word_before_it():
    raw = load("command_moa")
    raw["data"]["name"] = "memory"
    raw["data"]["options"] = [
        {"name": "what", "type": 3, "value": "We deploy on Fridays."},
        {"name": "do", "type": 3, "value": "add"},
    ]
    found = command_of(shapes.read(raw, shapes.Interaction), setting(), at=1)
    assert found is not None
    assert (found.name, found.args) == ("memory", "add We deploy on Fridays.")


def test_a_preset_of_several_words_is_named_whole():
    raw = load("command_ask")
    raw["data"]["options"] = [
        {"name": "question", "type": 3, "value": "What is love?"},
        {"name": "preset", "type": 3, "value": "deep review"},
    ]
    found = command_of(shapes.read(raw, shapes.Interaction), setting(), at=1)
    assert found is not None
    assert asked(found.args) == Asked(text="What is love?", preset="deep review")


def test_presses_tell_the_turn_and_whom_to_answer():
    found = press("press")
    assert found is not None
    assert (found.action, found.turn_id, found.value) == ("advisors", "0123456789abcdef", "2")
    assert (found.address, found.message_id) == (at(CHANNEL), "1300000000000000150")
    assert not found.handle.endswith("/own")
    found = press("press_in_reply")
    assert found is not None
    assert found.address == at(CHANNEL, MESSAGE)
    found = press("select")
    assert found is not None
    assert (found.action, found.value, found.turn_id) == ("pick", "review", "")
    assert found.handle.endswith("/own")
    assert press("press_foreign") is None


def command(name: str) -> Command:
    found = command_of(shapes.read(load(name), shapes.Interaction), setting(), 7)
    assert found is not None
    return found


def press(name: str) -> Press | None:
    return press_of(shapes.read(load(name), shapes.Interaction), setting(), 7)


def test_places_come_and_go():
    places = setting().places
    assert places.find(CHANNEL) == Place("open", GUILD)
    assert places.find(THREAD) == Place("thread", GUILD, CHANNEL)
    assert places.find("290926798999357251") == Place("flat", GUILD)
    facts.take(places, "THREAD_DELETE", {"id": THREAD, "type": 11})
    assert places.find(THREAD) is None
    threads = [{"id": "5", "type": 12, "parent_id": CHANNEL}]
    facts.take(places, "THREAD_LIST_SYNC", {"guild_id": GUILD, "threads": threads})
    assert places.find("5") == Place("thread", GUILD, CHANNEL)
    facts.take(places, "GUILD_DELETE", {"id": GUILD, "unavailable": True})
    assert places.find(CHANNEL) is not None
    facts.take(places, "GUILD_DELETE", {"id": GUILD})
    assert places.find(CHANNEL) is None
    assert not places.administers(GUILD, "80351110224678900", ())


@given(
    value=st.text(st.characters(codec="utf-8"), max_size=40),
    delivery=st.none() | st.from_regex(r"[0-9a-f]{24}", fullmatch=True),
)
def test_what_a_button_carries_comes_back(value, delivery):
    button = Button(action="advisors", label="x", turn_id="0123456789abcdef", value=value)
    text = custom_id(button, delivery)
    assert len(text) <= 100
    back = read_custom_id(text)
    if "~" not in value and "\n" not in value:
        assert back is not None
        assert (back.turn_id, back.value, back.delivery) == (button.turn_id, value, delivery)


@given(st.text(max_size=120))
def test_no_foreign_id_breaks_anything(text):
    back = read_custom_id(text)
    assert back is None or back.action
    handle = Handle.of(text)
    assert handle is None or handle.token


def test_when_a_message_was_changed_is_known_though_it_is_read_over_rest():
    read = shapes.read(
        {**load("from_rest"), "edited_timestamp": "2026-01-02T03:04:05.678000+00:00"},
        shapes.Message,
    )
    here = setting()
    found = message_of(read, here.places.find(read.channel_id) or DM, here)
    assert found is not None
    assert found.changed == 1_767_323_045_678
    assert edited_of(found, read.edited_timestamp).at == found.changed
    assert said("from_rest").changed == 0
