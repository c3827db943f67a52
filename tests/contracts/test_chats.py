"""Every chat adapter found keeps the promises of `core.ports.ChatAdapter`, whatever it is sent."""

from __future__ import annotations

import asyncio
import inspect
import io
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from typing import get_args

import pytest

import adapters.chat
from adapters.chat.console.adapter import ConsoleChat
from adapters.chat.console.screen import PlainScreen
from adapters.chat.web.adapter import WebChat, WebParts
from adapters.chat.web.events import event
from adapters.chat.web.status import Status
from core.errors import ChatError, StoreFull
from core.frames import Content, Footer, Frame, Notice, Panel, Part, Row, RowState
from core.ports import ChatAdapter
from core.types import Address, Author, Incoming, Message, Usage
from tests.fakes.chat import FakeChat
from tests.fakes.clock import FakeClock
from tests.fakes.memory_store import MemoryStore

HOSTILE = (
    "plain",
    "\x1b]0;x\x07\x00",
    "<script>x</script><img src=x onerror=y>",
    "x" * 9000,
    "\u202eabc שלום",
    "👩‍👩‍👧 \ud800",
    "```\n[x](javascript:y) @everyone",
)


def console() -> ChatAdapter:
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2)]
    return ConsoleChat(PlainScreen(*streams))


def web() -> ChatAdapter:
    async def preset_of(_address: Address, _author: Author) -> str:
        return "review"

    return WebChat(
        WebParts(
            records=MemoryStore(),
            frames_of=lambda _turn: (),
            preset_of=preset_of,
            status=lambda: Status(ready=True, default_preset="review"),
            clock=FakeClock(),
        )
    )


DRIVERS: dict[str, Callable[[], ChatAdapter]] = {"console": console, "fake": FakeChat, "web": web}


def contents(text: str) -> Iterator[Content]:
    states = [each for arg in get_args(RowState) for each in (get_args(arg) or (arg,))]
    rows = tuple(
        Row(position=n, label=text, role=text, state=state, reason=text, gist=text, text=text)
        for n, state in enumerate(states, 1)
    )
    footer = Footer(
        preset=text,
        used=1,
        asked=2,
        usage=Usage(input=3, output=4, estimated=True),
        dollars=Decimal("0.01"),
        priced=False,
        seconds=1.5,
        notes=(text,),
    )
    yield Panel(turn_id="t", preset=text, rows=rows)
    yield Panel(turn_id="t", preset=text, rows=rows, settled=True, round=2)
    yield Part(turn_id="t", index=0, text=text, streaming=True)
    yield Part(turn_id="t", index=0, text=text, error=text, footer=footer)
    yield Notice(text=text)


def seen(chat: ChatAdapter, address: Address) -> None:
    """Let somebody look: the web renders a message only then."""
    if isinstance(chat, WebChat):
        for shown in chat.rooms.look(address.session).shown.values():
            assert event(shown)


@pytest.fixture(params=sorted(DRIVERS))
def chat(request: pytest.FixtureRequest) -> ChatAdapter:
    return DRIVERS[request.param]()


@pytest.fixture
def address(chat: ChatAdapter) -> Address:
    return Address(platform=chat.platform, channel="a/b c", thread="ü")


def test_every_adapter_that_is_found_is_held_to_this():
    found = {each.name for each in pkgutil.iter_modules(adapters.chat.__path__)}
    missing = found - DRIVERS.keys()
    assert not missing, f"say in DRIVERS how to make {sorted(missing)}, and this file tests them"


def test_its_members_are_the_port_s_and_its_capabilities_make_sense(chat, address):
    for name in ("run", "acknowledge", "post", "edit", "delete"):
        wanted = list(inspect.signature(getattr(ChatAdapter, name)).parameters)[1:]
        assert list(inspect.signature(getattr(chat, name)).parameters) == wanted
    can = chat.capabilities(address)
    assert can.limit > 0
    assert can.pace >= 0
    assert can.opening >= 1
    assert can.unit in {"characters", "utf16"}
    assert Address.of(address.session) == address


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
async def test_everything_can_be_posted_edited_twice_and_deleted_twice(chat, address, text):
    for number, content in enumerate(contents(text)):
        frame = Frame(key=f"answer/{number}", content=content, final=True)
        message_id = await chat.post(address, frame, delivery_id=f"d{number}")
        assert message_id
        seen(chat, address)
        await chat.edit(address, message_id, frame)
        await chat.edit(address, message_id, frame)
        seen(chat, address)
        await chat.delete(address, message_id)
        await chat.delete(address, message_id)


async def test_a_message_that_nobody_posted_is_at_most_an_error_of_the_chat(chat, address):
    frame = Frame(key="answer/0", content=Notice(text="hi"))
    with suppress(ChatError):
        await chat.edit(address, "nobody/knows", frame)
    assert await chat.post(address, frame, delivery_id="d")


async def test_what_may_be_posted_again_is_the_same_message_again(chat, address):
    frame = Frame(key="answer/0", content=Part(turn_id="t", index=0, text="hi"), final=True)
    first = await chat.post(address, frame, delivery_id="d")
    again = await chat.post(address, frame, delivery_id="d")
    assert first == again or not chat.capabilities(address).repeatable


async def test_it_never_answers_itself_and_ends_at_once_when_cancelled(chat, address):
    heard: list[Incoming] = []

    async def intake(incoming: Incoming) -> bool:
        heard.append(incoming)
        return True

    async with asyncio.TaskGroup() as group:
        running = group.create_task(chat.run(intake))
        await asyncio.sleep(0)
        for number, content in enumerate(contents("hi")):
            frame = Frame(key=f"answer/{number}", content=content)
            await chat.post(address, frame, delivery_id=f"d{number}")
        running.cancel()
    assert running.cancelled()
    assert heard == []


@pytest.mark.parametrize("made", [console, web])
async def test_whoever_sends_what_cannot_be_stored_hears_of_it(made):
    chat = made()
    message = Message(
        event_id="e",
        address=Address(platform=chat.platform, channel="c"),
        author=Author(id="u", name="U"),
        text="hi",
        at=1,
    )

    async def full(_incoming: Incoming) -> bool:
        raise StoreFull("The disk is full.")

    async with asyncio.TaskGroup() as group:
        running = group.create_task(chat.run(full))
        await asyncio.sleep(0)
        with pytest.raises(StoreFull):
            await chat.take_in(message)
        running.cancel()
    assert running.cancelled()
