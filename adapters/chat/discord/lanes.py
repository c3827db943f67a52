"""Work in lanes: what has one key is done in order, other keys go on beside it.

Decides whose turn it is: a few at a time, key after key, so one that takes long holds up no other.
Bounded: whoever puts in more than there is room for waits, and so does the socket behind it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

WORKERS: Final = 128
"""So many keys are worked on at once: most of it is waiting, for the store and for its turn."""
ROOM: Final = 1024
"""So much may wait or be in work, of all keys."""


class Lanes(Generic[T]):
    """Does `work` on everything that is put in."""

    def __init__(self, work: Callable[[T], Awaitable[None]]) -> None:
        """Make them; `start` lets them run."""
        self._work = work
        self._waiting: dict[str, deque[T]] = {}  # a key in work is here, though nothing waits
        self._next = asyncio.Queue[str]()
        self._room = asyncio.Semaphore(ROOM)

    def start(self, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        """Run until the tasks are cancelled."""
        return [group.create_task(self._run()) for _ in range(WORKERS)]

    async def put(self, key: str, item: T) -> None:
        """Line an item up behind the others of its key."""
        await self._room.acquire()
        if key in self._waiting:
            self._waiting[key].append(item)
        else:
            self._waiting[key] = deque([item])
            self._next.put_nowait(key)

    async def _run(self) -> None:
        while True:
            key = await self._next.get()
            waiting = self._waiting[key]
            await self._work(waiting.popleft())
            self._room.release()
            if waiting:
                self._next.put_nowait(key)
            else:
                del self._waiting[key]
