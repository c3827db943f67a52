"""One reference as it is asked: its slot's own model, then the slot's fallbacks.

Decides who is asked next when somebody failed before saying a word, and how what became of it is
told: a fallback advises under its own name, never silently (MOA-22). It waits for nobody and asks
nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

from core.advice import for_slot
from core.asking import Ask, World
from core.calls import ModelCall
from core.errors import OverBudget
from core.outcomes import Advice, Outcome
from core.ports import Provider, Providers
from core.presets import Preset, ReferenceSlot, Slot, first_given
from core.promptcache import breakpoints
from core.types import Line

PACE = 0.25
"""Seconds between two looks at what a reference has written: nobody reads along, only its end
is awaited."""

FORBIDDEN_PROVIDER = "moa"


@dataclass(slots=True, kw_only=True)
class Advisor:
    """A reference on its way. `asks` are its calls in order; the last one is the one under way.

    `rest` are those who can still be asked in its place. `cap` is the preset's, in tokens, for
    slots that have none of their own.
    """

    position: int
    slot: ReferenceSlot
    view: Sequence[Line]
    world: World
    timeout: float
    cap: int | None
    rest: list[Slot]
    asks: list[Ask] = field(default_factory=list)

    @property
    def ask(self) -> Ask:
        """The newest call."""
        return self.asks[-1]

    def turn_to_next(self) -> bool:
        """Put the next one in its place; False where nobody is left, or no time (MOA-9).

        Whoever has said something is not replaced (MOA-22).
        """
        if not self.rest or (self.asks and (self.ask.answer.strip() or self._left() <= 0)):
            return False
        slot = _advising(self.rest.pop(0), self.slot)
        provider = self.world.providers[slot.provider]
        lines = for_slot(self.view, slot, cap=self.cap, small=provider.small)
        self.asks.append(Ask(slot=slot, lines=lines, provider=provider, world=self.world))
        return True

    def call(self, preset: Preset) -> ModelCall:
        """Give the newest call as its model gets it: all of a slot's share one timeout."""
        slot = self.ask.slot
        return ModelCall(
            slot=slot,
            lines=self.ask.lines,
            position=self.position,
            temperature=first_given(slot.temperature, preset.reference_temperature),
            max_tokens=first_given(slot.max_tokens, self.cap),
            timeout=slot.timeout,
            at_most=self._left(),
            pace=PACE,
            breakpoints=breakpoints(self.ask.lines),
        )

    def reserve(self, preset: Preset) -> bool:
        """Reserve what the newest call may cost; False if a budget has no room for it (MOA-30)."""
        try:
            self.ask.hold = self.world.reserve(self.call(preset), self.ask.provider)
        except OverBudget:
            return False
        return True

    def advice(self, outcome: Outcome, reason: str = "") -> Advice:
        """Say what became of it, as far as it has come."""
        ask = self.ask
        ask.error = reason or None
        ask.settle()
        own = self.slot.label
        return Advice(
            position=self.position,
            label=ask.slot.label,
            role=self.slot.role or "",
            outcome=outcome,
            reason=reason,
            text=ask.answer if outcome in {"ok", "late"} else "",
            call=ask.report() if ask.began is not None else None,
            in_place_of="" if ask.slot.label == own else own,
            tried=tuple(each.report() for each in self.asks[:-1] if each.began is not None),
        )

    def _left(self) -> float:
        """Tell how many seconds it has left; they run from the first call's wire."""
        began = next((ask.began for ask in self.asks if ask.began is not None), None)
        spent = 0.0 if began is None else self.world.clock.monotonic() - began
        return self.timeout - spent


def seated(
    position: int, slot: ReferenceSlot, view: Sequence[Line], *, world: World, preset: Preset
) -> Advisor | Advice:
    """Give the advisor of a slot with its first call, or why nobody can be asked."""
    able = [each for each in (slot, *slot.fallbacks) if not missing(each, world.providers)]
    reason = missing(slot, world.providers)
    if slot.provider.lower() == FORBIDDEN_PROVIDER:
        able = []
    elif able and not view:
        able, reason = [], "nothing to advise"
    if not able:
        return Advice(
            position=position,
            label=slot.label,
            outcome="skipped",
            reason=reason,
            role=slot.role or "",
        )
    advisor = Advisor(
        position=position,
        slot=slot,
        view=view,
        world=world,
        timeout=preset.reference_timeout if slot.timeout is None else slot.timeout,
        cap=preset.reference_max_tokens,
        rest=able,
    )
    advisor.turn_to_next()
    return advisor


def missing(slot: Slot, providers: Providers) -> str:
    """Say why a slot cannot advise, or nothing (MOA-6, MOA-7)."""
    if slot.provider.lower() == FORBIDDEN_PROVIDER:
        return "a reference cannot be a mixture itself"
    provider: Provider | None = providers.get(slot.provider)
    return "unknown provider" if provider is None else provider.missing


def _advising(slot: Slot, own: ReferenceSlot) -> ReferenceSlot:
    """Let a fallback advise in the slot's role."""
    if isinstance(slot, ReferenceSlot):
        return slot
    said = {each.name: getattr(slot, each.name) for each in fields(slot)}
    return ReferenceSlot(**said, role=own.role, required=own.required)
