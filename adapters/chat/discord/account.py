"""How much one account asks of Discord in a second, whatever it is for.

Decides whether one more call may go; it never waits. Discord refuses the 51st of all of a bot's
calls within a second, and bans an address that it had to refuse 10,000 times in ten minutes
(docs.discord.com/developers/topics/rate-limits: "Global Rate Limit", "Invalid Request Limit").
"""

from __future__ import annotations

from collections import deque
from typing import Final

from core.limits import Rate, full, taken

SECOND: Final = 1.0
MOST: Final = 48
"""Calls within a second: two are left for clocks that differ."""
SIGNS: Final = Rate(number=20, seconds=2.5)
"""How often it is shown that a question was seen, and that somebody writes: with the 40 messages
that are sent in a second that is all there is."""
SPARED: Final = MOST // 2
"""So many are never taken by signs, however few messages there are."""


class Calls:
    """The calls of the last second. Times are of the loop."""

    def __init__(self) -> None:
        """Begin with none."""
        self._made: deque[float] = deque(maxlen=MOST)
        self._signs = full(SIGNS, 0.0)

    def wait(self, now: float) -> float:
        """Give the seconds until one more may go, 0 if it may go now."""
        if len(self._made) < MOST:
            return 0.0
        return max(0.0, self._made[0] + SECOND - now)

    def make(self, now: float) -> None:
        """Note that one goes."""
        self._made.append(now)

    def spare(self, now: float) -> bool:
        """Say whether there is room for a sign, and count it."""
        lately = sum(each > now - SECOND for each in self._made)
        left = taken(self._signs, SIGNS, now) if lately < SPARED else None
        self._signs = left or self._signs
        return left is not None
