"""Shows what Slack's payloads, as they look on the wire, become: values, or nothing."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.chat.slack import actions, changes, normalise
from adapters.chat.slack.text import plain
from adapters.chat.slack.wire import Callback, Handle, Interaction, Me, Person, Place, Slash
from core.frames import Button
from core.types import Address, Author, Message, Press

FIXTURES = Path(__file__).parents[3] / "fixtures" / "slack"
ME = Me(user="U0BOT0001", bot="B0MOA0001", team="T0123ABCD", enterprise="E0GRID001")
PEOPLE = {
    "U0ANN0001": Person(name="Ann"),
    "U0BOB0001": Person(name="Bob"),
    "U0EVE0001": Person(name="Eve", admin=True),
}
TURN = "0123456789abcdef01234567"


def wire(name):
    return json.loads((FIXTURES / f"{name}.json").read_text())


def read(name) -> Message | None:
    callback = msgspec.convert(wire(name), Callback)
    if not normalise.is_message(callback.event, ME):
        return None
    return normalise.message("slack", callback, ME, PEOPLE)


def known(name) -> Message:
    message = read(name)
    assert message is not None
    return message


def test_a_mention_in_a_channel_is_all_of_this():
    assert known("message") == Message(
        event_id="C0GENERAL/1700000000.000100",
        address=Address(platform="slack", channel="C0GENERAL", thread="1700000000.000100"),
        author=Author(
            id="U0ANN0001", name="Ann", circles=("T0123ABCD", "channel:C0GENERAL", "E0GRID001")
        ),
        text="which database?",
        at=1_700_000_000_000,
        message_id="1700000000.000100",
        reply_to="1700000000.000100/U0ANN0001/T0123ABCD",
        direct=False,
        addressed=True,
    )


def test_its_twin_is_the_same():
    assert read("app_mention") == read("message")


@pytest.mark.parametrize(
    ("name", "thread", "direct", "addressed"),
    [
        ("message_im", None, True, True),
        ("message_im_thread", None, True, True),
        ("message_mpim", "1700000000.000100", False, True),
        ("message_thread", "1700000000.000100", False, False),
        ("message_reply_to_us", "1700000000.000500", False, True),
        ("message_broadcast", "1700000000.000100", False, False),
    ],
)
def test_where_it_is_and_whether_it_is_meant_for_us(name, thread, direct, addressed):
    message = known(name)
    assert (message.address.thread, message.direct) == (thread, direct)
    assert (message.addressed, message.to_others) == (addressed, False)


def test_entities_links_and_names_are_read_as_people_read_them():
    assert known("message_thread").text == (
        "What about *cost*?\nAnd <this> & that, the page (https://example.com/a?b=1&c=2), "
        "https://x.example, a@b.example, #other, @here, @devs, 14 Nov"
    )
    others = known("message_to_others")
    assert others.text == "@Bob what do you think? @U0NOBODY1"
    assert (others.to_others, others.addressed) == (True, False)


def test_somebody_of_another_organisation_is_a_guest_and_no_admin_here():
    author = known("message_connect").author
    assert author == Author(
        id="U0EVE0001", name="Eve", circles=("T0OTHER01", "channel:C0GENERAL"), is_guest=True
    )


SISTER = Person(name="Eve", admin=True, enterprise="E0GRID001")


def test_somebody_of_a_sister_workspace_in_our_grid_is_no_guest_and_no_admin_here():
    callback = msgspec.convert(wire("message_connect"), Callback)
    author = normalise.message("slack", callback, ME, {"U0EVE0001": SISTER}).author
    assert (author.is_guest, author.is_admin) == (False, False)
    assert author.circles == ("T0OTHER01", "channel:C0GENERAL", "E0GRID001")
    alone = Me(user=ME.user, bot=ME.bot, team=ME.team)
    nobodys = Person(name="Eve")
    assert normalise.message("slack", callback, alone, {"U0EVE0001": nobodys}).author.is_guest


def test_where_slack_does_not_name_our_workspace_it_is_the_one_that_events_come_from():
    nowhere = Me(user=ME.user, bot=ME.bot, team="")
    for name, guest in (("message", False), ("message_connect", True)):
        callback = msgspec.convert(wire(name), Callback)
        me = nowhere.at(callback.team_id)
        author = normalise.message("slack", callback, me, PEOPLE).author
        assert author.is_guest is guest, name
    assert ME.at("T0OTHER01") is ME


def test_another_bot_says_who_it_is():
    author = known("message_bot").author
    assert (author.id, author.is_bot) == ("B0CI00001", True)


def test_files_are_named_even_those_that_are_gone():
    message = known("message_file_share")
    assert [(each.kind, each.name, each.size) for each in message.attachments] == [
        ("image", "plan.png", 48213),
        ("audio", "voice.m4a", 9),
        ("document", "F0GONE001", None),
    ]
    assert message.text == "look"


@pytest.mark.parametrize(
    "name", ["message_changed", "message_deleted", "message_join", "message_own"]
)
def test_what_is_no_message_of_somebody_is_nothing(name):
    assert read(name) is None


def test_slack_s_own_stop():
    callback = msgspec.convert(wire("agent_session_stopped"), Callback)
    press = normalise.stopped("slack", callback, ME, PEOPLE)
    assert (press.action, press.turn_id, press.author.name) == ("stop", "", "Ann")
    assert press.address.thread == "1782234671.392669"
    assert press.event_id == "stop/C0GENERAL/1783536983.783769"


# --- presses and commands ---------------------------------------------------------------------


def pressed(name) -> Press | None:
    interaction = msgspec.convert(wire(name), Interaction)
    return actions.press("slack", interaction, interaction.actions[0], ME, None)


def test_a_press_names_its_turn_its_message_and_where_to_answer():
    press = pressed("block_actions")
    assert press is not None
    assert (press.action, press.turn_id, press.value) == ("retry", TURN, "")
    assert (press.message_id, press.address.thread) == ("1700000002.000100", "1700000000.000100")
    assert press.reply_to == "1700000000.000100/U0ANN0001/T0123ABCD"
    assert Handle.read(press.handle) == Handle(
        channel="C0GENERAL",
        user="U0ANN0001",
        thread="1700000000.000100",
        response_url="https://hooks.slack.com/actions/T0123ABCD/1/x",
    )


def test_a_choice_in_a_whispered_menu_of_a_direct_conversation():
    press = pressed("block_actions_ephemeral")
    assert press is not None
    assert (press.action, press.turn_id, press.value) == ("pick", TURN, "quick")
    assert (press.address.channel, press.address.thread, press.direct) == ("D0DIRECT1", None, True)


def test_a_whispered_menu_in_a_channel_opens_no_thread():
    payload = wire("block_actions_ephemeral")
    payload["channel"]["id"] = payload["container"]["channel_id"] = "C0GENERAL"
    interaction = msgspec.convert(payload, Interaction)
    press = actions.press("slack", interaction, interaction.actions[0], ME, None)
    assert press is not None
    assert press.address == Address(platform="slack", channel="C0GENERAL")
    assert Handle.read(press.handle).thread == ""


def test_a_choice_at_home_sets_my_own_preset():
    interaction = msgspec.convert(wire("block_actions_home"), Interaction)
    command = actions.chosen_at_home("slack", interaction, interaction.actions[0], ME, None)
    assert (command.name, command.args, command.direct) == ("moa", "moa/quick me", True)
    assert Handle.read(command.handle).channel == ""


def test_words_that_we_have_not_written_are_nothing():
    payload = wire("block_actions")
    for word in ("", "rm -rf", "admin:1:2", ":::"):
        payload["actions"][0]["value"] = word
        interaction = msgspec.convert(payload, Interaction)
        assert actions.press("slack", interaction, interaction.actions[0], ME, None) is None


@pytest.mark.parametrize(
    ("text", "name", "args"),
    [
        ("", "moa", ""),
        ("review", "moa", "review"),
        ("review thread", "moa", "review thread"),
        ("stop", "stop", ""),
        ("Help", "help", ""),
        ("ask why? ", "ask", "why?"),
        ("ask", "ask", ""),
        ("ask line\nline", "ask", "line\nline"),
    ],
)
def test_the_words_behind_moa(text, name, args):
    slash = msgspec.convert({**wire("slash"), "text": text}, Slash)
    command = actions.command("slack", slash, ME, None, 7)
    assert (command.name, command.args, command.author.name) == (name, args, "ann")
    assert command.event_id.startswith(f"123.456.def/{slash.channel_id}/{slash.user_id}/")


def test_a_question_by_command_carries_its_preset():
    slash = msgspec.convert(wire("slash"), Slash)
    message = actions.asked(
        actions.command("slack", slash, ME, None, 7), slash, "1700000050.000100"
    )
    assert (message.text, message.preset) == ("why <b>?", "quick")
    assert (message.address.thread, message.addressed) == ("1700000050.000100", True)


def test_a_preset_of_several_words_is_named_whole():
    slash = msgspec.convert({**wire("slash"), "text": 'ask preset:"deep review" why?'}, Slash)
    message = actions.asked(
        actions.command("slack", slash, ME, None, 7), slash, "1700000050.000100"
    )
    assert (message.text, message.preset) == ("why?", "deep review")


# --- for all ----------------------------------------------------------------------------------


@given(st.sampled_from(["stop", "pick", "up"]), st.text("abc012", max_size=24), st.text(max_size=9))
def test_a_button_s_word_comes_back(action, turn_id, value):
    word = actions.word_of(Button(action=action, label="x", turn_id=turn_id, value=value))
    payload = wire("block_actions")
    payload["actions"][0]["value"] = word
    interaction = msgspec.convert(payload, Interaction)
    press = actions.press("slack", interaction, interaction.actions[0], ME, None)
    assert press is not None
    assert (press.action, press.turn_id, press.value) == (action, turn_id, value)


@given(st.text("<>@#!|&;:/abU0 \n", max_size=60))
def test_any_text_is_read(text):
    assert isinstance(plain(text, ME.user, {}), str)


@given(st.text("0123456789.", max_size=9), st.text("U0A", max_size=9), st.text("T0", max_size=9))
def test_where_an_answer_hangs_comes_back(thread, user, team):
    place = Place(thread=thread, user=user, team=team)
    assert Place.of(place.reply_to, None) == place


def test_where_nothing_is_known_the_conversation_s_own_thread_is_taken():
    assert Place.of(None, "1.0") == Place(thread="1.0")
    assert Place.of("2.0/U/T", "1.0").thread == "1.0"


def test_when_a_message_was_changed_is_when_somebody_did_it_and_not_when_it_is_told():
    """A link that unfolds later, or a change that is sent again, is no later change."""
    callback = msgspec.convert(wire("message_changed"), Callback)
    now = known("message")
    assert changes.edited(now, callback.event).at == 1_700_000_001_000
    raw = wire("message_changed")
    raw["event"]["event_ts"] = "1700000077.000300"
    told = msgspec.convert(raw, Callback)
    assert changes.edited(now, told.event).at == 1_700_000_001_999
    raw = wire("message_changed")
    del raw["event"]["message"]["edited"]
    told = msgspec.convert(raw, Callback)
    assert changes.edited(now, told.event).at == 1_700_000_001_000
    raw["event"]["event_ts"] = "1700000077.000300"
    assert changes.edited(now, msgspec.convert(raw, Callback).event).at == 1_700_000_077_000


def test_of_two_changes_in_one_second_the_one_that_is_told_for_later_is_later():
    """Slack writes whole seconds into a message; a change that is sent again keeps its own time."""
    raw = wire("message_changed")
    times = ["1700000001.200000", "1700000001.900000", "1700000002.100000"]
    seen = []
    for each in times:
        raw["event"]["event_ts"] = each
        told = msgspec.convert(raw, Callback)
        seen.append(changes.edited(known("message"), told.event).at - 1_700_000_001_000)
    assert seen == [200, 900, 999]
    raw["event"]["message"]["edited"]["ts"] = "1700000002.000000"
    raw["event"]["event_ts"] = "1700000002.050000"
    told = msgspec.convert(raw, Callback)
    assert changes.edited(known("message"), told.event).at == 1_700_000_002_050
