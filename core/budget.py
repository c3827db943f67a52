"""Budgets: whose they are, how much, when their days and months end, how they are told (MOA-30).

Pure. Decides which limits a turn is held to. It keeps no sums: that is the purse's work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from core.records import TurnStart, Whose
from core.texts import budgets as said
from core.types import Address
from core.wording import dollars_text

Scope: TypeAlias = Literal["total", "user", "channel", "preset", "key"]
Period: TypeAlias = Literal["daily", "monthly"]
PERIODS: Final[tuple[Period, ...]] = ("daily", "monthly")

PROGRAMS: Final = "v1"
"""The platform under which the turns of programs are kept; their asker is the name of a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """Dollars by day and by month; None limits nothing."""

    daily: Decimal | None = None
    monthly: Decimal | None = None

    def of(self, period: Period) -> Decimal | None:
        """Give the amount for a period."""
        return self.daily if period == "daily" else self.monthly

    @property
    def limits(self) -> bool:
        """Whether it limits anything."""
        return self.daily is not None or self.monthly is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """What may be spent, in dollars.

    `keys` are the allowances of single keys; what they say wins over the one of every `key`.
    `turn` is for one turn. `refuse`: over 100 % a preset is refused, not asked without its
    references. `unpriced` is taken per million tokens where nobody knows a price.
    """

    allowances: Mapping[Scope, Allowance] = field(default_factory=dict)
    keys: Mapping[str, Allowance] = field(default_factory=dict)
    turn: Decimal | None = None
    refuse: bool = False
    unpriced: Decimal | None = None

    @property
    def apply(self) -> bool:
        """Whether anything is limited."""
        every = (*self.allowances.values(), *self.keys.values())
        return self.turn is not None or any(each.limits for each in every)

    def amount(self, scope: Scope, period: Period, key: str) -> Decimal | None:
        """Give what a scope may spend in a period; `key` is the one that asks, if it is one."""
        own = self.keys[key].of(period) if scope == "key" and key in self.keys else None
        return own if own is not None else self.allowances.get(scope, Allowance()).of(period)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spender:
    """Who spends: somebody in a channel, by a preset. On /v1 the user is a key."""

    platform: str
    user: str
    channel: str
    preset: str

    @classmethod
    def of(cls, start: TurnStart) -> Spender:
        """Say on whose account a turn goes."""
        address = start.place
        return cls(
            platform=address.platform,
            user=start.asker,
            channel=Address(platform=address.platform, channel=address.channel).session,
            preset=start.preset.name,
        )

    def scopes(self) -> Iterator[tuple[Scope, Whose]]:
        """Give whose budgets it touches; a program is no person, and speaks in no channel."""
        person = Whose(platform=self.platform, asker=self.user)
        if self.platform == PROGRAMS:
            yield "key", person
        else:
            yield "user", person
            yield "channel", Whose(channel=self.channel)
        yield "preset", Whose(preset=self.preset)
        yield "total", Whose()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One budget in one period: from `begin` on, and no more at `end`."""

    scope: Scope
    period: Period
    whose: Whose
    dollars: Decimal
    begin: datetime
    end: datetime

    @property
    def name(self) -> str:
        """How it is called to whoever spends: "your daily budget"."""
        return said.whose(self.scope, self.period, self.whose.preset or self.whose.asker or "")

    @property
    def anew(self) -> str:
        """When it starts anew: "It starts anew on Sunday 29 November at 00:00 (UTC)."."""
        return said.anew(self.end)


def window(period: Period, at: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """Give the day or the month in which a moment lies, by the clocks of a zone.

    A day is as long as it is there: 23 hours when clocks are put forward, 25 when back. Where
    there is no midnight that day, it begins with the first moment there is.
    """
    day = at.astimezone(zone).date()
    if period == "daily":
        first, after = day, day + timedelta(days=1)
    else:
        first = day.replace(day=1)
        after = (first + timedelta(days=32)).replace(day=1)
    begin, end = (datetime.combine(each, time(), tzinfo=zone) for each in (first, after))
    return begin.astimezone(UTC).astimezone(zone), end.astimezone(UTC).astimezone(zone)


def limits_of(budgets: Budgets, spender: Spender, at: datetime, zone: tzinfo) -> tuple[Limit, ...]:
    """Give every limit that a turn is held to; it counts for the day on which it began, `at`."""
    found: list[Limit] = []
    for scope, whose in spender.scopes():
        for period in PERIODS:
            dollars = budgets.amount(scope, period, spender.user)
            if dollars is not None:
                begin, end = window(period, at, zone)
                found.append(
                    Limit(
                        scope=scope,
                        period=period,
                        whose=whose,
                        dollars=dollars,
                        begin=begin,
                        end=end,
                    )
                )
    return tuple(found)


def left_text(limit: Limit, spent: Decimal) -> str:
    """Say what is left: "Your daily budget: $0.38 of $2.00 left. It starts anew on …"."""
    left = dollars_text(max(Decimal(0), limit.dollars - spent))
    return said.left(limit.name, left, dollars_text(limit.dollars), limit.anew)
