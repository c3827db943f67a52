"""Which of the chats that are free to send something does so next: the most urgent one.

Decides by what it is told of each when it comes, and asks all again now and then: to ask hundreds
for every slot took a tenth of the time that there is. Of those who are as urgent, the one goes
first that waits longest. It knows no slots and never waits.
"""

from __future__ import annotations

import heapq
from typing import Final, Generic, Protocol, TypeVar

AGAIN: Final = 0.5
"""Seconds after which all are asked again how urgent they are."""


class Waiting(Protocol):
    """Somebody who takes turns."""

    @property
    def urgent(self) -> float:
        """How urgent it is now."""
        ...


W = TypeVar("W", bound=Waiting)


class TakingTurns(Generic[W]):
    """Those who wait for their turn, each of them once."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._came: dict[W, int] = {}  # how many came before it
        self._order: list[tuple[float, int, int, W]] = []
        self._count = 0
        self._asked = 0.0

    def __bool__(self) -> bool:
        """Tell whether somebody waits."""
        return bool(self._came)

    def add(self, one: W) -> None:
        """Let one wait; who waits keeps its place, and is asked again how urgent it is."""
        self._count += 1
        self._came.setdefault(one, self._count)
        self._push(one)

    def take(self, now: float) -> W:
        """Give the one whose turn it is, who waits no more."""
        if now >= self._asked + AGAIN:
            self._ask_all(now)
        while True:
            _, came, _, one = heapq.heappop(self._order)
            if self._came.get(one) == came:
                del self._came[one]
                return one

    def _ask_all(self, now: float) -> None:
        self._asked = now
        self._order.clear()
        for one in self._came:
            self._push(one)

    def _push(self, one: W) -> None:
        self._count += 1
        heapq.heappush(self._order, (-one.urgent, self._came[one], self._count, one))
