"""Every chat adapter found keeps the promises of `core.ports.ChatAdapter`, whatever it is sent.

Here: those without a platform behind them, and what holds of the code of all. What the others do
at their platform, with the real client library, stands in `tests/contracts/chats`.
"""

from __future__ import annotations

import asyncio
import inspect
import io
import pkgutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

import adapters.chat
from adapters.chat.console.adapter import ConsoleChat
from adapters.chat.console.screen import PlainScreen
from adapters.chat.web.adapter import WebChat, WebParts
from adapters.chat.web.events import event
from adapters.chat.web.status import Status
from adapters.files import Shelf
from core.errors import ChatError, StoreFull
from core.frames import Frame, Notice, Part
from core.ports import ChatAdapter
from core.types import Address, Author, Incoming, Message
from tests.contracts.chats.frames import HOSTILE, contents
from tests.contracts.chats.opening import STANDS, opened
from tests.fakes.chat import FakeChat
from tests.fakes.clock import FakeClock
from tests.fakes.memory_store import MemoryStore

METHODS = ("run", "acknowledge", "post", "preview", "find", "whisper", "edit", "delete")


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
            shelf=Shelf(Path("nowhere")),
        )
    )


LOCAL: dict[str, Callable[[], ChatAdapter]] = {"console": console, "fake": FakeChat, "web": web}


def seen(chat: ChatAdapter, address: Address) -> None:
    """Let somebody look: the web renders a message only then."""
    if isinstance(chat, WebChat):
        for shown in chat.rooms.look(address.session).shown.values():
            assert event(shown)


@pytest.fixture(params=sorted(LOCAL))
def chat(request: pytest.FixtureRequest) -> ChatAdapter:
    return LOCAL[request.param]()


@pytest.fixture
def address(chat: ChatAdapter) -> Address:
    return Address(platform=chat.platform, channel="a/b c", thread="ü")


def test_every_adapter_that_is_found_is_held_to_this():
    found = {each.name for each in pkgutil.iter_modules(adapters.chat.__path__)}
    missing = found - LOCAL.keys() - STANDS.keys()
    assert not missing, f"make a stand for {sorted(missing)} in tests/contracts/chats/opening.py"


@pytest.mark.parametrize("platform", sorted(STANDS))
async def test_at_a_platform_it_fits_the_port_too(platform):
    async with opened(platform, run=False) as stand:
        fits(stand.chat, Address(platform=platform, channel="-1", thread="2"))
        assert isinstance(stand.chat.hooks, Mapping)  # type: ignore[attr-defined]


def test_its_members_are_the_port_s_and_its_capabilities_make_sense(chat, address):
    fits(chat, address)


def fits(chat: ChatAdapter, address: Address) -> None:
    for name in METHODS:
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
