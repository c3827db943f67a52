"""So many turns at work at once, for each of them takes memory (P5), and fewer where they are late.

Decides which of those that wait begins next: the one who came first, but somebody who has more
waiting comes later by `LATER` seconds each time that it is twice as much. So whoever waits for one
answer does not stand behind a flood, and nobody is put off for ever. Whoever is new comes a little
later: of a crowd that comes all at once everybody asks one thing. Some places are kept for
those who wait for one answer. While the loop is late nobody begins who has not waited for a while:
what is at work would all be slower, and no more of it done. But now and then one of those does who
wait for one answer, so few that it stays late no longer.
"""

from __future__ import annotations

import asyncio
import heapq
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Final

from core.turnstile import crowded, standing

MOST_AT_WORK: Final = 500
LATER: Final = 30.0
NEW: Final = 2.0
"""Seconds by which somebody comes later for whom nothing was done yet."""
WHILE: Final = 5.0
"""Seconds for which not even whoever waits for one answer begins while the loop is late."""
APART: Final = 0.1
"""Seconds between two of those: of a flood, too, whoever was just answered asks one thing."""
KEPT: Final = 10
"""One place in so many is kept."""
LOOK: Final = 0.05
"""Seconds between two looks whether the loop is still late; then some begin, not all at once."""
AT_ONCE: Final = 4

Held = Callable[[], int]
"""How much somebody has waiting, this included."""
_Line = list[tuple[float, int, float, Held, asyncio.Future[bool]]]


class Workplaces:
    """The places of one process. `late` tells whether there is too much to do already."""

    def __init__(self, most: int = MOST_AT_WORK, late: Callable[[], bool] = crowded) -> None:
        """Begin with all of them free."""
        self._most = self._free = most
        self._kept = most // KEPT
        self._late = late
        self._one = -math.inf  # when the last one began who waits for one answer
        self._many = 0  # at work for somebody who had more waiting when they began
        self._count = count()
        self._ones: _Line = []  # who waits for one answer stands behind nobody who may not begin
        self._others: _Line = []
        self._timer: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def taken(self, held: Held, *, new: bool = False) -> AsyncIterator[None]:
        """Work in a place, once there is one; `new`: nothing was done for them yet."""
        before = self._ready(self._ones) or (held() > 1 and self._others)
        if self._may_begin(held, asyncio.get_running_loop().time()) and not before:
            many = self._begun(held)
        else:
            many = await self._given(held, NEW if new else 0.0)
        try:
            with standing(lambda: new or held() > 1):
                yield
        finally:
            self._release(many=many)

    def _may_begin(self, held: Held, came: float) -> bool:
        if not self._free or self._free == self._most:
            return self._free > 0
        now = asyncio.get_running_loop().time()
        if max(came + WHILE, _rank(came, held)) > now and self._late():
            return held() <= 1 and now >= self._one + APART
        return held() <= 1 or self._many < self._most - self._kept

    def _begun(self, held: Held) -> bool:
        """Take a place; say whether it is one of those that are not kept."""
        many = held() > 1
        self._free -= 1
        self._many += many
        if not many:
            self._one = asyncio.get_running_loop().time()
        return many

    async def _given(self, held: Held, later: float) -> bool:
        loop = asyncio.get_running_loop()
        given: asyncio.Future[bool] = loop.create_future()
        came = loop.time() + later
        entry = (_rank(came, held), next(self._count), came, held, given)
        heapq.heappush(self._line(held), entry)
        self._look_again()
        try:
            return await given
        except asyncio.CancelledError:
            if given.done() and not given.cancelled():
                self._release(many=given.result())
            raise

    def _release(self, *, many: bool) -> None:
        self._free += 1
        self._many -= many
        self._give(1)

    def _give(self, most: int) -> None:
        """Give places to those who come first."""
        while most and (line := self._next()) is not None:
            *_, held, given = heapq.heappop(line)
            most -= 1
            given.set_result(self._begun(held))
        self._look_again()

    def _line(self, held: Held) -> _Line:
        return self._ones if held() <= 1 else self._others

    def _next(self) -> _Line | None:
        """Find the line whose first came first, of those who may begin."""
        lines = [each for each in (self._ones, self._others) if self._ready(each)]
        may = [each for each in lines if self._may_begin(each[0][3], each[0][2])]
        return min(may, key=lambda each: each[0][:2], default=None)

    def _ready(self, line: _Line) -> bool:
        """Have the first of a line stand in front: who asked more meanwhile, is later now."""
        while line:
            was, number, came, held, given = line[0]
            if not given.done() and (now := _rank(came, held)) <= was:
                return True
            heapq.heappop(line)
            if not given.done():
                heapq.heappush(self._line(held), (now, number, came, held, given))
        return False

    def _look_again(self) -> None:
        """Look later whether those who wait may begin: a place may be free, and the loop late."""
        if (self._ones or self._others) and self._free and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LOOK, self._looked)

    def _looked(self) -> None:
        self._timer = None
        self._give(AT_ONCE)


def _rank(came: float, held: Held) -> float:
    return came + LATER * math.log2(max(1, held()))
