"""Shows that a platform which cannot be reached holds up no start, and its notes go once it can."""

from __future__ import annotations

import asyncio

import pytest
from typing_extensions import override

from core.errors import ChatAway, ChatBusy, ChatError, ChatUnknown
from core.frames import Frame, Notice
from core.types import Address, Message
from gateway.delivery import delivery_id
from tests.fakes.chat import FakeChat
from tests.fakes.loop import run_virtual
from tests.fakes.memory_store import MemoryStore
from tests.gateway.guarded import ANN, guarded
from tests.gateway.test_while_running import SLOW


class Away(FakeChat):
    """It answers no search, or refuses it, until it is back."""

    def __init__(self, error: ChatError | None) -> None:
        super().__init__(platform="away", tells=True)
        self.back = asyncio.Event()
        self._error = error

    @override
    async def find(self, *args, **named):
        if not self.back.is_set():
            if self._error is not None:
                raise self._error
            await asyncio.Event().wait()
        return await super().find(*args, **named)


class Stuck(FakeChat):
    """One of its chats can never be searched."""

    @override
    async def find(self, address: Address, *args, **named):
        if address.channel == "G1":
            raise ChatError("Slack refused it: invalid_arguments")
        return await super().find(address, *args, **named)


class Busy(FakeChat):
    """It takes no note for now, and could not say whether one stands."""

    refused = 0

    @override
    async def post(self, address: Address, frame: Frame, *args, **named):
        if frame.key == "notice":
            self.refused += 1
            raise ChatBusy("429", retry_after=30)
        return await super().post(address, frame, *args, **named)


async def left(
    store: MemoryStore, chat: FakeChat, *, posted: bool = True, channel: str = "G1"
) -> str:
    """Leave a note of a question that waits no more, of which nobody knows whether it stands."""
    where = Address(platform=chat.platform, channel=channel)
    event = f"e/{chat.platform}/{channel}"
    said = Message(event_id=event, address=where, author=ANN, text="Why?", at=1)
    accepted = await store.accept(said)
    assert accepted is not None
    await store.drop(accepted.seq, "done")
    name = f"line/{accepted.seq}"
    await store.attempting(name, "notice")
    if posted:
        frame = Frame(key="notice", content=Notice(text="2 are answered before this."))
        chat._stand(f"note of {chat.platform}, {channel}", frame, delivery_id(name, "notice"))
    return name


@pytest.mark.parametrize("error", [None, ChatAway("nowhere")], ids=["silent", "refused"])
def test_a_platform_that_is_away_delays_no_start_and_its_notes_go_when_it_is_back(error):
    store = MemoryStore()

    async def scenario() -> None:
        here, away = FakeChat(tells=True), Away(error)
        async with guarded(store=store, chat=here) as scene:
            line, noted = scene.parts.gateway.line, scene.parts.gateway.exchange.places.guarded
            line._chats = {**line._chats, "away": away}
            for chat in (away, here):
                await left(store, chat)
            async with asyncio.timeout(1):
                await line.recall(noted)
            await scene.until(lambda: here.deleted)
            assert not away.deleted
            await asyncio.sleep(120)
            assert not away.deleted
            away.back.set()
            await scene.until(lambda: away.deleted)
            await scene.until(lambda: not line._tasks)
            assert await store.line_notes() == []

    run_virtual(scenario())


def test_a_note_that_never_came_is_forgotten_and_one_that_nobody_can_tell_of_as_well():
    store = MemoryStore()

    async def scenario() -> None:
        here, away = FakeChat(tells=True), Away(ChatUnknown("it cannot tell"))
        async with guarded(store=store, chat=here) as scene:
            line, noted = scene.parts.gateway.line, scene.parts.gateway.exchange.places.guarded
            line._chats = {**line._chats, "away": away}
            await left(store, away)
            await left(store, here, posted=False)
            await line.recall(noted)
            await scene.until(lambda: not line._tasks)
            assert await store.line_notes() == []
            assert not [each for each in here.log if each.op == "post"]

    run_virtual(scenario())


def test_a_chat_that_can_never_be_searched_keeps_no_other_chat_s_note_standing():
    store = MemoryStore()

    async def scenario() -> None:
        here = Stuck(tells=True)
        async with guarded(store=store, chat=here) as scene:
            for channel in ("G1", "G2", "G3"):
                await left(store, here, channel=channel)
            line, noted = scene.parts.gateway.line, scene.parts.gateway.exchange.places.guarded
            await line.recall(noted)
            await scene.until(lambda: len(here.deleted) == 2)
            assert [each.turn_id for each in await store.line_notes()] == ["line/1"]

    run_virtual(scenario())


def test_a_note_that_was_put_off_and_cut_then_is_posted_by_the_next_start():
    """It was taken for one that perhaps stands there, which is never posted again."""
    store, there = MemoryStore(), FakeChat()

    async def before() -> None:
        chat = Busy()
        async with guarded(SLOW, store=store, chat=chat) as scene:
            await scene.say("One?")
            await scene.until(lambda: scene.model.of("a"))
            await scene.say("Two?")
            await scene.until(lambda: chat.refused)

    async def after() -> None:
        async with guarded(SLOW, store=store, chat=there) as scene:
            await scene.parts.recover()
            await scene.until(lambda: "answered before this" in str(there.texts()))
            await scene.idle()
            assert "answered before this" not in str(there.texts())

    run_virtual(before())
    run_virtual(after())
