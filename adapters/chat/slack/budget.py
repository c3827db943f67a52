"""How many calls of a kind a workspace may make. Decides whether one may go now; never waits.

Slack limits every method for all chats of a workspace together, by the minute.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from core.ports import Clock

MINUTE: Final = 60.0
OWED: Final = 900.0
"""Seconds after which nobody expects any more that what is owed will come."""
SOON: Final = 5.0
"""Seconds after which to look again: what is owed may be made, or not be needed, at any time."""


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


class Minute:
    """What was made within a minute and what is owed, by key: never more than `most` together.

    Whoever begins what has to be ended owes the end, so that an end never has to wait.
    """

    def __init__(self, clock: Clock, *, most: int) -> None:
        """Begin with nothing."""
        self._clock = clock
        self._most = most
        self._made: deque[float] = deque()
        self._owed: dict[str, float] = {}

    def wait(self, *, spare: int = 0) -> float:
        """Give the seconds until one more may be made or owed, with `spare` left for others."""
        now = self._clock.monotonic()
        while self._made and self._made[0] <= now - MINUTE:
            self._made.popleft()
        self._owed = {key: at for key, at in self._owed.items() if at > now - OWED}
        excess = len(self._made) + len(self._owed) - self._most + spare
        if excess < 0:
            return 0.0
        return min(self._made[excess] + MINUTE - now, SOON) if excess < len(self._made) else SOON

    def make(self, key: str = "") -> None:
        """Note that one goes, owed or not."""
        self._owed.pop(key, None)
        self._made.append(self._clock.monotonic())

    def owe(self, key: str) -> None:
        """Keep room for one."""
        self._owed[key] = self._clock.monotonic()

    def waive(self, key: str) -> None:
        """Note that this one will not be needed."""
        self._owed.pop(key, None)

    @contextmanager
    def held(self, key: str) -> Iterator[None]:
        """Owe one for as long as this lasts."""
        self.owe(key)
        try:
            yield
        finally:
            self.waive(key)


class Budgets:
    """The budgets of one workspace (facts: tier 2 is 20 a minute, tier 3 50, tier 4 100).

    `edits`, `stops` and `states` are all calls of chat.update, chat.stopStream and
    agents.sessions.setStatus; the others spread what can wait.
    """

    def __init__(self, clock: Clock) -> None:
        """Stay a little below what Slack promises."""
        self.start = Budget(clock, per_minute=13, burst=6)
        self.append = Budget(clock, per_minute=84, burst=12)
        self.update = Budget(clock, per_minute=36, burst=10)
        self.status = Budget(clock, per_minute=30, burst=8)
        self.reaction = Budget(clock, per_minute=36, burst=10)
        self.names = Budget(clock, per_minute=65, burst=35)
        self.lists = Budget(clock, per_minute=13, burst=6)
        self.threads = Budget(clock, per_minute=36, burst=10)
        self.edits = Minute(clock, most=46)
        self.stops = Minute(clock, most=19)
        self.states = Minute(clock, most=46)
