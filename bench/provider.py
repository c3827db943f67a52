"""A provider of the Chat Completions format that does nothing but keep time.

It runs in a process of its own, so that its work is nobody's CPU, and speaks just enough HTTP.
Decides nothing: the model's name says when the pieces of an answer come (`scene.Plan`).
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import cast

from typing_extensions import override

from bench.scene import WORD, Plan

MODEL = re.compile(rb'"model": ?"([^"]+)"')
LENGTH = re.compile(rb"content-length: ?(\d+)", re.IGNORECASE)
HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
    b"Date: Sat, 21 Nov 2026 00:00:00 GMT\r\nTransfer-Encoding: chunked\r\n\r\n"
)
BROKEN = b'{"error": {"message": "Something went wrong.", "type": "server_error"}}'
REFUSAL = (
    b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(BROKEN), BROKEN)
)
TIMES = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
ENDED: deque[float] = deque(maxlen=100)
EVENT = (
    '{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1790000000,"model":"bench",'
    '"choices":[{"index":0,"delta":%s,"finish_reason":%s}],"usage":null}'
)
USAGE = (
    '{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1790000000,"model":"bench",'
    '"choices":[],"usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120}}'
)


def _chunk(*documents: str) -> bytes:
    data = "".join(f"data: {document}\n\n" for document in documents).encode()
    return b"%x\r\n%s\r\n" % (len(data), data)


PIECE = _chunk(EVENT % (f'{{"content":"{WORD}"}}', "null"))
FIRST = _chunk(
    EVENT % ('{"role":"assistant","content":""}', "null"),
    EVENT % (f'{{"content":"{WORD}"}}', "null"),
)
LAST = _chunk(EVENT % ("{}", '"stop"'), USAGE, "[DONE]") + b"0\r\n\r\n"


class Clockwork(asyncio.Protocol):
    """One connection: a request, its answer on time, the next request."""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._loop = asyncio.get_running_loop()
        self._buffer = b""
        self._timer: asyncio.TimerHandle | None = None

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()

    @override
    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if head.startswith(b"GET ") and found:
            self._tell()
            return
        length = LENGTH.search(head) if found else None
        if length is None or len(body) < int(length[1]):
            return
        self._buffer = b""
        model = MODEL.search(body)
        if model is not None:
            self._answer(_plan(model[1].decode()))

    def _tell(self) -> None:
        """Give the times of the latest endings, by the clock that all processes share."""
        self._buffer = b""
        body = json.dumps(list(ENDED)).encode()
        self._transport.write(TIMES % (len(body), body))

    def _answer(self, plan: Plan) -> None:
        begins = self._loop.time() + plan.first
        if plan.fails:
            self._timer = self._loop.call_at(begins, self._transport.write, REFUSAL)
        else:
            self._timer = self._loop.call_at(begins, self._say, plan, begins, 0)

    def _say(self, plan: Plan, begins: float, number: int) -> None:
        data = HEAD + FIRST if number == 0 else PIECE
        number += 1
        if number == plan.pieces:
            self._transport.write(data + LAST)
            ENDED.append(self._loop.time())
            return
        self._transport.write(data)
        # Counted from the beginning: what is late once must not make everything later.
        due = begins + number * plan.between
        if number == plan.pieces - 1:
            due += plan.pause
        self._timer = self._loop.call_at(due, self._say, plan, begins, number)


@lru_cache
def _plan(model: str) -> Plan:
    return Plan.of(model)


@contextmanager
def provider() -> Iterator[str]:
    """Run one in a child process; give its base URL."""
    command = [sys.executable, "-m", "bench.provider"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            yield child.stdout.readline().decode().strip()
        finally:
            child.stdin.close()  # it ends with its parent, however that ends


async def serve() -> None:
    """Serve on loopback until nobody holds the other end of stdin."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Clockwork, "127.0.0.1", 0, backlog=4096)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve())
