"""The fan-out: asks every reference at once and gathers what became of each (MOA-8 to 12).

Decides order, quorum, grace and outcomes. It never shows anything and never stores anything: it
tells listeners, and notes each outcome for whoever pays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing, suppress

from core.advisor import Advisor, seated
from core.asking import World
from core.errors import ModelError, ModelStalled
from core.events import (
    Landed,
    Note,
    ReferenceDone,
    ReferenceProgress,
    ReferencesDone,
    ReferenceStarted,
    RoundClosed,
    Tell,
)
from core.outcomes import Advice, Outcome
from core.presets import Preset, ReferenceSlot
from core.quorum import Quorum, quorum_for
from core.types import Line

IN_FLIGHT = 8
"""Calls of one fan-out that may be under way at once (MOA-8)."""


class FanOut:
    """One fan-out. Several turns may share it: its calls count seconds by the clock itself.

    `kept` are outcomes that a cut turn had checkpointed: those are not asked again (P4).
    """

    def __init__(
        self,
        preset: Preset,
        view: Sequence[Line],
        *,
        world: World,
        kept: Sequence[Advice] = (),
    ) -> None:
        """Decide who is asked what; nothing is sent yet."""
        self._preset = preset
        self._world = world
        self._began = 0.0
        self._kept = kept
        self._done: dict[int, Advice] = {each.position: each for each in kept}
        self._asks: dict[int, Advisor] = {}
        self._landings: asyncio.Queue[tuple[Advice, float]] = asyncio.Queue()
        self._permits = asyncio.Semaphore(IN_FLIGHT)
        for position, slot in enumerate(preset.active, 1):
            if position not in self._done:
                self._plan(position, slot, view)

    async def run(self, tell: Tell, note: Note, *, round_: int = 1) -> tuple[Advice, ...]:
        """Ask everybody and return when no more is awaited; the slower ones are cut off.

        Cancelling it cancels every call; the round's last note says how far each had come.
        """
        self._began = self._world.clock.monotonic()
        self._reserve()
        rest = [advice for advice in self._done.values() if advice not in self._kept]
        for advice in self._done.values():
            tell(ReferenceDone(advice=advice))
        unfinished: Outcome = "cancelled"
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._ask(ask, tell, round_), name=f"reference {at}")
                    for at, ask in self._asks.items()
                ]
                rest += await self._gather(self._quorum(), tell, note, round_)
                for task in tasks:
                    task.cancel()
            unfinished = "late"
        finally:
            open_ = [ask for at, ask in self._asks.items() if at not in self._done]
            rest += [self._land(ask.advice(unfinished), tell) for ask in open_]
            note(RoundClosed(round=round_, rest=tuple(rest)))
        everybody = tuple(advice for _, advice in sorted(self._done.items()))
        tell(ReferencesDone(advice=everybody))
        return everybody

    def _plan(self, position: int, slot: ReferenceSlot, view: Sequence[Line]) -> None:
        planned = seated(position, slot, view, world=self._world, preset=self._preset)
        if isinstance(planned, Advice):
            self._done[position] = planned
        else:
            self._asks[position] = planned

    def _reserve(self) -> None:
        """Reserve what all of them may cost; whom a budget has no room for is not asked."""
        for position, advisor in list(self._asks.items()):
            if not advisor.reserve(self._preset):
                self._done[position] = advisor.advice("skipped", "budget")
                del self._asks[position]

    def _quorum(self) -> Quorum:
        known = [each for each in self._kept if each.outcome != "skipped"]
        positions = sorted({*self._asks, *(each.position for each in known)})
        slots = {at: self._preset.active[at - 1] for at in positions}
        quorum = quorum_for(self._preset, slots, self._world.providers)
        for each in known:
            quorum.landed(each.position, usable=each.outcome == "ok", at=0.0)
        return quorum

    async def _gather(
        self, quorum: Quorum, tell: Tell, note: Note, round_: int
    ) -> Sequence[Advice]:
        """Take what lands, as long as more is awaited, and then what is there already.

        Whoever lands last is given back: the note that closes the round is made at once.
        """
        last: list[Advice] = []

        def take(advice: Advice, at: float) -> None:
            quorum.landed(advice.position, usable=advice.outcome == "ok", at=at)
            advice = self._land(advice, tell)
            if quorum.waiting:
                note(Landed(round=round_, advice=advice))
            else:
                last.append(advice)

        with suppress(TimeoutError):
            while (until := quorum.deadline()) is None or until > self._elapsed():
                left = None if until is None else until - self._elapsed()
                async with asyncio.timeout(left):
                    landing = await self._landings.get()
                take(*landing)
        while not self._landings.empty():
            take(*self._landings.get_nowait())
        return last

    def _land(self, advice: Advice, tell: Tell) -> Advice:
        self._done[advice.position] = advice
        tell(ReferenceDone(advice=advice))
        return advice

    async def _ask(self, advisor: Advisor, tell: Tell, round_: int) -> None:
        async with self._permits:
            advice = await self._answer(advisor, tell, round_)
        self._landings.put_nowait((advice, self._elapsed()))

    async def _answer(self, advisor: Advisor, tell: Tell, round_: int) -> Advice:
        """Ask a slot's own model, then its fallbacks, until somebody has said something."""
        while True:
            try:
                advice = await self._heard(advisor, tell, round_)
            finally:
                advisor.ask.ended = self._world.clock.monotonic()
            if not (advisor.turn_to_next() and advisor.reserve(self._preset)):
                return advice

    async def _heard(self, advisor: Advisor, tell: Tell, round_: int) -> Advice:
        ask = advisor.ask
        try:
            async with aclosing(ask.provider.model.stream(advisor.call(self._preset))) as stream:
                async for chunk in stream:
                    if ask.began is None:
                        tell(ReferenceStarted(position=advisor.position, round=round_))
                    ask.take(chunk)
                    if chunk.text:
                        tell(ReferenceProgress(position=advisor.position, words=ask.words))
        except ModelStalled as error:
            return advisor.advice("timed_out", error.stage)
        except ModelError as error:
            return advisor.advice("failed", error.kind)
        except Exception:  # noqa: BLE001 - an advisor's failure is isolated whatever it is (MOA-9)
            return advisor.advice("failed", "internal")
        return _whole(advisor)

    def _elapsed(self) -> float:
        return self._world.clock.monotonic() - self._began


def _whole(advisor: Advisor) -> Advice:
    """Say what an answer that came to its end is worth; to refuse is no advice."""
    if not advisor.ask.answer.strip():
        return advisor.advice("empty", "length" if advisor.ask.finish == "length" else "")
    if advisor.ask.finish == "refusal":
        return advisor.advice("failed", "refused")
    return advisor.advice("ok")
