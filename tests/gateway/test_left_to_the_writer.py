"""Shows that whoever goes on where another was cut, or reads beside it, knows what is written (P1).

The store's writer does what it was given, though nobody waits for it any more, and what is read may
be older than what is at work by then. The stores here do that at length.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import count

from structlog.testing import capture_logs
from typing_extensions import override

from core.errors import StoreError
from core.records import Accepted, Kept, TurnEnd, TurnStart
from core.storage.aside import Why
from core.types import Line
from tests.fakes.chat import FakeChat
from tests.fakes.loop import run_virtual
from tests.fakes.memory_store import MemoryStore
from tests.gateway.guarded import Scene, guarded
from tests.gateway.test_while_running import SLOW, STEERS, TALKS, history, questions

WRONG = "Something went wrong"


class Ends(MemoryStore):
    """Stores the first end of a turn, whose caller never hears of it; then a disk fails once."""

    def __init__(self) -> None:
        super().__init__()
        self._ended = asyncio.Event()

    @override
    async def finish(self, end: TurnEnd) -> None:
        await super().finish(end)
        if not self._ended.is_set():
            self._ended.set()
            await asyncio.Event().wait()

    @override
    async def posted(self, turn_id: str, key: str, message_id: str, *, shown: str = "") -> None:
        if not self._ended.is_set():
            await self._ended.wait()
            raise StoreError("the disk fails")
        await super().posted(turn_id, key, message_id, shown=shown)


def test_an_answer_that_is_stored_already_when_its_turn_breaks_is_shown():
    """Half of it stood there until the next start."""

    async def scenario() -> None:
        async with guarded(TALKS, store=Ends()) as scene:
            await scene.say("Why?")
            await scene.idle()
            assert sum("The end." in each for each in scene.chat.texts()) == 1
            assert WRONG not in str(scene.chat.texts())
            assert await scene.parts.store.unfinished() == []

    with capture_logs() as logs:
        run_virtual(scenario())
    assert "exchange_failed" in {each["event"] for each in logs}


class Steers(MemoryStore):
    """Keeps what is steered, and says so late."""

    steering = False

    @override
    async def steer(
        self, turn_id: str, iteration: int, said: Sequence[tuple[int, Line]]
    ) -> Sequence[int]:
        done = await super().steer(turn_id, iteration, said)
        self.steering = True
        await asyncio.sleep(5)
        return done


def test_what_was_just_put_into_a_turn_that_is_stopped_is_asked_by_itself():
    """It was the turn's in the store, and the turn had not heard of it: it was lost."""
    store = Steers()

    async def scenario() -> None:
        async with guarded(SLOW, more=STEERS, store=store) as scene:
            await scene.say("How do I get there?")
            await scene.until(lambda: scene.model.of("a"))
            await scene.say("Not by car.")
            await scene.until(lambda: store.steering)
            await scene.press("stop", await scene.last_turn())
            await scene.idle()
            assert await history(scene) == ["How do I get there?", "Not by car.", "Yes."]
            assert await store.waiting() == []

    run_virtual(scenario())


class Reads(MemoryStore):
    """A turn takes a second to begin, and a message to be read, where `late` is set."""

    late = 0

    @override
    async def begin(self, start: TurnStart) -> None:
        await asyncio.sleep(1)
        await super().begin(start)

    @override
    async def kept(self, platform: str, event_id: str) -> Kept | None:
        found = await super().kept(platform, event_id)
        self.late -= 1
        if self.late == 0:
            await asyncio.sleep(1)
        return found


def test_a_question_is_not_answered_that_is_deleted_while_its_turn_is_written_down():
    """It was read as waiting, and its turn ran by then."""
    store = Reads()

    async def scenario() -> None:
        async with guarded(SLOW, store=store) as scene:
            asked = await scene.say("How do I get to Dover?") or ""
            await asyncio.sleep(0.5)
            store.late = 2  # whether it concerns us is asked first
            await scene.delete(asked)
            await scene.idle()
            assert scene.chat.texts() == []
            assert "Dover" not in str(vars(store))

    run_virtual(scenario())


class Takes(MemoryStore):
    """Where `late` is set, it takes a second to read what waits again of a turn."""

    late = False

    @override
    async def accepted(self, seq: int) -> Accepted | None:
        found = await super().accepted(seq)
        if self.late:
            await asyncio.sleep(1)
        return found


async def joined(scene: Scene, store: Takes) -> None:
    """Say one more thing right behind a question, which changes while its turn is taken back."""
    first = await scene.say("See this:", at=1_000) or ""
    await scene.until(lambda: scene.model.of("a"))
    store.late = True
    async with asyncio.TaskGroup() as group:
        group.create_task(scene.say("Is it right?", at=1_400))
        await asyncio.sleep(0.5)
        await scene.edit(first, "See that:")
    store.late = False
    await scene.idle()


def test_a_change_is_asked_that_comes_while_more_joins_its_question():
    """It was forgotten: the turn was taken back twice, and the change was made by neither."""
    store = Takes()

    async def scenario() -> None:
        async with guarded(SLOW, store=store) as scene:
            await joined(scene, store)
            assert await history(scene) == ["See that:\nIs it right?", "Yes."]
            assert questions(scene) == [["See that:\nIs it right?"]]
            assert await store.waiting() == []

    run_virtual(scenario())


class Scrubs(MemoryStore):
    """Cannot write anew, once, what a lane has taken out."""

    broken = False

    @override
    async def scrub(self, *, whole: bool) -> None:
        task = asyncio.current_task()
        if task is not None and task.get_name().startswith("lane ") and not self.broken:
            self.broken = True
            raise StoreError("the disk is full")


def test_a_changed_question_is_asked_though_its_first_words_cannot_be_wiped():
    """It was told to have failed, and was not asked."""
    store = Scrubs()

    async def scenario() -> None:
        async with guarded(SLOW, store=store) as scene:
            asked = await scene.say("How do I get there?") or ""
            await scene.until(lambda: scene.model.of("a"))
            await scene.edit(asked, "How do I get to Dover?")
            await scene.idle()
            assert store.broken
            assert await history(scene) == ["How do I get to Dover?", "Yes."]
            assert WRONG not in str(scene.chat.texts())

    with capture_logs() as logs:
        run_virtual(scenario())
    assert "exchange_failed" in {each["event"] for each in logs}


class Breaks(MemoryStore):
    """Has whoever deletes a message of a turn break, once that is taken back."""

    chat: FakeChat

    @override
    async def withdraw(
        self, turn_id: str, *, changed: Accepted | None = None, by: int | None = None
    ) -> Sequence[int]:
        done = await super().withdraw(turn_id, changed=changed, by=by)
        self.chat.undeletable.append(RuntimeError("a bug"))
        return done


def test_nothing_stays_of_a_turn_that_was_taken_back_and_breaks_then():
    """What of it stood in the chat stayed, and so did its texts until the next start."""
    store = Breaks()

    async def scenario() -> None:
        async with guarded(SLOW, store=store) as scene:
            store.chat = scene.chat
            asked = await scene.say("How do I get there?") or ""
            await scene.until(lambda: scene.chat.messages)
            await scene.edit(asked, "How do I get to Dover?")
            await scene.idle()
            assert await history(scene) == ["How do I get to Dover?", "Yes."]
            assert len(scene.chat.messages) == 2  # one panel, one answer
            assert await store.unfinished() == []

    with capture_logs() as logs:
        run_virtual(scenario())
    assert "exchange_failed" in {each["event"] for each in logs}


class PutsAside(MemoryStore):
    """Takes a second to put a message aside."""

    putting = False

    @override
    async def put_aside(self, seq: int, why: Why) -> None:
        self.putting = True
        await asyncio.sleep(1)
        await super().put_aside(seq, why)


def test_what_came_late_is_put_aside_though_whoever_offered_it_first_was_cut():
    """It waited for the next start: it was taken for one that was here before."""
    store = PutsAside()

    async def scenario() -> None:
        async with guarded(store=store) as scene:
            await asyncio.sleep(3 * 3600)
            async with asyncio.TaskGroup() as group:
                offered = group.create_task(scene.say("By car?", at=1))
                await scene.until(lambda: store.putting)
                offered.cancel()
                await asyncio.wait([offered])
                scene.numbers = count(1)
                await scene.say("By car?", at=1)
            await scene.until(lambda: "while I was away" in str(scene.chat.texts()))
            assert await store.waiting() == []
            assert len(await store.aside("late")) == 1

    run_virtual(scenario())
