"""How much of pictures all turns at work hold together (P5): the next one waits for its share.

A turn holds its pictures from its first call to its last, and each call that is being sent holds
them once more. Decides who waits, in the order in which they came; a turn without pictures never
does.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

PICTURES_AT_ONCE: Final = 64 * 1024 * 1024
"""Bytes of all pictures of all turns at work, as they lie on the disk; a turn has 12 MB at most.
In memory that is a third more, and as much again for each reference that is being asked."""


class PictureRoom:
    """The room of one process."""

    def __init__(self, most: int = PICTURES_AT_ONCE) -> None:
        """Begin with all of it free."""
        self._free = self._most = most
        self._held: dict[str, int] = {}
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @contextmanager
    def kept(self, turn_id: str) -> Iterator[None]:
        """Let a turn hold what it takes, as long as this lasts."""
        try:
            yield
        finally:
            self._free += self._held.pop(turn_id, 0)
            self._let_in()

    async def take(self, turn_id: str, size: int) -> None:
        """Take so many bytes for a turn, once they are free; whoever came before takes first."""
        size = min(size, self._most)
        if not size:
            return
        came: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (size, came)
        self._waiting.append(entry)
        self._let_in()
        try:
            await came
        except asyncio.CancelledError:
            if entry in self._waiting:
                self._waiting.remove(entry)
            else:
                self._free += size
            self._let_in()
            raise
        self._held[turn_id] = self._held.get(turn_id, 0) + size

    def _let_in(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._free:
            size, came = self._waiting.popleft()
            self._free -= size
            if not came.cancelled():
                came.set_result(None)
