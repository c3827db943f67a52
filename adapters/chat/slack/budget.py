"""How many calls of a kind a workspace may make. Decides whether one may go now; never waits.

Slack limits every method for all chats of a workspace together, by the minute.
"""

from __future__ import annotations

from typing import Final

from core.ports import Clock

MINUTE: Final = 60.0


class Budget:
    """Tokens that come back evenly: never more than `burst + per_minute` in a minute."""

    def __init__(self, clock: Clock, *, per_minute: float, burst: float) -> None:
        """Begin with a full burst."""
        self._clock = clock
        self._rate = per_minute / MINUTE
        self._burst = burst
        self._left = burst
        self._at = clock.monotonic()
        self._blocked = 0.0

    def wait(self) -> float:
        """Give the seconds until one may go: 0 if it may go now."""
        now = self._clock.monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        return max(self._blocked - now, (1 - self._left) / self._rate, 0.0)

    def take(self) -> None:
        """Note that one goes, whether it was its turn or not."""
        self.wait()
        self._left = max(self._left - 1, -self._burst)

    def block(self, seconds: float) -> None:
        """Note that Slack wants none of them for so long."""
        self._blocked = max(self._blocked, self._clock.monotonic() + seconds)


class Budgets:
    """The budgets of one workspace (facts: tier 2 is 20 a minute, tier 3 50, tier 4 100)."""

    def __init__(self, clock: Clock) -> None:
        """Stay a little below what Slack promises."""
        self.start = Budget(clock, per_minute=13, burst=6)
        self.append = Budget(clock, per_minute=84, burst=12)
        self.update = Budget(clock, per_minute=36, burst=10)
        self.status = Budget(clock, per_minute=30, burst=8)
        self.reaction = Budget(clock, per_minute=36, burst=10)
        self.names = Budget(clock, per_minute=80, burst=16)
