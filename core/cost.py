"""What calls cost: whose figure counts, and how a turn's sum is told.

Dollars are `Decimal`; None is "nobody knows", never $0 (MOA-28). Nothing here looks a price up:
that is the pricer's work.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from core import tokens
from core.outcomes import CallReport
from core.ports import Pricer, Provider
from core.presets import Slot
from core.types import Line, Usage

MILLION = 1_000_000
"""Prices are dollars for so many tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """The sum of several calls. `priced` is False where a price is unknown."""

    usage: Usage = field(default_factory=Usage)
    dollars: Decimal = Decimal(0)
    priced: bool = True


def bill(calls: Iterable[CallReport]) -> Bill:
    """Add calls up (MOA-29)."""
    usage, dollars, priced = Usage(), Decimal(0), True
    for call in calls:
        usage += call.usage
        dollars += call.dollars or Decimal(0)
        priced = priced and call.dollars is not None
    return Bill(usage=usage, dollars=dollars, priced=priced)


def price(
    slot: Slot, usage: Usage, *, provider: Provider, pricer: Pricer, reported: Decimal | None
) -> Decimal | None:
    """Price one call: what the provider reports wins, then local is free, then the tables."""
    if reported is not None:
        return reported
    if provider.local:
        return Decimal(0)
    return pricer(slot, usage)


def estimated(lines: Sequence[Line], text: str, *, thoughts: str = "") -> Usage:
    """Guess the usage of a call whose provider never said; thinking is paid for as well."""
    reasoning = tokens.estimate_text(thoughts)
    return Usage(
        input=tokens.estimate(lines),
        output=tokens.estimate_text(text) + reasoning,
        reasoning=reasoning,
        estimated=True,
    )
