"""Shows that a session does one thing at a time, in order, and that nothing kills its lane (P3)."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from typing_extensions import override

from core.errors import ChatError, Overloaded, StoreDamaged, StoreError
from core.frames import Frame
from core.records import TurnEnd
from core.types import Address, Line
from gateway.lanes import sessions as lanes
from tests.fakes.chat import FakeChat
from tests.fakes.loop import run_virtual
from tests.fakes.memory_store import MemoryStore
from tests.fakes.model import ScriptedModel
from tests.gateway.assembled import Parts, assembled

BUG = RuntimeError("a bug")
BEGUN = "It is a long story, which begins with a train that was late. " * 3


async def until_shown(parts: Parts, text: str) -> None:
    async with asyncio.timeout(30):
        while not any(text in each for each in parts.chat.texts()):  # noqa: ASYNC110
            await asyncio.sleep(0.1)  # of virtual time


def question_of(lines: Sequence[Line]) -> str:
    return next(line.text for line in reversed(lines) if line.role == "user")


@dataclass(frozen=True)
class Arrival:
    pause: float
    room: str
    takes: float
    breaks: bool


ARRIVALS = st.lists(
    st.builds(
        Arrival,
        pause=st.sampled_from([0.0, 0.1, 1.0, 5.0]),
        room=st.sampled_from(["a", "b", "c"]),
        takes=st.sampled_from([0.0, 0.5, 3.0]),
        breaks=st.booleans(),
    ),
    max_size=12,
)


@given(arrivals=ARRIVALS, seed=st.integers(0, 1000))
def test_one_turn_at_a_time_in_each_session_and_in_order(arrivals, seed):
    script = [[each.takes, BUG if each.breaks else "Yes."] for each in arrivals] or [["Yes."]]
    model = ScriptedModel({"big": script})
    store = MemoryStore()

    async def scenario() -> None:
        async with assembled(store, model) as parts:
            for number, each in enumerate(arrivals):
                await asyncio.sleep(each.pause)
                await parts.command("alone", room=each.room)
                assert await parts.ask(f"{number}", room=each.room)
            await parts.idle()

    with capture_logs():
        run_virtual(scenario(), seed=seed)
    asked: dict[str, list[str]] = defaultdict(list)
    for number, each in enumerate(arrivals):
        asked[each.room].append(f"{number}")
    room_of = {number: room for room, numbers in asked.items() for number in numbers}
    made: dict[str, list[tuple[float, float, str]]] = defaultdict(list)
    for call in model.of("big"):
        question = question_of(call.call.lines)
        assert call.ended is not None
        made[room_of[question]].append((call.started, call.ended, question))
    for room, calls in made.items():
        assert [question for _, _, question in calls] == asked[room]
        for (_, ended, _), (started, _, _) in pairwise(calls):
            assert started >= ended
    assert made.keys() == asked.keys()


async def ended(parts: Parts, room: str = "room"):
    return list(await parts.store.turns(Address(platform="fake", channel=room).session))


def test_a_turn_that_breaks_is_told_with_an_id_that_is_logged_and_the_next_one_runs():
    model = ScriptedModel({"big": [["I begin ", BUG], ["Yes."]]})
    store = MemoryStore()

    async def scenario() -> FakeChat:
        async with assembled(store, model) as parts:
            await parts.ask("One?")
            await parts.ask("Two?")
            await parts.idle()
            first, second = await ended(parts)
            assert (first.state, second.state) == ("delivered", "delivered")
            assert first.end is not None
            assert first.end.ending == "failed"
            assert first.end.answer == "I begin "
            assert second.end is not None
            assert second.end.answer == "Yes."
            return parts.chat

    with capture_logs() as logs:
        chat = run_virtual(scenario())
    failed = [each for each in logs if each["event"] == "turn_failed"]
    assert len(failed) == 1
    assert any(failed[0]["turn_id"] in text for text in chat.texts())


class Slow(MemoryStore):
    """Stores the first end of a turn later than it was asked to; cannot note a message meanwhile.

    As a thread that writes does: what it was given is done, though nobody waits for it any more.
    """

    def __init__(self) -> None:
        super().__init__()
        self._ending = asyncio.Event()
        self._left: list[TurnEnd] = []

    @override
    async def finish(self, end: TurnEnd) -> None:
        if not self._ending.is_set():
            self._left.append(end)
            self._ending.set()
            await asyncio.Event().wait()
        await super().finish(self._left.pop() if self._left else end)
        await super().finish(end)

    @override
    async def posted(self, turn_id: str, key: str, message_id: str, *, shown: str = "") -> None:
        if not self._ending.is_set():
            await self._ending.wait()
            raise StoreError("the disk fails")
        await super().posted(turn_id, key, message_id, shown=shown)


def test_an_answer_that_was_being_stored_when_its_turn_broke_is_shown():
    async def scenario() -> list[str]:
        store = Slow()
        async with assembled(store, ScriptedModel({"big": [[BEGUN, 5.0, "It is so."]]})) as parts:
            await parts.command("alone")
            await parts.ask("Why?")
            await parts.idle()
            (turn,) = await ended(parts)
            assert turn.end is not None
            assert (turn.state, turn.end.ending) == ("delivered", "finished")
            return list(parts.chat.texts())

    with capture_logs() as logs:
        texts = run_virtual(scenario())
    assert "exchange_failed" in {each["event"] for each in logs}
    assert not any("Something went wrong" in each for each in texts)
    assert sum("It is so." in each for each in texts) == 1


class Forgetful(MemoryStore):
    """Cannot read the history of its first question."""

    failures = 1

    @override
    async def lines(self, session: str, *, upto: int | None = None):
        if self.failures:
            self.failures -= 1
            raise StoreDamaged("a line cannot be read")
        return await super().lines(session, upto=upto)


def test_a_question_that_cannot_even_begin_is_told_and_not_tried_for_ever():
    store = Forgetful()

    async def scenario() -> list[str]:
        async with assembled(store, ScriptedModel()) as parts:
            await parts.ask("One?")
            await parts.ask("Two?")
            await parts.idle()
            assert await store.waiting() == []
            return list(parts.chat.texts())

    with capture_logs() as logs:
        texts = run_virtual(scenario())
    told = [text for text in texts if "Something went wrong" in text]
    assert len(told) == 1
    (logged,) = [each for each in logs if each["event"] == "exchange_failed"]
    assert logged["turn_id"] in told[0]
    assert any("I am big." in text for text in texts)


class Broken(FakeChat):
    """Breaks with an error of no kind that anybody expects, once."""

    failures = 1

    @override
    async def post(self, address, frame: Frame, *, delivery_id: str, reply_to=None) -> str:
        if self.failures:
            self.failures -= 1
            raise KeyError("a bug of the adapter")
        return await super().post(address, frame, delivery_id=delivery_id)


def test_a_bug_in_an_adapter_ends_the_turn_and_not_the_lane():
    store = MemoryStore()

    async def scenario() -> FakeChat:
        async with assembled(store, ScriptedModel(), chat=Broken()) as parts:
            await parts.ask("One?")
            await parts.ask("Two?")
            await parts.idle()
            assert [each.end and each.end.ending for each in await ended(parts)] == [
                "failed",
                "finished",
            ]
            return parts.chat

    with capture_logs():
        chat = run_virtual(scenario())
    assert any("I am big." in text for text in chat.texts())


class Hopeless(FakeChat):
    """Breaks every time."""

    @override
    async def post(self, address, frame: Frame, *, delivery_id: str, reply_to=None) -> str:
        raise KeyError("a bug of the adapter")


def test_an_adapter_that_always_breaks_kills_no_lane_and_leaves_no_turn_running():
    store = MemoryStore()

    async def scenario() -> None:
        async with assembled(store, ScriptedModel(), chat=Hopeless()) as parts:
            await parts.ask("One?")
            await parts.ask("Two?")
            await parts.idle()
            assert [each.state for each in await ended(parts)] == ["answered", "answered"]

    with capture_logs():
        run_virtual(scenario())


def test_a_removed_turn_is_stopped_and_never_shown_again():
    model = ScriptedModel({"big": [[BEGUN, 60.0, "never said"], ["Yes."]]})
    store = MemoryStore()

    async def scenario() -> None:
        async with assembled(store, model) as parts:
            await parts.ask("One?")
            await parts.ask("Two?")
            await until_shown(parts, "It is")
            (turn,) = await ended(parts)
            await parts.press("remove", turn.start.turn_id)
            await parts.idle()
            assert not any("It is" in text for text in parts.chat.texts())
            assert [each.start.question.text for each in await ended(parts)] == ["Two?"]
            assert [line.text for _, line in await store.lines("fake/room")] == ["Two?", "Yes."]
            assert await store.unfinished() == []

    run_virtual(scenario())
    assert model.of("big")[0].ending == "closed"


def test_a_retry_that_is_pressed_twice_asks_once_more():
    model = ScriptedModel({"big": [["No."], ["Yes."], ["Again."]]})
    store = MemoryStore()

    async def scenario() -> None:
        async with assembled(store, model) as parts:
            await parts.ask("One?")
            await parts.idle()
            (turn,) = await ended(parts)
            await parts.press("retry", turn.start.turn_id)
            await parts.press("retry", turn.start.turn_id)
            await parts.idle()
            (again,) = await ended(parts)
            assert again.end is not None
            assert again.end.answer == "Yes."
            assert await store.waiting() == []

    run_virtual(scenario())
    assert len(model.of("a")) == 2  # a retry asks the advisors anew


def test_another_conversation_cannot_stop_or_remove_a_turn():
    model = ScriptedModel({"big": [[BEGUN, 5.0, "The end."]]})
    store = MemoryStore()

    async def scenario() -> None:
        async with assembled(store, model) as parts:
            await parts.ask("One?")
            await until_shown(parts, "It is")
            (turn,) = await ended(parts)
            await parts.press("stop", turn.start.turn_id, room="other")
            await parts.press("remove", turn.start.turn_id, room="other")
            await parts.idle()
            (turn,) = await ended(parts)
            assert turn.end is not None
            assert (turn.end.ending, turn.end.answer) == ("finished", f"{BEGUN}The end.")

    run_virtual(scenario())


def test_too_many_waiting_messages_are_refused_before_they_are_stored(monkeypatch):
    monkeypatch.setattr(lanes, "MOST_IN_LANE", 3)
    model = ScriptedModel({"big": [[60.0, "Yes."]]})
    store = MemoryStore()

    async def scenario() -> None:
        async with assembled(store, model) as parts:
            for number in range(4):
                await parts.ask(f"{number}?")
            with pytest.raises(Overloaded, match="wait for an answer already"):
                await parts.ask("One more?", event_id="late")
            await parts.ask("Elsewhere?", room="other")
            await parts.idle()
            assert await parts.ask("One more?", event_id="late")
            await parts.idle()
            assert len(await ended(parts)) == 5

    run_virtual(scenario())


def test_what_a_chat_refuses_for_good_stays_to_be_delivered_at_the_next_start():
    store = MemoryStore()
    stubborn = FakeChat()
    stubborn.fail("room", *[ChatError("no")] * 40)

    async def scenario() -> None:
        async with assembled(store, ScriptedModel(), chat=stubborn) as parts:
            await parts.ask("One?")
            await parts.idle()
            assert [turn.state for turn in await store.unfinished()] == ["answered"]
        async with assembled(store, ScriptedModel()) as parts:
            await parts.recover()
            await parts.idle()
            assert any("I am big." in text for text in parts.chat.texts())
        assert await store.unfinished() == []

    with capture_logs():
        run_virtual(scenario())


@pytest.mark.parametrize(
    ("chat", "pace"),
    [
        ({"pace": 0.08}, 0.088),  # a page that is drawn twelve times a second
        ({"pace": 3.1}, 0.275),  # a group of Telegram's
        ({"pace": 1.1, "preview": 0.2}, 0.22),
    ],
)
def test_models_are_read_as_often_as_the_chat_is_shown_what_they_say(chat, pace):
    model = ScriptedModel({"a": [["Yes."]], "b": [["No."]], "big": [["Perhaps."]]})

    async def scenario() -> None:
        async with assembled(MemoryStore(), model, chat=FakeChat(**chat)) as parts:
            await parts.ask("Well?")
            await parts.idle()

    run_virtual(scenario())
    read = {made.call.slot.model: made.call.pace for made in model.made}
    assert read == {"a": 0.25, "b": 0.25, "big": pytest.approx(pace)}
