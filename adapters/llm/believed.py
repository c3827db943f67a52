"""Which figures of a provider's bill are believed.

Decides it by size alone: what no call can take is taken for not said, so it is estimated and
priced here (MOA-27, MOA-28). Otherwise one provider's mistake would spend everybody's budget, or
be too large to be stored together with the answer that was paid for.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from core.types import Usage

MOST_TOKENS: Final = 100_000_000
"""Of one call: ten times the largest window that there is."""
MOST_DOLLARS: Final = Decimal(10_000)
"""For one call."""


def tokens(told: Usage) -> Usage | None:
    """Give the figures, None if one of them cannot be."""
    figures = (told.input, told.cache_read, told.cache_write, told.output, told.reasoning)
    return told if max(figures) <= MOST_TOKENS else None


def dollars(told: Decimal | None) -> Decimal | None:
    """Give the sum, None if it cannot be."""
    if told is None or not told.is_finite():
        return None
    return told if 0 <= told <= MOST_DOLLARS else None
