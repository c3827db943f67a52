"""So many turns at work at once, for each of them takes memory (P5).

Decides which of those that wait begins next: the one who came first, but somebody who has more
waiting comes later by `LATER` seconds each time that it is twice as much. So whoever waits for one
answer does not stand behind a flood, and nobody is put off for ever.
"""

from __future__ import annotations

import asyncio
import heapq
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Final

MOST_AT_WORK: Final = 500
LATER: Final = 30.0

Held = Callable[[], int]
"""How much somebody has waiting, this included."""


class Workplaces:
    """The places of one process."""

    def __init__(self, most: int = MOST_AT_WORK) -> None:
        """Begin with all of them free."""
        self._free = most
        self._count = count()
        self._waiting: list[tuple[float, int, float, Held, asyncio.Future[None]]] = []

    @asynccontextmanager
    async def taken(self, held: Held) -> AsyncIterator[None]:
        """Work in a place, once there is one."""
        if self._free:
            self._free -= 1
        else:
            await self._given(held)
        try:
            yield
        finally:
            self._release()

    async def _given(self, held: Held) -> None:
        loop = asyncio.get_running_loop()
        given: asyncio.Future[None] = loop.create_future()
        came = loop.time()
        entry = (_rank(came, held), next(self._count), came, held, given)
        heapq.heappush(self._waiting, entry)
        try:
            await given
        except asyncio.CancelledError:
            if given.done() and not given.cancelled():
                self._release()
            raise

    def _release(self) -> None:
        """Give the place to the first of those who wait; who asked more meanwhile, is later now."""
        while self._waiting:
            was, number, came, held, given = heapq.heappop(self._waiting)
            if given.done():
                continue
            if (now := _rank(came, held)) > was:
                heapq.heappush(self._waiting, (now, number, came, held, given))
                continue
            given.set_result(None)
            return
        self._free += 1


def _rank(came: float, held: Held) -> float:
    return came + LATER * math.log2(max(1, held()))
