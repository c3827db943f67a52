"""A tool server behind HTTP that does what servers elsewhere do: forgets, refuses, floods.

It speaks MCP's streamable HTTP of 2025-11-25 by hand, with sessions and JSON answers.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

SESSION = "Mcp-Session-Id"
FLOOD = 50_000_000


@dataclass
class HttpServer:
    """A server at work. `calls` are those that were carried out; `status` refuses everything."""

    url: str = ""
    names: list[str] = field(default_factory=lambda: ["say", "flood", "pour", "wait"])
    token: str | None = None
    status: int | None = None
    location: str = ""
    broken: bool = False
    calls: list[str] = field(default_factory=list)
    cancelled: list[int] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    unknown: tuple[int, str] = (404, "")
    """What is told whoever comes with a session that is not known: a status, and an error."""
    _sessions: set[str] = field(default_factory=set)
    _opened: int = 0
    _streams: list[web.StreamResponse] = field(default_factory=list)

    def forget(self) -> None:
        """Know no session any more, as after a restart."""
        self._sessions.clear()

    async def change(self, *names: str) -> None:
        """Have other tools, and tell whoever listens."""
        self.names = list(names)
        event = {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
        for stream in self._streams:
            await stream.write(f"event: message\ndata: {json.dumps(event)}\n\n".encode())

    @property
    def listened_to(self) -> bool:
        """Whether somebody has opened the stream on which changes are told."""
        return bool(self._streams)

    async def post(self, request: web.Request) -> web.StreamResponse:
        self.headers.append(dict(request.headers))
        if (refused := self._refused(request)) is not None:
            return refused
        message = await request.json()
        if message["method"] == "initialize":
            self._opened += 1
            self._sessions.add(session := f"s{self._opened}")
            return _result(message, _hello(message), {SESSION: session})
        if request.headers.get(SESSION) not in self._sessions:
            return self._forgot()
        return await self._answer(request, message)

    def _refused(self, request: web.Request) -> web.Response | None:
        if self.location:
            return web.Response(status=307, headers={"Location": self.location})
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.Response(status=401)
        if self.status:
            return web.Response(status=self.status, text="<html>proxy error</html>")
        return None

    def _forgot(self) -> web.Response:
        status, words = self.unknown
        if not words:
            return web.Response(status=status)
        error = {"jsonrpc": "2.0", "id": None, "error": {"code": -32001, "message": words}}
        return web.json_response(error, status=status)

    async def _answer(self, request: web.Request, message: dict[str, Any]) -> web.StreamResponse:
        match message["method"]:
            case "notifications/cancelled":
                self.cancelled.append(message["params"]["requestId"])
                return web.Response(status=202)
            case "tools/list":
                tools = [{"name": name, "inputSchema": {"type": "object"}} for name in self.names]
                return _result(message, {"tools": "none" if self.broken else tools})
            case "tools/call":
                return await self._call(request, message)
            case _ if "id" not in message:
                return web.Response(status=202)
            case _:
                error = {"code": -32601, "message": "Method not found"}
                told = {"jsonrpc": "2.0", "id": message["id"], "error": error}
                return web.json_response(told)

    async def _call(self, request: web.Request, message: dict[str, Any]) -> web.StreamResponse:
        name = message["params"]["name"]
        self.calls.append(name)
        if name == "wait":
            await asyncio.sleep(3600)
        text = "a" * FLOOD if name in {"flood", "pour"} else "said"
        result = {"content": [{"type": "text", "text": text}]}
        if name != "pour":
            return _result(message, result)
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        answer = {"jsonrpc": "2.0", "id": message["id"], "result": result}
        await stream.write(f"event: message\ndata: {json.dumps(answer)}\n\n".encode())
        return stream

    async def get(self, request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        self._streams.append(stream)
        await asyncio.sleep(3600)
        return stream

    async def delete(self, request: web.Request) -> web.Response:
        self._sessions.discard(request.headers.get(SESSION, ""))
        return web.Response(status=204)


def _hello(message: dict[str, Any]) -> dict[str, Any]:
    return {
        "protocolVersion": message["params"]["protocolVersion"],
        "capabilities": {"tools": {"listChanged": True}},
        "serverInfo": {"name": "simulator", "version": "1"},
    }


def _result(
    message: dict[str, Any], result: dict[str, Any], headers: dict[str, str] | None = None
) -> web.Response:
    body = {"jsonrpc": "2.0", "id": message["id"], "result": result}
    return web.json_response(body, headers=headers)


@asynccontextmanager
async def serving(server: HttpServer, port: int = 0) -> AsyncIterator[HttpServer]:
    """Serve on loopback until left."""
    app = web.Application(client_max_size=1 << 26)
    app.router.add_post("/mcp", server.post)
    app.router.add_get("/mcp", server.get)
    app.router.add_delete("/mcp", server.delete)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/mcp"
    try:
        yield server
    finally:
        await runner.cleanup()
