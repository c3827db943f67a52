"""The fan-out: asks every reference at once and gathers what became of each (MOA-8 to 12).

Decides order, quorum, grace and outcomes. It never shows anything and never stores anything: it
tells listeners, and hands each landed advice to a journal.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from core.advice import advisory_view, for_slot
from core.asking import Ask, World
from core.calls import ModelCall
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
from core.presets import Preset, ReferenceSlot, first_given
from core.quorum import Quorum, quorum_for
from core.types import Advice, Line, Outcome

IN_FLIGHT = 8
"""Calls of one fan-out that may be under way at once (MOA-8)."""

FORBIDDEN_PROVIDER = "moa"


@dataclass(slots=True, kw_only=True)
class _Reference(Ask):
    """One reference's call as it goes."""

    position: int
    role: str

    def advice(self, outcome: Outcome, reason: str = "") -> Advice:
        self.error = reason or None
        return Advice(
            position=self.position,
            label=self.slot.label,
            role=self.role,
            outcome=outcome,
            reason=reason,
            text=self.answer if outcome in {"ok", "late"} else "",
            call=self.report() if self.began is not None else None,
        )


class FanOut:
    """One fan-out of one turn.

    `kept` are outcomes that a cut turn had checkpointed: those are not asked again (P4).
    """

    def __init__(
        self, preset: Preset, lines: Sequence[Line], *, world: World, kept: Sequence[Advice] = ()
    ) -> None:
        """Decide who is asked what; nothing is sent yet."""
        self._preset = preset
        self._world = world
        self._origin = world.clock.monotonic()
        self._kept = kept
        self._done: dict[int, Advice] = {each.position: each for each in kept}
        self._asks: dict[int, _Reference] = {}
        self._landings: asyncio.Queue[tuple[Advice, float]] = asyncio.Queue()
        self._permits = asyncio.Semaphore(IN_FLIGHT)
        view = advisory_view(lines)
        for position, slot in enumerate(preset.active, 1):
            if position not in self._done:
                self._plan(position, slot, view)

    def outcomes(self, *, unfinished: Outcome) -> tuple[Advice, ...]:
        """Give every outcome in slot order; who has not landed yet counts as `unfinished`."""
        open_ = {
            at: ask.advice(unfinished) for at, ask in self._asks.items() if at not in self._done
        }
        return tuple(advice for _, advice in sorted((self._done | open_).items()))

    def stored(self, tell: Tell) -> tuple[Advice, ...]:
        """Tell of a round that was complete before the turn was cut; nobody is asked."""
        everybody = tuple(sorted(self._kept, key=lambda advice: advice.position))
        self._asks.clear()
        self._done = {advice.position: advice for advice in everybody}
        for advice in everybody:
            tell(ReferenceDone(advice=advice))
        tell(ReferencesDone(advice=everybody))
        return everybody

    async def run(self, tell: Tell, note: Note, *, round_: int = 1) -> tuple[Advice, ...]:
        """Ask everybody and return when no more is awaited; the slower ones are cut off.

        Cancelling it cancels every call; `outcomes` then says how far each had come.
        """
        saved = {advice.position for advice in self._kept}
        for advice in self._done.values():
            tell(ReferenceDone(advice=advice))
        unfinished: Outcome = "cancelled"
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._ask(ask, tell, round_), name=f"reference {at}")
                    for at, ask in self._asks.items()
                ]
                async for advice in self._awaited(self._quorum(), tell):
                    saved.add(advice.position)
                    note(Landed(round=round_, advice=advice))
                for task in tasks:
                    task.cancel()
            unfinished = "late"
        finally:
            cut_off = self._asks.keys() - self._done.keys()
            everybody = self.outcomes(unfinished=unfinished)
            self._done = {advice.position: advice for advice in everybody}
            for advice in everybody:
                if advice.position in cut_off:
                    tell(ReferenceDone(advice=advice))
            rest = tuple(advice for advice in everybody if advice.position not in saved)
            note(RoundClosed(round=round_, rest=rest))
        tell(ReferencesDone(advice=everybody))
        return everybody

    def _plan(self, position: int, slot: ReferenceSlot, view: Sequence[Line]) -> None:
        provider = self._world.providers.get(slot.provider)
        if slot.provider.lower() == FORBIDDEN_PROVIDER:
            reason = "a reference cannot be a mixture itself"
        elif provider is None:
            reason = "unknown provider"
        elif provider.missing:
            reason = provider.missing
        elif not view:
            reason = "nothing to advise"
        else:
            self._asks[position] = _Reference(
                position=position,
                role=slot.role or "",
                slot=slot,
                lines=for_slot(view, slot),
                provider=provider,
                world=self._world,
                origin=self._origin,
            )
            return
        self._done[position] = Advice(
            position=position,
            label=slot.label,
            outcome="skipped",
            reason=reason,
            role=slot.role or "",
        )

    def _quorum(self) -> Quorum:
        known = [each for each in self._kept if each.outcome != "skipped"]
        positions = sorted({*self._asks, *(each.position for each in known)})
        slots = {at: self._preset.active[at - 1] for at in positions}
        quorum = quorum_for(self._preset, slots, self._world.providers)
        for each in known:
            quorum.landed(each.position, usable=each.outcome == "ok", at=0.0)
        return quorum

    async def _awaited(self, quorum: Quorum, tell: Tell) -> AsyncGenerator[Advice, None]:
        """Give what has landed, as long as more is awaited; the last ones are left to `rest`."""
        landed: list[Advice] = []
        while (until := quorum.deadline()) is None or until > self._elapsed():
            for advice in landed:
                yield advice
            landed = []
            for advice, at in await self._next(until):
                landed.append(advice)
                self._done[advice.position] = advice
                quorum.landed(advice.position, usable=advice.outcome == "ok", at=at)
                tell(ReferenceDone(advice=advice))

    async def _next(self, until: float | None) -> list[tuple[Advice, float]]:
        """Wait for landings until then; all that are there by now, none if time ran out."""
        left = None if until is None else until - self._elapsed()
        try:
            async with asyncio.timeout(left):
                landed = [await self._landings.get()]
        except TimeoutError:
            return []
        while not self._landings.empty():
            landed.append(self._landings.get_nowait())
        return landed

    async def _ask(self, ask: _Reference, tell: Tell, round_: int) -> None:
        async with self._permits:
            advice = await self._answer(ask, tell, round_)
        self._landings.put_nowait((advice, self._elapsed()))

    async def _answer(self, ask: _Reference, tell: Tell, round_: int) -> Advice:
        try:
            async with aclosing(ask.provider.model.stream(self._call(ask))) as stream:
                async for chunk in stream:
                    if ask.began is None:
                        tell(ReferenceStarted(position=ask.position, round=round_))
                    ask.take(chunk)
                    if chunk.text:
                        tell(ReferenceProgress(position=ask.position, words=ask.words))
        except ModelStalled as error:
            return ask.advice("timed_out", error.stage)
        except ModelError as error:
            return ask.advice("failed", error.kind)
        except Exception:  # noqa: BLE001 - an advisor's failure is isolated whatever it is (MOA-9)
            return ask.advice("failed", "internal")
        return ask.advice("ok" if ask.answer.strip() else "empty")

    def _call(self, ask: _Reference) -> ModelCall:
        slot, preset = ask.slot, self._preset
        return ModelCall(
            slot=slot,
            lines=ask.lines,
            position=ask.position,
            temperature=first_given(slot.temperature, preset.reference_temperature),
            max_tokens=first_given(slot.max_tokens, preset.reference_max_tokens),
            timeout=first_given(slot.timeout, preset.reference_timeout),
        )

    def _elapsed(self) -> float:
        return self._world.clock.monotonic() - self._origin
