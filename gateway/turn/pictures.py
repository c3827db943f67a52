"""How much of pictures all turns at work hold together (P5): the next one waits for its share.

A turn holds its pictures from its first call to its last, but not while it waits for somebody's
yes, and each call that is being sent holds them once more. Decides who waits, in the order in
which they came; a turn without pictures never does.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final

from core.errors import StoreError

if TYPE_CHECKING:
    from core.types import Image

PICTURES_AT_ONCE: Final = 64 * 1024 * 1024
"""Bytes of all pictures of all turns at work, as they lie on the disk; a turn has 12 MB at most.
In memory that is a third more, and as much again for each reference that is being asked."""


class Pictures:
    """The pictures that a turn shows, by digest; `load` gives them as data URIs once more.

    The very values that its lines hold are emptied and filled again, so that nobody who keeps
    such a line (the engine, a call that is over) holds any bytes meanwhile. Nobody reads them then.
    """

    def __init__(
        self,
        images: Mapping[str, Sequence[Image]],
        load: Callable[[], Awaitable[Mapping[str, str]]],
    ) -> None:
        """Begin with all of them full."""
        self._images = images
        self._load = load

    def empty(self) -> None:
        """Let go of the bytes."""
        for images in self._images.values():
            for each in images:
                object.__setattr__(each, "url", "")

    async def fill(self) -> None:
        """Take the bytes back from the disk.

        Raises:
            StoreError: one of them is kept no longer.
        """
        urls = await self._load()
        if missing := self._images.keys() - urls.keys():
            raise StoreError(f"{len(missing)} pictures of a question are kept no longer")
        for digest, images in self._images.items():
            for each in images:
                object.__setattr__(each, "url", urls[digest])


class PictureRoom:
    """The room of one process."""

    def __init__(self, most: int = PICTURES_AT_ONCE) -> None:
        """Begin with all of it free."""
        self._free = self._most = most
        self._held: dict[str, int] = {}
        self._shown: dict[str, Pictures] = {}
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @contextmanager
    def kept(self, turn_id: str) -> Iterator[None]:
        """Let a turn hold what it takes, as long as this lasts."""
        try:
            yield
        finally:
            self._free += self._held.pop(turn_id, 0)
            self._shown.pop(turn_id, None)
            self._let_in()

    def shows(self, turn_id: str, pictures: Pictures) -> None:
        """Hear what a turn holds in its share."""
        self._shown[turn_id] = pictures

    @asynccontextmanager
    async def aside(self, turn_id: str) -> AsyncIterator[None]:
        """Give a turn's share to others while it waits for somebody; it waits for it after that.

        It holds nothing then that others wait for, so nobody waits for one another. A turn that is
        cut meanwhile takes nothing back.

        Raises:
            StoreError: its pictures are kept no longer.
        """
        pictures = self._shown.get(turn_id)
        size = self._held.pop(turn_id, 0) if pictures is not None else 0
        if pictures is None or not size:  # or it has given it back already
            yield
            return
        pictures.empty()
        self._free += size
        self._let_in()
        yield
        await self.take(turn_id, size)
        await pictures.fill()

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
