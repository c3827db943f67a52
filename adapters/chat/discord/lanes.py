"""Work in lanes: what has one key is done in order, other keys go on beside it.

Bounded: whoever puts into a full lane waits, and so does the socket behind it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

LANES: Final = 16
ROOM: Final = 64


class Lanes(Generic[T]):
    """Does `work` on everything that is put in."""

    def __init__(self, work: Callable[[T], Awaitable[None]]) -> None:
        """Make them; `start` lets them run."""
        self._work = work
        self._queues = [asyncio.Queue[T](ROOM) for _ in range(LANES)]

    def start(self, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        """Run until the tasks are cancelled."""
        return [group.create_task(self._run(queue)) for queue in self._queues]

    async def put(self, key: str, item: T) -> None:
        """Line an item up behind the others of its key."""
        await self._queues[hash(key) % LANES].put(item)

    async def _run(self, queue: asyncio.Queue[T]) -> None:
        while True:
            await self._work(await queue.get())
