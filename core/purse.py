"""What turns may still spend: a model call is reserved before it is made, and settled (MOA-30).

Pure. Decides what is let through. A call may begin as long as what is spent and reserved has not
reached the line, so a budget is overrun by one call at most: references up to 100 % of it, answers
up to 125 %, and what a preset costs beyond that is refused. What runs on this machine costs
nothing and is never held up. It remembers sums and nothing else; whoever opens a purse reads them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, TypeAlias

from core import tokens
from core.budget import Budgets, Limit
from core.calls import ModelCall
from core.cost import MILLION
from core.errors import OverBudget
from core.outcomes import CallReport
from core.ports import Pricer, Provider
from core.presets import Slot
from core.texts import budgets as said
from core.types import Usage
from core.wording import dollars_text

NOTICE: Final = Decimal("0.8")
FULL: Final = Decimal(1)
HARD: Final = Decimal("1.25")
NOTHING: Final = Decimal(0)

USUAL_OUTPUT: Final = 1_000
"""Tokens that an answer is taken to have, where neither a cap nor earlier calls tell."""

ENOUGH: Final = 3
"""Calls from which on a model's own lengths tell more."""

REMEMBERED: Final = 200

Expected: TypeAlias = tuple[str, int | None]
"""Advice that is to come: the label of its slot, and its cap in tokens if there is one."""


@dataclass(slots=True)
class Tariff:
    """What calls are taken to cost: by their slot's price, and how long its answers were so far."""

    pricer: Pricer
    unpriced: Decimal | None = None
    outputs: dict[str, deque[int]] = field(default_factory=dict)
    dearer: dict[str, Decimal] = field(default_factory=dict)

    def estimate(self, call: ModelCall, advised: Iterable[Expected] = ()) -> Decimal:
        """Guess before it is made: input and cap, else the slot's p95, else 1,000 tokens.

        `advised` is the advice that is still to be put into it.
        """
        into = tokens.estimate(call.lines)
        for tool in call.tools:
            into += tokens.estimate_text(f"{tool.name}{tool.description}{tool.parameters}")
        for advisor, cap in advised:
            into += self._usual(advisor) if cap is None else cap
        label = call.slot.label
        output = self._usual(label) if call.max_tokens is None else call.max_tokens
        listed = self._listed(call.slot, Usage(input=into, output=output))
        return max(listed, self.dearer.get(label, NOTHING))

    def charge(self, slot: Slot, report: CallReport) -> Decimal:
        """Say what a call took; what nobody knows counts as the operator said it should.

        Where a provider reports more than its listed price, the next call is taken to cost as much.
        """
        usage, label = report.usage, report.label
        if report.error is None and report.finish is not None:
            self.outputs.setdefault(label, deque(maxlen=REMEMBERED)).append(usage.output)
        if report.dollars is None:
            return self.unknown(usage.input + usage.output)
        more = report.dollars > self._listed(slot, usage)
        self.dearer[label] = report.dollars if more else NOTHING
        return report.dollars

    def unknown(self, count: int) -> Decimal:
        """Price so many tokens whose price nobody knows."""
        return count * (self.unpriced or NOTHING) / MILLION

    def _listed(self, slot: Slot, usage: Usage) -> Decimal:
        dollars = self.pricer(slot, usage)
        return self.unknown(usage.input + usage.output) if dollars is None else dollars

    def _usual(self, label: str) -> int:
        lengths = sorted(self.outputs.get(label, ()))
        return lengths[len(lengths) * 95 // 100] if len(lengths) >= ENOUGH else USUAL_OUTPUT


@dataclass(slots=True)
class Account:
    """What was spent of one budget in one period, and what is reserved for calls under way."""

    limit: Limit
    spent: Decimal = NOTHING
    reserved: Decimal = NOTHING
    told: bool = field(init=False)

    def __post_init__(self) -> None:
        """Take it that whoever was to be told was told, by the turn that went beyond 80 %."""
        self.told = self.spent >= NOTICE * self.limit.dollars

    @property
    def used(self) -> Decimal:
        """Both together."""
        return self.spent + self.reserved

    def reached(self, line: Decimal, besides: Decimal = NOTHING) -> bool:
        """Tell whether so much of it is used, not counting `besides`."""
        return self.used - besides >= line * self.limit.dollars

    @property
    def share(self) -> Decimal:
        """How much of it is used, 1 for all."""
        dollars = self.limit.dollars
        return self.used / dollars if dollars else Decimal("Infinity")

    def take(self, dollars: Decimal) -> str | None:
        """Book what was spent; the first time beyond 80 % give a notice of it."""
        self.spent += dollars
        limit = self.limit
        if self.told or self.spent < NOTICE * limit.dollars:
            return None
        self.told = True
        percent = f"{100 * self.spent / limit.dollars:.0f}" if limit.dollars else ""
        spent, whole = dollars_text(self.spent), dollars_text(limit.dollars)
        return said.nearly(limit.name, spent, whole, percent, limit.anew)

    def refusal(self) -> OverBudget:
        """Say that it is used up or reserved, with the figure and when it starts anew."""
        limit = self.limit
        spent, whole = dollars_text(self.spent), dollars_text(limit.dollars)
        room = self.spent < limit.dollars
        brief = said.no_room(limit.name) if room else said.used_up(limit.name)
        reserved = dollars_text(self.reserved) if room else ""
        text = said.refused(brief, spent, whole, reserved, limit.anew)
        return OverBudget(text, brief=brief)


@dataclass(slots=True)
class Hold:
    """What is reserved for one call, until it is settled."""

    purse: Purse
    slot: Slot
    dollars: Decimal
    answer: bool
    open: bool = True

    def settle(self, report: CallReport | None) -> None:
        """Give the reservation back and book what the call took; None if it was never made.

        Only the first time counts.
        """
        if self.open:
            self.open = False
            self.purse.settle(self, report)


class Purse:
    """What one turn may spend. `warn` hears of budgets that are nearly used up."""

    def __init__(
        self,
        accounts: Sequence[Account],
        *,
        budgets: Budgets,
        tariff: Tariff,
        spent: Decimal = NOTHING,
        warn: Callable[[str], None] | None = None,
    ) -> None:
        """Open it for a turn; `spent` is what an earlier run of the turn took already."""
        self._accounts = accounts
        self._budgets = budgets
        self._tariff = tariff
        self._spent = spent
        self._reserved = NOTHING
        self._first: Hold | None = None  # while it is open
        self._answered = False
        self._skipped = ""
        self._notices: list[str] = []
        self._warn = warn

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said under the answer."""
        return (*filter(None, [self._skipped]), *self._notices)

    def require(self, provider: Provider) -> None:
        """Refuse a turn before anything is asked.

        Raises:
            OverBudget: with the figure, and when the budget starts anew.
        """
        if not provider.local:
            self._keep_below(FULL if self._budgets.refuse else HARD)

    def admit(self, call: ModelCall, provider: Provider, advised: Iterable[Expected] = ()) -> None:
        """Take a turn in, and reserve its first answer before any reference is asked.

        `advised` is the advice that it may get.

        Raises:
            OverBudget: as `require`.
        """
        self.require(provider)
        if not provider.local:
            dollars = self._tariff.estimate(call, advised)
            self._first = self._hold(call, dollars)

    def reserve(self, call: ModelCall, provider: Provider) -> Hold | None:
        """Reserve a call before it is made; None where it costs nothing.

        Raises:
            OverBudget: it must not be made.
        """
        if provider.local:
            return None
        dollars = self._tariff.estimate(call)
        answer = call.position == 0
        if answer and self._first is not None:
            self._first.settle(None)  # it was admitted; now its whole request is known
            return self._hold(call, dollars)
        try:
            self._check(dollars, answer=answer)
        except OverBudget as refusal:
            if not answer:
                self._skipped = said.skipped(refusal.brief)
            raise
        return self._hold(call, dollars)

    def close(self) -> None:
        """Give back what was reserved for an answer that nobody asked for any more."""
        if self._first is not None:
            self._first.settle(None)

    def settle(self, hold: Hold, report: CallReport | None) -> None:
        """Book a call; `Hold.settle` is the way here."""
        if hold is self._first:
            self._first = None  # held in a circle, a purse would stay until somebody looks for such
        dollars = NOTHING if report is None else self._tariff.charge(hold.slot, report)
        self._reserved -= hold.dollars
        self._spent += dollars
        if report is not None and hold.answer and report.error is None:
            self._answered = True
        for account in self._accounts:
            account.reserved -= hold.dollars
            notice = account.take(dollars)
            if notice is not None:
                self._notices.append(notice)
                if self._warn is not None:
                    self._warn(notice)

    def _check(self, dollars: Decimal, *, answer: bool) -> None:
        """Hold a call to the turn's own limit and to every budget.

        Whatever an answer costs it may be given: `turn` cuts the advice before it, and the
        rounds of tools after it.
        """
        turn = self._budgets.turn
        held = self._answered or not answer
        if turn is not None and held and self._spent + self._reserved + dollars > turn:
            raise _too_much(turn, self._spent)
        self._keep_below(HARD)
        if not answer:
            self._keep_below(FULL, besides=self._own)

    @property
    def _own(self) -> Decimal:
        return self._first.dollars if self._first is not None else NOTHING

    def _keep_below(self, line: Decimal, besides: Decimal = NOTHING) -> None:
        over = [each for each in self._accounts if each.reached(line, besides)]
        if over:
            raise max(over, key=lambda each: each.share).refusal()

    def _hold(self, call: ModelCall, dollars: Decimal) -> Hold:
        self._reserved += dollars
        for account in self._accounts:
            account.reserved += dollars
        return Hold(self, call.slot, dollars, answer=call.position == 0)


def _too_much(turn: Decimal, spent: Decimal) -> OverBudget:
    most = dollars_text(turn)
    return OverBudget(said.too_much(dollars_text(spent), most), brief=said.most_for_one(most))
