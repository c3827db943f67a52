"""One connection to the gateway: compressed frames, close codes, and the session behind it."""

from __future__ import annotations

import asyncio
import json
import zlib
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMessage, web

from tests.simulators.base import Window


class Closed(Exception):
    """The connection is closed with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


@dataclass(slots=True, eq=False)
class Session:
    """What one IDENTIFY began."""

    id: str
    intents: int
    sent: list[dict[str, Any]] = field(default_factory=list)
    line: Line | None = None

    @property
    def seq(self) -> int:
        return len(self.sent)


class Line:
    """One websocket. What is held back while it is muted is sent later, in order."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        *,
        compress: bool,
    ) -> None:
        self.socket, self._transport = socket, transport
        self.session: Session | None = None
        self._waiting: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._open = asyncio.Event()
        self._open.set()
        self._zlib = zlib.compressobj() if compress else None
        self.events = Window(120, 60.0)

    @property
    def waiting(self) -> int:
        """How many frames have not gone out."""
        return self._waiting.qsize()

    def send(self, frame: dict[str, Any]) -> None:
        self._waiting.put_nowait(frame)

    async def write(self) -> None:
        """Send what there is, in order, until it is cancelled or the other side is gone."""
        while True:
            frame = await self._waiting.get()
            await self._open.wait()
            try:
                await self._put(json.dumps(frame))
            except (ConnectionError, RuntimeError):
                return  # the session keeps what was to be sent

    async def _put(self, text: str) -> None:
        if self._zlib is None:
            await self.socket.send_str(text)
            return
        packed = self._zlib.compress(text.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
        await self.socket.send_bytes(packed)

    def mute(self) -> None:
        self._open.clear()

    def abort(self) -> None:
        """Tear it, without a word."""
        if self._transport is not None:
            self._transport.abort()


def parsed(frame: WSMessage) -> dict[str, Any]:
    """Read a frame of the client's, or close."""
    try:
        body = json.loads(frame.data)
    except (ValueError, TypeError):
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("op"), int):
        raise Closed(4002, "Error while decoding payload.")
    return body
