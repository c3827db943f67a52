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
    from core.types import Address
    from gateway.delivery import ChatBudgets

RATE: Final = Rate(number=5, seconds=2.0)
"""A tenth of what Telegram takes. They count as messages of the account: answers wait for them."""
MOST_REMEMBERED: Final = 20_000

Whose = tuple[str, str, str]
"""What for, the account, and the id of a person or a chat."""


class Refusals:
    """What was told whom, and what is left for more, by account."""

    def __init__(self, clock: Clock, budgets: ChatBudgets) -> None:
        """Begin with nobody having been told; what is told counts in `budgets`."""
        self.clock = clock
        self._budgets = budgets
        self._told = Recent[Whose, float](MOST_REMEMBERED)
        self._left: dict[str, Bucket] = {}

    def may_tell(
        self, whose: Whose, seconds: float, where: Address, *, waits: bool = False
    ) -> bool:
        """Say whether somebody may be told, and count it: once in `seconds` unless they wait."""
        now, last = self.clock.monotonic(), self._told.get(whose)
        again = last is not None and now - last < seconds
        if not waits and (again or not self._room(where, now)):
            return False
        self._told[whose] = now
        return True

    def _room(self, where: Address, now: float) -> bool:
        left = taken(self._left.get(where.platform) or full(RATE, now), RATE, now)
        if left is not None:
            self._left[where.platform] = left
            self._budgets.beside(where)
        return left is not None
