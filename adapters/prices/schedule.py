"""A listed price as a value: what holds since when, at which hours, from how many tokens on.

Decides what a call costs by it. It is what the tables say of one model, without the tables.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

from msgspec import Struct

from core.types import Usage

MILLION = 1_000_000


class Rate(Struct, frozen=True, kw_only=True):
    """Dollars per million tokens; a step holds for the whole call once its input is longer."""

    base: Decimal
    steps: tuple[tuple[int, Decimal], ...] = ()

    def of(self, tokens: int, whole_input: int) -> Decimal:
        """Price so many tokens of a call."""
        rate = self.base
        for start, price in self.steps:
            if whole_input > start:
                rate = price
        return rate * tokens / MILLION


class Listed(Struct, frozen=True, kw_only=True):
    """One model's rates, and when they hold: always, `since` a day, or `hours` of the day (UTC).

    A rate that is left out costs nothing, but for cached input, which then counts as input.
    """

    input: Rate | None = None
    output: Rate | None = None
    cache_read: Rate | None = None
    cache_write: Rate | None = None
    since: date | None = None
    hours: tuple[time, time] | None = None

    def holds(self, now: datetime) -> bool:
        """Tell whether these rates hold at this moment."""
        there = now.astimezone(UTC)
        if self.since is not None:
            return there.date() >= self.since
        if self.hours is None:
            return True
        begin, end = self.hours
        if end < begin:
            return there.time() >= begin or there.time() < end
        return begin <= there.time() < end

    def of(self, usage: Usage) -> Decimal:
        """Price a call."""
        whole = max(usage.input, usage.cache_read + usage.cache_write)
        plain, dollars = whole, Decimal(0)
        for rate, tokens in (
            (self.cache_read, usage.cache_read),
            (self.cache_write, usage.cache_write),
        ):
            if rate is not None:
                plain -= tokens
                dollars += rate.of(tokens, whole)
        for rate, tokens in ((self.input, plain), (self.output, usage.output)):
            if rate is not None:
                dollars += rate.of(tokens, whole)
        return dollars


Schedule = tuple[Listed, ...]
"""What a model cost and costs: the last that holds counts, the first if none does."""


def price(schedule: Schedule, usage: Usage, now: datetime) -> Decimal:
    """Price a call at a moment."""
    held = [each for each in schedule if each.holds(now)]
    return (held or list(schedule))[-1 if held else 0].of(usage)


class Wanted(Struct, frozen=True, kw_only=True):
    """A model that somebody may have to pay for: at this address, else at this vendor."""

    label: str
    model: str
    url: str | None = None
    vendor: str | None = None
