"""What people and models write: commands, names, buttons, Markdown, files.

Each target asserts what its reader promises of any text: what is shown keeps the platform's
limits, calls nobody and is closed at every moment of its growing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, get_args

from adapters.chat.discord import handles
from adapters.chat.discord.render import CONTENT, edit_body, post_body
from adapters.chat.slack.chunks import picture
from adapters.chat.slack.manner import Manner
from adapters.chat.slack.render import whole
from adapters.chat.telegram import buttons
from adapters.chat.telegram.render import code_messages, render
from adapters.chat.telegram.styled import LIMIT as TELEGRAM_LIMIT
from adapters.chat.web import markdown as web_markdown
from adapters.tools.results import printable
from core import access, commands, filekinds, picker
from core.errors import FileUnread
from core.frames import Action, Button, Frame, Notice, Part
from core.markup import Streamed, close, gist, sanitise, settled, split, utf16
from core.presets import Catalogue, Preset, Slot
from core.speakers import spoken
from core.texts.names import LONGEST, named
from core.types import Line, Speaker
from tests import harmless_calls

LIMIT: Final = 200
CATALOGUE: Final = Catalogue(
    presets={
        name: Preset(name=name, aggregator=Slot(provider="p", model="big"))
        for name in ("review", "two words")
    },
    default="review",
)
_ACTIONS: Final = frozenset(get_args(Action))


def text_of(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def command_words(data: bytes) -> None:
    """What somebody writes after the bot's name."""
    text = text_of(data)
    words = commands.read(text, CATALOGUE)
    if words is not None:
        assert words.name
        commands.misread(words.name, words.args)
    for name in ("moa", "allow", "budget", "pair"):
        commands.misread(name, text)
    name, scope = commands.choice(text, CATALOGUE)
    assert commands.aimed(commands.aim(scope, name)) == (scope, name)
    number = commands.number_in(text)
    assert number is None or 0 <= number < 2**63
    commands.asked(text)
    commands.names_person(text)
    commands.wants_all(text)
    access.Grant.read(text, text)


def button_data(data: bytes) -> None:
    """What a button carries, as a platform brings it back: ours, or anybody's."""
    text = text_of(data)
    for found in (handles.read_custom_id(text), buttons.pressed(text)):
        if found is not None:
            assert found.action in _ACTIONS
            assert len(found.turn_id) <= 40
            picker.picked(found.value, CATALOGUE)
            picker.undone(found.value)
            commands.aimed(found.value)
    handles.Handle.of(text)
    ours = handles.read_custom_id(text)
    if ours is not None:
        action: Action = ours.action  # type: ignore[assignment] # as was just asserted
        made = Button(action=action, label="x", turn_id=ours.turn_id, value=ours.value)
        again = handles.read_custom_id(handles.custom_id(made, None))
        assert again is not None
        assert (again.action, again.turn_id) == (ours.action, ours.turn_id)


def names(data: bytes) -> None:
    """What people call themselves: one short line, and nobody else's."""
    text = text_of(data)
    shown = named(text)
    assert shown
    assert len(shown) <= LONGEST + 2
    assert len(shown.splitlines()) == 1
    printable(text)
    mine = Line(role="user", parts=(text,), speaker=Speaker(name=text, id="7"))
    (said,) = spoken((mine,))
    first = "".join(each for each in said.parts if isinstance(each, str)).splitlines()[0]
    assert first.startswith("["), first
    assert " | 7]: " in first or first.startswith("[7]: "), first


def files(data: bytes) -> None:
    """What is attached: told by its bytes alone."""
    with suppress(FileUnread):
        found = filekinds.picture(data)
        assert found is None or 0 < found.width * found.height <= filekinds.MOST_PIXELS
    filekinds.is_pdf(data)
    filekinds.begins_a_picture(data)
    for cut in (True, False):
        read = filekinds.text(data, cut=cut)
        assert read is None or "\x00" not in read


def markup(data: bytes) -> None:
    """What a model, or whoever it quotes, writes: streamed in pieces, cut, shown everywhere."""
    text = text_of(data)
    size = data[0] % 40 + 1 if data else 1
    streamed = Streamed(LIMIT, utf16, append=bool(size % 2))
    for at in range(0, len(text), max(size, len(text) // 12)):
        streamed.add(text[at : at + max(size, len(text) // 12)])
        for shown in streamed.texts():
            assert utf16(shown) <= LIMIT + 40, shown  # what closes it comes on top
    safe = sanitise(text)
    assert sanitise(safe) == safe
    gist(safe)
    settled(safe)
    for measure in (len, utf16):
        parts = split(safe, LIMIT, measure)
        assert all(part and measure(part) <= LIMIT for part in parts), parts
    for part in split(safe, LIMIT, utf16)[:3]:
        _shown_everywhere(part, close(part))
    _notices(text)


def _shown_everywhere(*texts: str) -> None:
    for text in texts:
        web_markdown.blocks(text)
        for streaming in (True, False):
            part = Part(turn_id="t", index=0, text=text, streaming=streaming)
            _sent(Frame(key="answer/0", content=part, final=not streaming))
            picture(part)


def _notices(text: str) -> None:
    code_messages(text)
    _sent(Frame(key="notice", content=Notice(text=text or "x")))


def _sent(frame: Frame) -> None:
    """Hold what each platform would be sent to its limits, and to calling nobody."""
    for platform, method, params in _calls(frame):
        wrong = list(harmless_calls.RULES[platform](method, params))
        assert not wrong, wrong


def _calls(frame: Frame) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    sent: Mapping[str, Any] = render(frame).values()
    assert 0 < utf16(sent["text"]) <= TELEGRAM_LIMIT
    assert len(sent["entities"] or ()) <= 100
    kept = {key: each for key, each in sent.items() if each is not None and key != "reply_markup"}
    yield "telegram", "sendMessage", kept
    for body in (post_body(frame, delivery_id="d"), edit_body(frame)):
        form: Mapping[str, Any] = body.json
        assert len(str(form.get("content") or "")) <= CONTENT
        yield "discord", "create_message", form
    for manner in (Manner(), Manner(bare=True, plain=True)):
        made = whole(frame, manner)
        form = {"text": made.text, "blocks": made.blocks, "markdown_text": made.markdown}
        yield "slack", "chat.postMessage", {**form, "unfurl_links": False, "unfurl_media": False}


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    "commands": command_words,
    "buttons": button_data,
    "names": names,
    "files": files,
    "markup": markup,
}

_PICTURES: Final[Sequence[bytes]] = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\0\0\0\0IEND",
    b"GIF89a\x01\0\x01\0\0\0\0;",
    b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0",
    b"\xff\xd8\xff\xc0\0\x0b\x08\0\x01\0\x01\x01\x11\0\xff\xd9",
)
SEEDS: Final[Mapping[str, tuple[bytes, ...]]] = {
    "commands": (
        b"stop",
        b"/moa review thread",
        b"ask preset:review why?",
        b"allow <@U1> 1h",
        b"9" * 5000,
    ),
    "buttons": (
        b"pick:0123abcd:here~a1B2c3",
        b"s:0123abcd:",
        b"undo:t:c:a.b",
        b"x:y:z",
        b"1/t/own",
    ),
    "names": (b"Ann", b"A\nB] | 7]: x", "דנה \u202e\u2066".encode(), b"[you]: "),
    "files": (*_PICTURES, b"%PDF-1.7", "Grüße".encode("utf-16"), b"a,b\r\n1,2\r\n"),
    "markup": (
        b"**a** `b` [c](http://d/(e)) ~~f~~ ||g||\n```py\nx\n```\n| a | b |\n|-|-|\n| 1 | 2 |",
        b"> > q\n1. a\n   - [x] b\n<!channel> @everyone <@1> ![i](j) \xf0\x9f\x91\xa8\xe2\x80\x8d",
    ),
}
