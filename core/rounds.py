"""The rounds of advice in one turn: who is asked in each, what is used again, what it came to.

Decides under which key a round's advice is shared (MOA-24) and what of a cut turn's rounds still
holds. When a round is due, `core.engine` says; how it is asked, `core.references`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from core.advice import advisory_view
from core.asking import World
from core.booking import Booking
from core.cadence import advice_key
from core.events import Note, Round, Tell
from core.outcomes import Advice
from core.ports import AdviceCache
from core.presets import Preset
from core.references import FanOut
from core.synthesis import Synthesis
from core.types import Line


@dataclass(slots=True, kw_only=True)
class Rounds:
    """The rounds of a turn that began at `began`; `newest` is the last one's advice.

    `scope`, `fresh`, `kept` and `closed` are the request's (`core.engine.TurnRequest`).
    """

    preset: Preset
    scope: str
    fresh: bool
    kept: Mapping[int, tuple[Advice, ...]]
    closed: int
    world: World
    cache: AdviceCache
    began: float
    newest: tuple[Advice, ...] = ()
    booked: list[Booking] = field(default_factory=list)

    async def ask(self, lines: tuple[Line, ...], tell: Tell, note: Note, iteration: int) -> None:
        """Have advice on `lines`: from an earlier run, from the cache, or by asking."""
        number = len(self.booked) + 1
        kept = self.kept.get(number, ())
        booking = Booking(
            preset=self.preset,
            number=number,
            iteration=iteration,
            began=self.began,
            note=note,
            booked={each.position: each for each in kept},
        )
        self.booked.append(booking)
        if number <= self.closed:
            self.newest = booking.again(tell)
            return
        view = advisory_view(lines)

        async def ask(tell: Tell, note: Note) -> tuple[Advice, ...]:
            fan_out = FanOut(self.preset, view, world=self.world, kept=kept)
            synthesis = Synthesis(self.preset, lines, self.world, number)
            return await synthesis.after(partial(fan_out.run, round_=number), tell, note)

        key = advice_key(self.preset, view, scope=self.scope)
        advice: tuple[Advice, ...] = ()
        try:
            advice = await self.cache.advise(key, ask, tell, booking.take, fresh=self.fresh)
        finally:
            advice = booking.close(advice)
        self.newest = advice

    def summed(self) -> tuple[Round, ...]:
        """Sum up the rounds that the turn has a part in."""
        return tuple(filter(None, (each.summed() for each in self.booked)))
