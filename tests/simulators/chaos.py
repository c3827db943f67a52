"""A TCP proxy on loopback that stands between the program and anything it talks to, and spoils it.

    async with ChaosProxy(simulator.base_url) as proxy:
        proxy.base_url                       # to be asked instead; `proxy.before(url)` for others
        proxy.plan(RESET, FINE)              # what befalls the connections that come, in turn
        proxy.befall(Trouble(then="dead"))   # what befalls those that are open, and all that come
        proxy.heal()                         # what comes now is fine; what is broken stays broken

It knows no wire format: it counts bytes, or looks for words of the answer, so it can stand before
model providers, the Bot API, REST, WebSockets and tool servers alike. `simulators/before.py` puts
one before each platform; `simulators/troubles.py` has the usual troubles by name. `asked` counts
the requests that reached it, `taken` the connections.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, Self
from urllib.parse import urlsplit

from tests.simulators.chaos_line import BLOCK, Line, torn

FILLERS = 3
"""Connections that fill a backlog of none; whoever comes then is neither taken nor refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What befalls a connection.

    `after` is how much of the answer still comes: so many bytes of it, head included, or all up
    to and including these words; a connection that is open already meets it at once. Then it is
    torn (`reset`), ends cleanly (`close`), nothing more comes back (`stop`: what is asked is still
    done), or nothing passes any more in either direction (`dead`: a half-open connection).
    `seconds` lie between two bytes of a `trickle`. `instead` is said in place of the server, once
    or (`endless`) for ever; b"" with `reset` is a reset at once. `endless` with `stop` or `dead`
    is what comes from then on, every `seconds`: pings, for instance. `twice` sends each chunk of a
    chunked body twice. `only` is for connections whose first request has these words in it.
    """

    then: Literal["go on", "reset", "close", "stop", "dead", "trickle", "twice"] = "go on"
    after: int | bytes = 0
    seconds: float = 0.0
    instead: bytes | None = None
    endless: bytes = b""
    only: bytes = b""


FINE = Trouble()


class ChaosProxy:
    """`async with ChaosProxy(simulator.base_url) as proxy: proxy.base_url`; see `Trouble`."""

    def __init__(self, target: str) -> None:
        """Lead to the server at `target`, an address with a path."""
        self._target = urlsplit(target)
        self.troubles: list[Trouble] = [FINE]
        self.asked = 0
        self.taken = 0
        self.gone = asyncio.Event()
        self._count = 0
        self._port = 0
        self._server: asyncio.Server | None = None
        self._lines: dict[Line, asyncio.Task[None]] = {}
        self._hole: list[socket.socket] = []

    @property
    def base_url(self) -> str:
        """Where to ask instead of the server."""
        return f"{self._target.scheme}://127.0.0.1:{self._port}{self._target.path}"

    @property
    def open(self) -> int:
        """How many connections are open."""
        return len(self._lines)

    def before(self, url: str) -> str:
        """Give an address of the same server as one that leads through here."""
        parts = urlsplit(url)
        assert parts.port == self._target.port, url
        return parts._replace(netloc=f"127.0.0.1:{self._port}").geturl()

    def lead_to(self, target: str) -> None:
        """Lead elsewhere from now on: to a server that is started only now."""
        self._target = urlsplit(target)

    # --- troubles ----------------------------------------------------------------------------

    def plan(self, *troubles: Trouble) -> None:
        """Let these befall the connections that come, one after the other."""
        self._count, self.troubles = 0, list(troubles)

    def befall(self, trouble: Trouble) -> None:
        """Let this befall whatever is open, and whatever comes until `heal`."""
        self.plan(trouble)
        for line in list(self._lines):
            if trouble.only in line.opening:
                line.meet(trouble)

    def heal(self) -> None:
        """Let what comes be fine. A connection that is half-open does not come to life again."""
        self.plan(FINE)

    async def refuse(self) -> None:
        """Let nobody connect any more, and end what is open; `listen` ends it."""
        if self._server is not None:
            self._server.close()
            self._server = None
        tasks = tuple(self._lines.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def vanish(self) -> None:
        """Neither take nor refuse who connects, as if the packets were lost; `listen` ends it."""
        await self.refuse()
        hole = socket.socket()
        hole.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        hole.bind(("127.0.0.1", self._port))
        hole.listen(0)
        self._hole = [hole]
        for _ in range(FILLERS):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self._port))
            self._hole.append(filler)

    # --- its life ----------------------------------------------------------------------------

    async def listen(self) -> None:
        """Take connections, again at the same port after `refuse` and `vanish`."""
        for each in reversed(self._hole):
            each.close()
        self._hole = []
        self._server = await asyncio.start_server(self._meet, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def __aenter__(self) -> Self:
        await self.listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.refuse()
        for each in self._hole:
            each.close()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        trouble = self.troubles[min(self._count, len(self.troubles) - 1)]
        self._count += 1
        self.taken += 1
        task = asyncio.current_task()
        assert task is not None
        line = Line(reader, writer, asked=self._asked, gone=self.gone.set)
        self._lines[line] = task
        try:
            # A server's task that is cancelled makes asyncio of 3.11 complain.
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._spoil(trouble, line)
        finally:
            self._lines.pop(line, None)
            writer.transport.abort()

    def _asked(self) -> None:
        self.asked += 1

    async def _spoil(self, trouble: Trouble, line: Line) -> None:
        if trouble.only:
            line.opening = await line.reader.read(BLOCK)
            if trouble.only not in line.opening:
                trouble = FINE
        if trouble.then == "reset" and trouble.instead == b"":
            torn(line.writer)
        elif trouble.instead is not None:
            await line.answered(trouble, trouble.instead)
        else:
            await line.passed(trouble, self._target.hostname, self._target.port)
