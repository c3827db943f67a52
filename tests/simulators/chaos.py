"""A TCP proxy on loopback that stands between us and a simulated provider, and spoils things.

It knows no wire format: it counts bytes, or looks for words of the answer. One `Trouble` after
another for the connections that come, the last one again and again; `asked` counts the requests
that reached it.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, Self
from urllib.parse import urlsplit

BLOCK = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What befalls a connection.

    `after` is how much of the answer still comes: so many bytes of it, head included, or all up
    to and including these words. Then it is torn (`reset`), ends cleanly (`close`), or nothing
    more comes (`stop`). `seconds` lie between two bytes of a `trickle`. `instead` is said in
    place of the provider, once or (`endless`) for ever; b"" with `reset` is a reset at once.
    `twice` sends each chunk of the body twice.
    """

    then: Literal["go on", "reset", "close", "stop", "trickle", "twice"] = "go on"
    after: int | bytes = 0
    seconds: float = 0.0
    instead: bytes | None = None
    endless: bytes = b""


FINE = Trouble()


class ChaosProxy:
    """`async with ChaosProxy(simulator.base_url) as proxy: proxy.base_url`; see `Trouble`."""

    def __init__(self, target: str) -> None:
        """Lead to the provider at `target`, an address with a path."""
        self._target = urlsplit(target)
        self.troubles: list[Trouble] = [FINE]
        self.asked = 0
        self.gone = asyncio.Event()
        self._count = 0
        self._port = 0
        self._server: asyncio.Server | None = None
        self._met: set[asyncio.Task[None]] = set()

    @property
    def base_url(self) -> str:
        """Where to ask instead of the provider."""
        return f"http://127.0.0.1:{self._port}{self._target.path}"

    async def listen(self) -> None:
        """Take connections, again at the same port after `refuse`."""
        self._server = await asyncio.start_server(self._meet, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Let nobody connect any more."""
        if self._server is not None:
            self._server.close()
        met = tuple(self._met)
        for task in met:
            task.cancel()
        if met:
            await asyncio.wait(met)

    async def __aenter__(self) -> Self:
        await self.listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.refuse()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        trouble = self.troubles[min(self._count, len(self.troubles) - 1)]
        self._count += 1
        task = asyncio.current_task()
        assert task is not None
        self._met.add(task)
        try:
            # A server's task that is cancelled makes asyncio of 3.11 complain.
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._spoil(trouble, reader, writer)
        finally:
            self._met.discard(task)
            writer.transport.abort()

    async def _spoil(
        self, trouble: Trouble, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if trouble.then == "reset" and trouble.instead == b"":
            _reset(writer)
            return
        if trouble.instead is not None:
            await self._request(reader)
            await self._say(trouble, trouble.instead, writer)
            return
        host, port = self._target.hostname, self._target.port
        answer, asking = await asyncio.open_connection(host, port)
        try:
            async with asyncio.TaskGroup() as group:
                forth = group.create_task(self._forth(reader, asking))
                await self._back(trouble, answer, writer)
                forth.cancel()
        finally:
            asking.transport.abort()

    async def _request(self, reader: asyncio.StreamReader) -> None:
        """Read one request to its end."""
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        self.asked += 1
        length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length or 0))

    async def _forth(self, reader: asyncio.StreamReader, asking: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(BLOCK):
                self.asked += data.startswith(b"POST ")
                asking.write(data)
        self.gone.set()
        asking.transport.abort()

    async def _say(self, trouble: Trouble, data: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        while trouble.endless:
            writer.write(trouble.endless)
            await writer.drain()
            await asyncio.sleep(trouble.seconds)
        await writer.drain()
        await _end(trouble, writer)

    async def _back(
        self, trouble: Trouble, answer: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        said, doubling = b"", _Doubling()
        while data := await answer.read(BLOCK):
            if trouble.then == "trickle":
                await _trickle(data, trouble.seconds, writer)
                continue
            if trouble.then == "twice":
                writer.write(doubling.feed(data))
                continue
            said += data
            cut = _cut(trouble, said)
            if cut is not None:
                writer.write(data[: max(0, cut - (len(said) - len(data)))])
                await writer.drain()
                await _end(trouble, writer)
                return
            writer.write(data)
            await writer.drain()


async def _trickle(data: bytes, seconds: float, writer: asyncio.StreamWriter) -> None:
    for at in range(len(data)):
        writer.write(data[at : at + 1])
        await writer.drain()
        await asyncio.sleep(seconds)


def _cut(trouble: Trouble, said: bytes) -> int | None:
    """Tell after how many bytes the trouble begins, once that many are there."""
    if trouble.then not in {"reset", "close", "stop"}:
        return None
    if isinstance(trouble.after, bytes):
        at = said.find(trouble.after)
        return None if at < 0 else at + len(trouble.after)
    return trouble.after if len(said) >= trouble.after else None


async def _end(trouble: Trouble, writer: asyncio.StreamWriter) -> None:
    if trouble.then == "reset":
        _reset(writer)
    elif trouble.then == "stop":
        await asyncio.Event().wait()
    elif writer.can_write_eof():
        writer.write_eof()
        await asyncio.sleep(0.05)  # an abort at once would be a reset


def _reset(writer: asyncio.StreamWriter) -> None:
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
