"""Keeps the event loop answering while hundreds of models speak at once.

Decides how many pieces of work with models are done in one round of the loop: a few. What is
ready beyond that is done in the next rounds, first come, first served, and everything else that
the program does has its turn in between. What is done for whoever comes behind others waits longer,
but some of it is done in every round. It never knows what the work is, and never sleeps.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from weakref import WeakKeyDictionary

PER_ROUND = 16
"""Pieces of work in one round: each takes from a tenth of a millisecond to half of one."""
OF_THEM = 4
"""One piece of so many is always done for those who come behind others."""
LATE = 4
"""Rounds behind which everything that is done is late: more work would make it later."""


class Turnstile:
    """Lets so many pass in one round of its loop. Whoever need not wait passes at once."""

    def __init__(self, per_round: int = PER_ROUND) -> None:
        """Stand in the loop that it is passed in."""
        self._per_round = per_round
        self._passed = 0
        self._called = 0
        self._armed = False
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._behind: deque[asyncio.Future[None]] = deque()

    async def passed(self, *, behind: bool = False) -> None:
        """Return when it is the caller's turn: nobody overtakes those who came before.

        But whoever comes `behind` others is overtaken by those who do not.
        """
        if self._passed < self._per_round and not self._called:
            self._count()
            return
        turn = asyncio.get_running_loop().create_future()
        (self._behind if behind else self._waiting).append(turn)
        self._arm()
        try:
            await turn
        finally:
            self._called -= turn.done() and not turn.cancelled()

    @property
    def crowded(self) -> bool:
        """Whether what is ready takes so many rounds that all of it is late."""
        return len(self._waiting) + len(self._behind) > LATE * self._per_round

    def _count(self) -> None:
        self._passed += 1
        self._arm()

    def _arm(self) -> None:
        if not self._armed:
            self._armed = True
            asyncio.get_running_loop().call_soon(self._next_round)

    def _next_round(self) -> None:
        self._passed, self._armed = 0, False
        self._call(self._behind, self._per_round // OF_THEM)
        self._call(self._waiting, self._per_round)
        self._call(self._behind, self._per_round)

    def _call(self, line: deque[asyncio.Future[None]], most: int) -> None:
        while line and self._passed < most:
            turn = line.popleft()
            if not turn.done():  # whoever was stopped while waiting takes nobody's place
                self._count()
                self._called += 1
                turn.set_result(None)


_STILES: WeakKeyDictionary[asyncio.AbstractEventLoop, Turnstile] = WeakKeyDictionary()


_BEHIND: ContextVar[Callable[[], bool]] = ContextVar("behind", default=lambda: False)


@contextmanager
def standing(behind: Callable[[], bool]) -> Iterator[None]:
    """Let all that is done in here, and in tasks born here, come behind others while that is so."""
    token = _BEHIND.set(behind)
    try:
        yield
    finally:
        _BEHIND.reset(token)


async def my_turn() -> None:
    """Pass the one turnstile of the running loop, before a piece of work."""
    await _stile().passed(behind=_BEHIND.get()())


def crowded() -> bool:
    """Tell whether more work with models is ready now than the running loop can do in time."""
    return _stile().crowded


def _stile() -> Turnstile:
    loop = asyncio.get_running_loop()
    stile = _STILES.get(loop)
    if stile is None:
        stile = _STILES[loop] = Turnstile()
    return stile
