"""What came so long ago that it is asked about and not answered (P13, ADR 0047). Pure.

Decides how old something is by a clock that may be wrong, and what becomes of what is too old.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from core.types import Command, Incoming, Message, Press

LATE_MS: Final = 3_600_000
"""Whoever asked an hour ago has asked somebody else by now, or wants it no more."""
MOST_HELD: Final = 100
"""Messages of one chat that are kept to be asked about; nobody wants the answers to more."""

Fate: TypeAlias = Literal["ask", "drop", "do"]

_STEADY_MS: Final = 30_000
_STEADY_SECONDS: Final = 60.0
_ASKING: Final = frozenset({"retry", "advise"})
_SHOWING: Final = frozenset({"preset", "pick", "restore", "advisors", "info"})
"""What is chosen or shown there and then; what takes something away is wanted later, too."""


def fate(incoming: Incoming) -> Fate:
    """Say what becomes of something that is too old.

    What was asked is asked about; what would change something now is not done: whoever wanted it
    did not want it now. That something was changed, deleted or moved stays true.
    """
    match incoming:
        case Message():
            return "ask"
        case Press(action=action) if action in _ASKING:
            return "ask"
        case Press(action=action):
            return "drop" if action in _SHOWING else "do"
        case Command(name=name):
            return "do" if name == "stop" else "drop"
        case _:
            return "do"


class Ages:
    """How long ago things came, by the platforms' times and a clock that may be wrong.

    Time goes on by the monotonic clock: that the other one jumps makes nothing old. By how much it
    is wrong is learnt from what comes: nothing comes from the future, and a backlog is brought
    faster than time goes by, so what stays equally late for a minute is not late.
    """

    def __init__(self, wall: int, monotonic: float) -> None:
        """Begin at `wall` (ms) and `monotonic` (seconds), which are one moment."""
        self._wall, self._monotonic = wall, monotonic
        self._ahead: dict[str, int] = {}
        self._seen: dict[str, tuple[float, int]] = {}

    def late(self, platform: str, at: int, monotonic: float) -> bool:
        """Tell whether what came at `at` (ms, the platform's time) is too old to be answered."""
        now = self._wall + round((monotonic - self._monotonic) * 1000)
        self._learn(platform, now - at, monotonic)
        return now - at - self._ahead.get(platform, 0) > LATE_MS

    def _learn(self, platform: str, delay: int, monotonic: float) -> None:
        since, before = self._seen.get(platform, (monotonic, delay))
        steady = abs(delay - before) <= _STEADY_MS
        if not steady or platform not in self._seen:
            self._seen[platform] = (monotonic, delay)
        if delay < 0 or (steady and monotonic - since >= _STEADY_SECONDS):
            self._ahead[platform] = min(delay, self._ahead.get(platform, delay))
