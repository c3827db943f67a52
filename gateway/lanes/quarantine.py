"""Turns that were cut again and again: who goes on alone, and who is given up (P1, P8).

Decides whose fault a crash may be. A turn that breaks the program off takes every other one with
it; after two crashes those that were cut go on one at a time, so that the next crash blames one
and no bystander is given up. Counts nothing: attempts are in the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from core.records import Accepted, StoredTurn

ATTEMPTS: Final = 3
"""Attempts of a turn that was the only one at work whenever the program ended."""
TOGETHER: Final = ATTEMPTS - 1
"""Attempts that are made beside others."""
ALONE: Final = 30.0
"""Seconds that one is alone at most: what breaks the program off does so soon, and a chat that
takes nothing must not hold up the others."""


class Quarantine:
    """What the last run left at work. One for each run of the program."""

    def __init__(self) -> None:
        """Begin with nobody suspected."""
        self._one = asyncio.Lock()
        self._several = False

    def left(self, turns: Sequence[StoredTurn]) -> list[StoredTurn]:
        """Hear what was at work when the last run ended; give it in the order of going on.

        Whoever was cut least often goes first: one that breaks everything off lets others pass.
        """
        self._several = sum(each.state == "running" for each in turns) > 1
        return sorted(turns, key=lambda each: each.attempts if suspected(each) else 0)

    @asynccontextmanager
    async def kept(self, turn: StoredTurn | Accepted) -> AsyncIterator[None]:
        """Hold a turn, or a message without one, that is suspected until no other is at work."""
        if not suspected(turn):
            yield
            return
        await self._one.acquire()
        held = [True]

        def let_next() -> None:
            if held:
                held.clear()
                self._one.release()

        timer = asyncio.get_running_loop().call_later(ALONE, let_next)
        try:
            yield
        finally:
            timer.cancel()
            let_next()

    def over(self, attempt: int) -> bool:
        """Tell whether this attempt is one too many."""
        return attempt > (TOGETHER + ATTEMPTS if self._several else ATTEMPTS)


def suspected(work: object) -> bool:
    """Tell whether something may be what broke the program off: it was cut again and again.

    Of one that was taken back only its messages are taken out, and before others are looked for
    among them.
    """
    if isinstance(work, StoredTurn) and (work.state != "running" or work.removed):
        return False
    return isinstance(work, StoredTurn | Accepted) and work.attempts >= TOGETHER
