"""One round of advice as one turn keeps it: which references it pays for, and its checkpoints.

A fan-out may be shared, and outlive turns that wait for it; its notes go to one of those who still
wait. Decides nothing about who that is, and stores nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from core.events import (
    Checkpoint,
    Landed,
    Note,
    ReferenceDone,
    ReferencesDone,
    Round,
    RoundClosed,
    Tell,
)
from core.outcomes import Advice, CallReport, apart
from core.presets import Preset


@dataclass(slots=True, kw_only=True)
class Booking:
    """A round of a turn that began at `began`, by its clock; `note` is the turn's own journal.

    `booked` is what the turn has taken upon itself, by position: what an earlier run had
    checkpointed, and then whatever it is told to `take`. `free` is what others pay for.
    """

    preset: Preset
    number: int
    iteration: int
    began: float
    note: Note
    booked: dict[int, Advice]
    free: dict[int, Advice] = field(default_factory=dict)
    rest: tuple[Advice, ...] = ()

    def take(self, checkpoint: Checkpoint) -> None:
        """Take what a fan-out notes, and its cost, upon this turn (MOA-29, P4)."""
        match checkpoint:
            case Landed(advice=advice):
                self.note(Landed(round=self.number, advice=self._book(advice)))
            case RoundClosed(rest=rest):
                self.rest = tuple(self._book(advice) for advice in rest)

    def close(self, advice: tuple[Advice, ...]) -> tuple[Advice, ...]:
        """End the round and give its advice; what this turn has not booked cost it nothing.

        That is checkpointed all the same: a restart must find it (MOA-24, recovery). Without
        any `advice` the turn has been cut, and keeps what it has.
        """
        free = [
            replace(each, call=None, tried=())
            for each in advice
            if each.position not in self.booked
        ]
        self.free = {each.position: each for each in free}
        if advice or self.rest:
            self.note(RoundClosed(round=self.number, rest=(*free, *self.rest)))
        return _in_order(self.free | self.booked)

    def again(self, tell: Tell) -> tuple[Advice, ...]:
        """Tell of a round that was complete before the turn was cut; nobody is asked."""
        everybody = _in_order(self.booked)
        references, _ = apart(everybody)
        for advice in references:
            tell(ReferenceDone(advice=advice))
        tell(ReferencesDone(advice=references))
        return everybody

    def summed(self) -> Round | None:
        """Sum the round up; None if this turn has no part in it.

        If the turn was cut, who was still being asked counts as cancelled: another turn pays.
        """
        if not self.booked:
            return None
        cancelled = {
            at: Advice(position=at, label=slot.label, role=slot.role or "", outcome="cancelled")
            for at, slot in enumerate(self.preset.active, 1)
        }
        everybody = _in_order(cancelled | self.free | self.booked)
        return Round(iteration=self.iteration, advice=everybody)

    def _book(self, advice: Advice) -> Advice:
        call = None if advice.call is None else self._mine(advice.call)
        advice = replace(advice, call=call, tried=tuple(map(self._mine, advice.tried)))
        self.booked[advice.position] = advice
        return advice

    def _mine(self, call: CallReport) -> CallReport:
        return replace(call, started=call.started - self.began, iteration=self.iteration)


def _in_order(advice: dict[int, Advice]) -> tuple[Advice, ...]:
    return tuple(each for _, each in sorted(advice.items()))
