"""One connection through the chaos proxy, and what becomes of it; `chaos.py` says what that is."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulators.chaos import Trouble

BLOCK = 64 * 1024


class Line:
    """A connection: who asks is at `reader` and `writer`. `opening` is what was said first."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        asked: Callable[[], None],
        gone: Callable[[], None],
    ) -> None:
        self.reader, self.writer = reader, writer
        self.opening = b""
        self._asked, self._gone = asked, gone
        self._group: asyncio.TaskGroup | None = None
        self._forth: asyncio.Task[None] | None = None
        self._back: asyncio.Task[None] | None = None
        self._answer: asyncio.StreamReader | None = None
        self._dead = False

    async def passed(self, trouble: Trouble, host: str | None, port: int | None) -> None:
        """Pass on what is said in both directions, with this trouble on the way back."""
        self._answer, asking = await asyncio.open_connection(host, port)
        try:
            async with asyncio.TaskGroup() as self._group:
                self._forth = self._group.create_task(self._asks(asking))
                self._back = self._group.create_task(self._comes_back(trouble))
        finally:
            asking.transport.abort()

    async def answered(self, trouble: Trouble, instead: bytes) -> None:
        """Read one request to its end, and say this."""
        if b"\r\n\r\n" not in self.opening:
            self.opening += await self.reader.readuntil(b"\r\n\r\n")
        head, _, body = self.opening.partition(b"\r\n\r\n")
        self._asked()
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        await self.reader.readexactly(max(0, int(length or 0) - len(body)))
        self.writer.write(instead)
        while trouble.endless:
            self.writer.write(trouble.endless)
            await self.writer.drain()
            await asyncio.sleep(trouble.seconds)
        await self.writer.drain()
        await self._ends(trouble)

    def meet(self, trouble: Trouble) -> None:
        """Meet a trouble now, in the middle of whatever goes on."""
        if self._group is None or self._back is None or self._back.done():
            return
        if trouble.instead is not None:  # who comes again is told
            torn(self.writer)
            return
        self._back.cancel()
        self._back = self._group.create_task(self._met(trouble))

    async def _met(self, trouble: Trouble) -> None:
        if trouble.then in {"reset", "close", "stop", "dead"}:
            await self._ends(trouble)
            self._over()
        else:
            await self._comes_back(trouble)

    async def _asks(self, asking: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            data = self.opening or await self.reader.read(BLOCK)
            self.opening = data
            while data:
                if not self._dead:
                    if data.startswith(b"POST "):
                        self._asked()
                    asking.write(data)
                data = await self.reader.read(BLOCK)
        self._gone()
        asking.transport.abort()
        if self._back is not None:
            self._back.cancel()

    async def _comes_back(self, trouble: Trouble) -> None:
        assert self._answer is not None
        said, doubling = b"", _Doubling()
        if trouble.then == "dead" and trouble.after == 0:
            self._dead = True
        while data := await self._answer.read(BLOCK):
            if trouble.then == "trickle":
                await self._trickles(data, trouble.seconds)
                continue
            if trouble.then == "twice":
                self.writer.write(doubling.feed(data))
                continue
            said += data
            cut = _cut(trouble, said)
            if cut is not None:
                self.writer.write(data[: max(0, cut - (len(said) - len(data)))])
                await self.writer.drain()
                await self._ends(trouble)
                break
            self.writer.write(data)
            await self.writer.drain()
        self._over()

    def _over(self) -> None:
        if self._forth is not None:
            self._forth.cancel()

    async def _trickles(self, data: bytes, seconds: float) -> None:
        for at in range(len(data)):
            self.writer.write(data[at : at + 1])
            await self.writer.drain()
            await asyncio.sleep(seconds)

    async def _ends(self, trouble: Trouble) -> None:
        if trouble.then == "reset":
            torn(self.writer)
        elif trouble.then in {"stop", "dead"}:
            self._dead = trouble.then == "dead"
            while trouble.endless:
                self.writer.write(trouble.endless)
                await self.writer.drain()
                await asyncio.sleep(trouble.seconds)
            await asyncio.Event().wait()
        elif self.writer.can_write_eof():
            self.writer.write_eof()
            await asyncio.sleep(0.05)  # an abort at once would be a reset


def _cut(trouble: Trouble, said: bytes) -> int | None:
    """Tell after how many bytes the trouble begins, once that many are there."""
    if trouble.then not in {"reset", "close", "stop", "dead"}:
        return None
    if isinstance(trouble.after, bytes):
        at = said.find(trouble.after)
        return None if at < 0 else at + len(trouble.after)
    return trouble.after if len(said) >= trouble.after else None


def torn(writer: asyncio.StreamWriter) -> None:
    """Tear the connection: the other side sees a reset, not an end."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class _Doubling:
    """Doubles each chunk of a chunked body; every event stands in a chunk of its own."""

    def __init__(self) -> None:
        self._held = b""
        self._in_body = False

    def feed(self, data: bytes) -> bytes:
        self._held += data
        out = b""
        if not self._in_body:
            head, end, rest = self._held.partition(b"\r\n\r\n")
            if not end:
                return out
            out, self._held, self._in_body = head + end, rest, True
        while True:
            size, end, rest = self._held.partition(b"\r\n")
            length = int(size or b"0", 16) + 2
            if not end or len(rest) < length:
                return out
            chunk = size + end + rest[:length]
            out += chunk if length == 2 else chunk + chunk
            self._held = rest[length:]
