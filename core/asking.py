"""One model call as it goes: gathers what it says and what it takes, even if it is cut off.

Decides nothing about whom to ask or what comes of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from core.calls import Chunk, ModelCall
from core.cost import estimated, price
from core.markup import whole
from core.outcomes import CallReport
from core.ports import Clock, Pricer, Provider, Providers
from core.presets import Slot
from core.purse import Hold, Purse
from core.types import Finish, Line, Sealed, ToolCall, Usage

NOT_SERVED = frozenset({"unreachable", "busy", "refused", "auth", "context"})
"""Failures of a request that no model ever worked on, if nothing had been said: they are free."""


async def _at_once() -> None:
    """Wait for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a turn needs from outside. `ready` returns once it is all there.

    `purse` is the turn's own; None where nothing limits what it may spend.
    """

    providers: Providers
    pricer: Pricer
    clock: Clock
    ready: Callable[[], Awaitable[None]] = _at_once
    purse: Purse | None = None

    def reserve(self, call: ModelCall, provider: Provider) -> Hold | None:
        """Reserve what a call may cost, before it is made (MOA-30).

        Raises:
            OverBudget: it must not be made.
        """
        return None if self.purse is None else self.purse.reserve(call, provider)


@dataclass(slots=True, kw_only=True)
class Ask:
    """A call of one slot. `origin` is when its turn began; `began` is when it was on the wire.

    `iteration` says for which of the turn's answers it is made. A reference's call may be paid
    for by another turn than the one that asked, which then puts in its own two.
    """

    slot: Slot
    lines: tuple[Line, ...]
    provider: Provider
    world: World
    hold: Hold | None = None
    origin: float = 0.0
    iteration: int = 1
    began: float | None = None
    first: float | None = None
    finish: Finish | None = None
    usage: Usage | None = None
    dollars: Decimal | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    sealed: tuple[Sealed, ...] = ()
    ended: float | None = None
    error: str | None = None
    words: int = 0
    pieces: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)

    @property
    def answer(self) -> str:
        """The text so far, in whole characters."""
        return whole("".join(self.pieces))

    def take(self, chunk: Chunk) -> None:
        """Note a piece of the answer and when it came."""
        now = self.world.clock.monotonic()
        if self.began is None:
            self.began = now
        if self.first is None and (chunk.text or chunk.reasoning or chunk.tool_calls):
            self.first = now - self.began
        if chunk.text:
            self.pieces.append(chunk.text)
            self.words += len(chunk.text.split())
        if chunk.reasoning:
            self.thoughts.append(chunk.reasoning)
        self.tool_calls += chunk.tool_calls
        self.sealed += chunk.sealed
        self.finish = chunk.finish or self.finish
        self.usage = chunk.usage or self.usage
        self.dollars = self.dollars if chunk.dollars is None else chunk.dollars

    def settle(self) -> None:
        """Book what the call took, once it is over; nothing if it was never on the wire."""
        if self.hold is not None:
            self.hold.settle(None if self.began is None else self.report())

    def report(self) -> CallReport:
        """Sum the call up, as far as it came (MOA-27, MOA-29)."""
        text = self.answer
        ended = self.world.clock.monotonic() if self.ended is None else self.ended
        began = ended if self.began is None else self.began
        usage, dollars = self._spent(text)
        return CallReport(
            label=self.slot.label,
            lines=self.lines,
            text=text,
            tool_calls=self.tool_calls,
            usage=usage,
            dollars=dollars,
            started=began - self.origin,
            seconds=ended - began,
            first_token=self.first,
            finish=self.finish,
            error=self.error,
            iteration=self.iteration,
        )

    def _spent(self, text: str) -> tuple[Usage, Decimal | None]:
        usage, reported = self.usage, self.dollars
        guessed = usage is None or usage.estimated
        if guessed and self.first is None and self.error in NOT_SERVED:
            usage = Usage()
            reported = Decimal(0) if reported is None else reported
        elif usage is None:  # a guess reads all that was sent, so it is made where it is needed
            usage = estimated(self.lines, text, thoughts="".join(self.thoughts))
        elif usage.estimated:  # cut off: what was read is known, what was written is not
            wrote = estimated((), text, thoughts="".join(self.thoughts))
            usage = replace(usage, output=wrote.output, reasoning=wrote.reasoning)
        dollars = price(
            self.slot,
            usage,
            provider=self.provider,
            pricer=self.world.pricer,
            reported=reported,
        )
        return usage, dollars
