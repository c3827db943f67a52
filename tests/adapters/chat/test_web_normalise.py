"""What a browser sends becomes what a chat says; what cannot be meant is refused in words."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.chat.web.normalise import (
    TEXT_BYTES,
    Chose,
    Envelope,
    Pressed,
    Said,
    TooLong,
    chose,
    pressed,
    said,
)
from core.errors import UsageError
from core.types import Address, Author, Command, Message, Press

OWNER = Author(id="owner", name="You")
ROOM = Address(platform="web", channel="owner", thread="room-one")
HERE = Envelope(address=ROOM, author=OWNER, at=5)
WORDS = frozenset({"moa", "ask", "retry", "cost"})


def say(text):
    return said(Said(event_id="12345678", text=text), HERE, WORDS)


def test_a_text_is_a_question():
    got = say("  Why?\r\nReally? ")
    assert isinstance(got, Message)
    assert got.text == "Why?\nReally?"
    assert got.address == ROOM
    assert got.at == 5


@pytest.mark.parametrize(
    ("text", "name", "args"),
    [
        ("/moa", "moa", ""),
        ("/moa review", "moa", "review"),
        ("/ask preset:fast Why?", "ask", "preset:fast Why?"),
        ("/retry all", "retry", "all"),
        ("/cost", "cost", ""),
        ("/moa  review  thread ", "moa", "review  thread"),
    ],
)
def test_a_known_word_after_a_slash_is_a_command(text, name, args):
    got = say(text)
    assert isinstance(got, Command)
    assert (got.name, got.args) == (name, args)


@pytest.mark.parametrize("text", ["/etc/hosts is what?", "/unknown x", "/", "/Moa", "what is /moa"])
def test_any_other_slash_is_a_question(text):
    assert isinstance(say(text), Message)


@pytest.mark.parametrize("text", ["", " ", "\n\t " * 1000])
def test_nothing_is_refused(text):
    with pytest.raises(UsageError):
        say(text)


def test_too_much_is_refused_and_the_most_is_taken():
    assert isinstance(say("x" * TEXT_BYTES), Message)
    with pytest.raises(TooLong, match="256 KB"):
        say("é" * (TEXT_BYTES // 2) + "x")


def test_the_same_event_in_two_conversations_is_two_events():
    other = Envelope(
        address=Address(platform="web", channel="owner", thread="two"), author=OWNER, at=5
    )
    body = Said(event_id="12345678", text="Why?")
    assert said(body, HERE, WORDS).event_id != said(body, other, WORDS).event_id
    assert said(body, HERE, WORDS).event_id == said(body, HERE, WORDS).event_id


CHOICE = '{"event_id": "12345678", "preset": "Перевірка 審査"}'


def test_a_press_and_a_choice_of_any_name():
    press = pressed(Pressed(event_id="12345678", action="stop", turn_id="t1"), HERE)
    command = chose(msgspec.json.decode(CHOICE, type=Chose), HERE)
    assert isinstance(press, Press)
    assert (press.action, press.turn_id) == ("stop", "t1")
    assert (command.name, command.args) == ("moa", "moa/Перевірка 審査")


@given(st.text())
def test_any_text_is_said_or_refused(text):
    try:
        got = say(text)
    except UsageError:
        assert not text.strip()
    else:
        assert isinstance(got, Message | Command)
