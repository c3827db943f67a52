"""Who is told why something was not taken in, and how often (P5, P7).

Decides for all that is refused before it is stored: each person once in a while, and all together
so few that answers never have to wait for it. Whoever is not told now is told when they write
again, if there is room then; whoever waits for an answer is always told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.limits import Bucket, Rate, full, taken
from core.recent import Recent

if TYPE_CHECKING:
    from core.ports import Clock

RATE: Final = Rate(number=5, seconds=2.0)
"""Within what the pace of an account leaves over of what Telegram takes, 5 messages a second, even
if all of them come at once."""
MOST_REMEMBERED: Final = 20_000

Whose = tuple[str, str, str]
"""What for, the account, and the id of a person or a chat."""


class Refusals:
    """What was told whom, and what is left for more, by account."""

    def __init__(self, clock: Clock) -> None:
        """Begin with nobody having been told."""
        self.clock = clock
        self._told = Recent[Whose, float](MOST_REMEMBERED)
        self._left: dict[str, Bucket] = {}

    def may_tell(self, whose: Whose, seconds: float, *, waits: bool = False) -> bool:
        """Say whether somebody may be told, and count it: once in `seconds` unless they wait."""
        now, last = self.clock.monotonic(), self._told.get(whose)
        again = last is not None and now - last < seconds
        if not waits and (again or not self._room(whose[1], now)):
            return False
        self._told[whose] = now
        return True

    def _room(self, account: str, now: float) -> bool:
        left = taken(self._left.get(account) or full(RATE, now), RATE, now)
        if left is not None:
            self._left[account] = left
        return left is not None
