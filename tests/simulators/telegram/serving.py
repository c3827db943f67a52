"""The Bot API over HTTP: reads requests however they come, answers them, posts to the webhook.

Decides nothing of what methods do. Faults and the log are here, since they are the wire's.
"""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Self, TypeAlias

import aiohttp
from aiohttp import web

from tests.simulators.base import Changes, Fault, Faults, Request, RequestLog
from tests.simulators.telegram.call import Call
from tests.simulators.telegram.refusal import WORDS, Refusal, bad, flooded
from tests.simulators.telegram.state import File, Wire, World
from tests.simulators.telegram.updates import Updates

Method: TypeAlias = Callable[[Call], Any]
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
AGAIN = 0.2
DOWNLOAD = "download"
"""What a request for a file's bytes is called in the log and for faults."""


class Server:
    """The wire. `methods` are by their documented names, found in any case.

    A request stands in the log from its arrival on, with status 0 until it was answered.
    """

    def __init__(
        self,
        token: str,
        methods: Mapping[str, Method],
        changes: Changes,
        now: Callable[[], float],
    ) -> None:
        self.url = ""
        self.requests = RequestLog(changes, "telegram")
        self.faults = Faults()
        self.changes = changes
        self.token = token
        self._now = now
        self._methods = {name.lower(): (name, method) for name, method in methods.items()}
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None

    async def start(self, world: World, port: int) -> Self:
        """Listen on loopback."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/bot{token}/{method}", self._answer)

        async def file(request: web.Request) -> web.StreamResponse:
            return await self._download(world, request)

        app.router.add_get("/file/bot{token}/{path:.+}", file)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await self._listen(port)
        host, bound = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{bound}"
        return self

    async def _listen(self, port: int) -> None:
        assert self._runner is not None
        self._site = web.TCPSite(self._runner, "127.0.0.1", port)
        await self._site.start()

    async def stop(self) -> None:
        if self._runner is not None:
            self.drop_connections()
            await self._runner.cleanup()

    def drop_connections(self) -> None:
        """Cut every connection, whatever is on it."""
        assert self._runner is not None
        assert self._runner.server is not None
        for connection in self._runner.server.connections:
            if connection.transport is not None:
                connection.transport.abort()

    async def go_away(self) -> None:
        """Take no connection until `come_back`."""
        assert self._site is not None
        await self._site.stop()
        self.drop_connections()

    async def come_back(self) -> None:
        await self._listen(int(self.url.rpartition(":")[2]))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        named = request.match_info["method"]
        name = self._methods.get(named.lower(), (named, None))[0]
        fault = None
        arrived = Request(at=self._now(), method=name, params={}, status=0)
        try:
            call = await read_call(request, name)
            fault = self.faults.take(name, call.params)
            files = {key: file.name for key, file in call.files.items()}
            arrived = replace(arrived, params={**call.params, **files})
            self.requests.add(arrived)
            if fault is not None and fault.kind == "reset":
                return self._cut(request)
            if fault is not None and fault.kind == "refuse" and (page := fault.raw) is not None:
                self._settle(arrived, {"error_code": fault.status})
                return page
            body = await self._done(request, call, fault)
        except Refusal as no:
            revoked = request.match_info["token"] != self.token
            body = Refusal(401).wire if revoked else no.wire
        self._settle(arrived, body)
        if fault is not None and fault.kind == "drop":
            return self._cut(request)
        if fault is not None and fault.kind == "delay":
            await fault.late()
        if fault is not None and (page := fault.raw) is not None:
            return page
        return web.json_response(body, status=body.get("error_code", 200))

    async def _done(self, request: web.Request, call: Call, fault: Fault | None) -> Wire:
        method = self._admitted(request)
        _refuse(fault)
        result = method(call)
        result = await result if inspect.isawaitable(result) else result
        self._admitted(request)
        return {"ok": True, "result": result}

    def _settle(self, arrived: Request, body: Wire) -> None:
        """Write into the log what became of a request."""
        status, error = body.get("error_code", 200), str(body.get("description", ""))
        entries = self.requests.entries
        for index in range(len(entries) - 1, -1, -1):
            if entries[index] is arrived:
                entries[index] = replace(arrived, status=status, error=error)
                break
        self.changes.tell()

    def _admitted(self, request: web.Request) -> Method:
        if request.match_info["token"] != self.token:
            raise Refusal(401)
        if request.method not in {"GET", "POST"}:
            raise Refusal(405)
        _, method = self._methods.get(request.match_info["method"].lower(), ("", None))
        if method is None:
            raise Refusal(404)
        return method

    def _cut(self, request: web.Request) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    async def _download(self, world: World, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        arrived = Request(at=self._now(), method=DOWNLOAD, params={"path": path}, status=0)
        self.requests.add(arrived)
        fault = self.faults.take(DOWNLOAD, arrived.params)
        if fault is not None and fault.kind in {"reset", "drop"}:
            return self._cut(request)
        if fault is not None and fault.kind == "delay":
            await fault.late()
        if fault is not None and fault.kind in {"refuse", "garble"}:
            return fault.raw or web.json_response(Refusal(fault.status).wire, status=fault.status)
        return self._file(world, request)

    def _file(self, world: World, request: web.Request) -> web.StreamResponse:
        if request.match_info["token"] != self.token:
            return web.json_response(Refusal(401).wire, status=401)
        for path, file in world.files.values():
            if path == request.match_info["path"]:
                return web.Response(body=file.content, content_type="application/octet-stream")
        return web.json_response(Refusal(404).wire, status=404)


def _refuse(fault: Fault | None) -> None:
    if fault is None or fault.kind != "refuse":
        return
    error = fault.error.removeprefix(f"{WORDS.get(fault.status)}: ")
    if fault.retry_after is None:
        raise Refusal(fault.status, error, **fault.parameters)
    no = flooded(fault.retry_after)
    raise Refusal(fault.status, error or no.words, **no.parameters)


async def read_call(request: web.Request, name: str) -> Call:
    """Put together what stands in the address, the form, the parts or the JSON."""
    params: dict[str, Any] = dict(request.query)
    files: dict[str, File] = {}
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.read() or b"{}")
        except ValueError:
            raise bad("can't parse JSON object") from None
        if not isinstance(body, dict):
            raise bad("can't parse JSON object")
        params |= {key: value for key, value in body.items() if value is not None}
    elif request.can_read_body:
        for key, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                kind = value.content_type
                content = value.file.read()
                files[key] = File(name=value.filename, content=content, media_type=kind)
            else:
                params[key] = value
    return Call(method=name, params=params, files=files)


async def post_updates(updates: Updates, changes: Changes, wall: Callable[[], int]) -> None:
    """Post what is pending to the webhook, one by one, each again until it is taken."""
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        while True:
            await changes.until(lambda: updates.webhook and updates.pending, seconds=86_400)
            error = await _post(session, updates)
            if error:
                updates.last_error, updates.last_error_at = error, wall()
                changes.tell()
                await asyncio.sleep(AGAIN)


async def _post(session: aiohttp.ClientSession, updates: Updates) -> str:
    hook, update = updates.webhook, updates.pending[0]
    if hook is None:
        return ""
    headers = {SECRET_HEADER: hook.secret} if hook.secret else {}
    try:
        async with session.post(hook.url, json=update, headers=headers) as response:
            if response.status != 200:
                return f"Wrong response from the webhook: {response.status} {response.reason}"
    except (aiohttp.ClientError, TimeoutError) as lost:
        return f"Connection failed: {type(lost).__name__}"
    updates.confirm(update["update_id"] + 1)
    return ""
