"""Shows when advice is used again, and that identical questions share one fan-out (MOA-24)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from core.events import ReferenceDone, ReferenceProgress, TurnEvent
from core.outcomes import Advice, CallReport, Outcome
from core.types import Line
from gateway.turn.advice_cache import BESIDES, SharedAdvice
from tests.fakes.loop import run_virtual
from tests.fakes.model import LoopClock

MINUTE = 60.0
ROOM = 2 * BESIDES + 100
"""Bytes: for two short pieces of advice, not for three."""


def advice(text: str = "words", outcome: Outcome = "ok") -> tuple[Advice, ...]:
    return (Advice(position=1, label="p:a", outcome=outcome, text=text),)


class Asking:
    """Gives `answer` after `seconds`; remembers how often it was begun and how it ended."""

    def __init__(self, answer: tuple[Advice, ...] | Exception, seconds: float = 1.0) -> None:
        self.answer = answer
        self.seconds = seconds
        self.begun = 0
        self.ended = 0
        self.cancelled = 0

    async def __call__(self, tell, note) -> tuple[Advice, ...]:
        self.begun += 1
        try:
            tell(ReferenceDone(advice=advice("early")[0]))
            await asyncio.sleep(self.seconds)
            tell(ReferenceDone(advice=advice("later")[0]))
        except asyncio.CancelledError:
            await asyncio.sleep(0.1)  # closing streams takes a moment
            self.cancelled += 1
            raise
        if isinstance(self.answer, Exception):
            raise self.answer
        self.ended += 1
        return self.answer


class Person:
    """One who asks, and what they were told."""

    def __init__(self, cache: SharedAdvice, ask: Asking, key: str = "k") -> None:
        self.cache, self.ask, self.key = cache, ask, key
        self.heard: list[str] = []

    def tell(self, event) -> None:
        self.heard.append(event.advice.text)

    def note(self, checkpoint) -> None:
        """Keep no journal."""

    async def asks(self, *, fresh: bool = False) -> tuple[Advice, ...]:
        return await self.cache.advise(self.key, self.ask, self.tell, self.note, fresh=fresh)


def play(story, **options) -> None:
    async def told() -> None:
        async with asyncio.TaskGroup() as group:
            await story(SharedAdvice(group, LoopClock(), **options))

    for seed in (None, 1, 2, 3, 4):
        run_virtual(told(), seed=seed)


def test_moa_24_a_hit_asks_nobody_and_tells_nothing():
    async def story(cache):
        ask = Asking(advice())
        first, second = Person(cache, ask), Person(cache, ask)
        assert await first.asks() == await second.asks()
        assert ask.begun == 1
        assert first.heard == ["early", "later"]
        assert second.heard == []

    play(story)


def test_half_an_emoji_in_advice_is_kept_like_any_other_text():
    """It is counted outside every turn: a failure there would end the whole gateway."""

    async def story(cache: SharedAdvice) -> None:
        ask = Asking(advice("\ud83d"))
        first = await Person(cache, ask).asks()
        assert await Person(cache, ask).asks() == first
        assert ask.begun == 1

    play(story)


def test_moa_24_another_key_is_another_question():
    async def story(cache):
        ask = Asking(advice())
        await Person(cache, ask, "one").asks()
        await Person(cache, ask, "two").asks()
        assert ask.begun == 2

    play(story)


def test_moa_24_advice_is_kept_for_a_quarter_of_an_hour():
    async def story(cache):
        ask = Asking(advice())
        await Person(cache, ask).asks()
        await asyncio.sleep(14 * MINUTE)
        await Person(cache, ask).asks()
        assert ask.begun == 1
        await asyncio.sleep(1 * MINUTE)
        await Person(cache, ask).asks()
        assert ask.begun == 2

    play(story)


def test_moa_24_what_is_kept_is_bounded_and_the_oldest_gives_way():
    async def story(cache):
        ask = Asking(advice("x" * 40))
        for key in ("one", "two", "three"):
            await Person(cache, ask, key).asks()
        await Person(cache, ask, "two").asks()
        await Person(cache, ask, "three").asks()
        assert ask.begun == 3
        await Person(cache, ask, "one").asks()
        assert ask.begun == 4
        huge = Asking(advice("x" * (ROOM + 1)))
        await Person(cache, huge, "huge").asks()
        await Person(cache, huge, "huge").asks()
        assert huge.begun == 2

    play(story, size=ROOM)


def test_p5_the_shortest_advice_takes_its_room_too():
    """10,000 turns with advice of a few words took 19 MB, and counted as nothing."""

    async def story(cache):
        ask = Asking(advice("x"))
        for number in range(4):
            await Person(cache, ask, f"{number}").asks()
        await Person(cache, ask, "3").asks()
        assert ask.begun == 4
        await Person(cache, ask, "0").asks()
        assert ask.begun == 5

    play(story, size=ROOM)


def test_p5_what_was_asked_is_not_kept_with_the_advice():
    """A request holds a whole conversation and its pictures: no bound counts those."""

    async def story(cache: SharedAdvice) -> None:
        call = CallReport(label="p:a", lines=(Line.of("user", "x" * 10_000),))
        asked = (replace(advice()[0], call=call, tried=(call,)),)
        assert await Person(cache, Asking(asked)).asks() == asked
        assert await Person(cache, Asking(asked)).asks() == advice()

    play(story, size=ROOM)


def test_p5_late_words_count_as_well():
    async def story(cache: SharedAdvice) -> None:
        late = Advice(position=2, label="p:b", outcome="late", text="x" * 100)
        ask = Asking((*advice(), late))
        await Person(cache, ask).asks()
        await Person(cache, ask).asks()
        assert ask.begun == 2

    play(story, size=ROOM)


def test_p5_a_fan_out_remembers_no_progress_for_those_who_come_later():
    async def story(cache: SharedAdvice) -> None:
        async def ask(tell, note) -> tuple[Advice, ...]:
            for words in range(1000):
                tell(ReferenceProgress(position=1, words=words))
            tell(ReferenceDone(advice=advice()[0]))
            await asyncio.sleep(5.0)
            return advice()

        def ignored(_told: object) -> None:
            """Keep no journal, and hear nothing."""

        heard: list[TurnEvent] = []
        async with asyncio.TaskGroup() as group:
            group.create_task(cache.advise("k", ask, ignored, ignored, fresh=False))
            await asyncio.sleep(1.0)
            group.create_task(cache.advise("k", ask, heard.append, ignored, fresh=False))
        assert heard == [ReferenceDone(advice=advice()[0])]

    play(story)


@pytest.mark.parametrize("outcome", ["empty", "failed", "timed_out", "late", "skipped"])
def test_moa_24_a_fan_out_with_nothing_usable_is_never_kept(outcome):
    async def story(cache):
        ask = Asking(advice("words", outcome))
        await Person(cache, ask).asks()
        await Person(cache, ask).asks()
        assert ask.begun == 2

    play(story)


def test_moa_24_retry_asks_anew_and_its_advice_is_kept_instead():
    async def story(cache):
        await Person(cache, Asking(advice("old"))).asks()
        assert await Person(cache, Asking(advice("new"))).asks(fresh=True) == advice("new")
        assert await Person(cache, Asking(advice("none"))).asks() == advice("new")

    play(story)


def test_moa_24_identical_questions_at_once_share_one_fan_out():
    async def story(cache):
        ask = Asking(advice(), 5.0)
        first, second = Person(cache, ask), Person(cache, ask)
        async with asyncio.TaskGroup() as group:
            one = group.create_task(first.asks())
            await asyncio.sleep(2.0)
            two = group.create_task(second.asks())
        assert one.result() == two.result() == advice()
        assert ask.begun == 1
        assert second.heard == ["early", "later"], "who joins late hears what was told before"

    play(story)


def test_moa_24_a_shared_fan_out_outlives_who_began_it():
    async def story(cache):
        ask = Asking(advice(), 5.0)
        first, second = Person(cache, ask), Person(cache, ask)
        async with asyncio.TaskGroup() as group:
            one = group.create_task(first.asks())
            two = group.create_task(second.asks())
            await asyncio.sleep(2.0)
            one.cancel()
        assert one.cancelled()
        assert two.result() == advice()
        assert "later" not in first.heard
        assert ask.begun == 1

    play(story)


def test_moa_11_when_the_last_one_goes_the_fan_out_is_over_before_they_are_gone():
    async def story(cache):
        ask = Asking(advice(), 5.0)
        async with asyncio.TaskGroup() as group:
            one = group.create_task(Person(cache, ask).asks())
            await asyncio.sleep(2.0)
            one.cancel()
            await asyncio.wait([one])
            assert ask.cancelled == 1
        assert await Person(cache, ask).asks() == advice()
        assert ask.begun == 2, "a fan-out that was stopped is never kept"

    play(story)


def test_moa_24_nobody_joins_a_fan_out_that_is_being_ended():
    async def story(cache):
        ask = Asking(advice(), 5.0)
        async with asyncio.TaskGroup() as group:
            one = group.create_task(Person(cache, ask).asks())
            await asyncio.sleep(2.0)
            one.cancel()
            await asyncio.sleep(0.05)
            two = group.create_task(Person(cache, ask).asks())
        assert two.result() == advice()
        assert ask.begun == 2

    play(story)


def test_moa_24_one_who_goes_before_it_began_leaves_nothing_behind():
    async def story(cache):
        ask = Asking(advice())
        async with asyncio.TaskGroup() as group:
            one = group.create_task(Person(cache, ask).asks())
            await asyncio.sleep(0)
            one.cancel()
        async with asyncio.timeout(10):
            assert await Person(cache, ask).asks() == advice()

    play(story)


def test_a_fan_out_that_breaks_ends_those_who_wait_and_nobody_else():
    async def story(cache):
        ask = Asking(RuntimeError("a bug"))
        with pytest.raises(RuntimeError, match="a bug"):
            await Person(cache, ask).asks()
        assert await Person(cache, Asking(advice())).asks() == advice()

    play(story)
