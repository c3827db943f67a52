"""The OpenAI-compatible endpoint: every preset is a model (MOA-5, MOA-40).

Decides who may use which preset and how an answer leaves; the program's transcript is the history
and nothing of it is kept but what it cost. Whoever hangs up has stopped the turn (MOA-11).
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

from aiohttp import web

from core.engine import TurnRequest, require_available
from core.errors import PresetUnavailable, StoreError, UnknownPreset, UsageError
from core.events import AnswerDelta, Terminal, TurnFailed, TurnStopped
from core.ports import Clock, Providers, Turns
from core.presets import Catalogue, Preset
from core.records import TurnStart
from core.types import Line
from gateway.http.completions_answer import Said, Writer, error_body, models_body
from gateway.http.completions_request import Wanted, read_request
from gateway.mailbox import Mailbox
from gateway.turns import TurnRunner

HEARTBEAT = 10.0
"""Seconds between comments on a stream that has nothing to say, for proxies in between."""

WATCH = 0.1
"""Seconds between looks at whether the client is still there."""

LARGEST = 8 * 1024 * 1024
OWNER = "owner"
DEPTH = "X-MoA-Depth"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Who may use /v1. Without `presets` all of them."""

    name: str
    token: str
    presets: tuple[str, ...] = ()

    def may_use(self, preset: Preset) -> bool:
        """Tell whether this key reaches that preset."""
        return not self.presets or preset.name in self.presets


_Handler: TypeAlias = Callable[[web.Request, Key], Awaitable[web.StreamResponse]]
_Outer: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Refusal(Exception):
    """An error to be answered in OpenAI's shape."""

    def __init__(self, status: int, message: str, *, kind: str, code: str | None = None) -> None:
        """Keep what is answered."""
        super().__init__(message)
        self.status = status
        self.body = error_body(message, kind=kind, code=code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """The endpoint and what it needs."""

    catalogue: Catalogue
    providers: Providers
    runner: TurnRunner
    store: Turns
    clock: Clock
    keys: tuple[Key, ...]

    def routes(self) -> list[web.RouteDef]:
        """Give the routes, to be mounted."""
        return [
            web.get("/v1/models", self._guarded(self._models)),
            web.get("/v1/models/{name:.+}", self._guarded(self._model)),
            web.post("/v1/chat/completions", self._guarded(self._complete)),
        ]

    def _guarded(self, handler: _Handler) -> _Outer:
        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request, self._key(request))
            except Refusal as refusal:
                return _json(refusal.body, status=refusal.status)
            except web.HTTPRequestEntityTooLarge:
                text = f"The request is larger than {LARGEST // 1024 // 1024} MB."
                return _json(error_body(text, kind="invalid_request_error"), status=413)

        return handle

    def _key(self, request: web.Request) -> Key:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        found: Key | None = None
        for key in self.keys:
            if hmac.compare_digest(token.strip().encode(), key.token.encode()):
                found = key
        if scheme.lower() != "bearer" or found is None:
            message = "Send your key as 'Authorization: Bearer …'; this one is missing or wrong."
            raise Refusal(401, message, kind="invalid_request_error", code="invalid_api_key")
        return found

    async def _models(self, _request: web.Request, key: Key) -> web.StreamResponse:
        names = [name for name, preset in self.catalogue.presets.items() if key.may_use(preset)]
        return _json(models_body(names, created=self.created()))

    async def _model(self, request: web.Request, key: Key) -> web.StreamResponse:
        preset = self._preset(request.match_info["name"], key)
        body = models_body([preset.name], created=self.created())
        return _json(body[body.index(b"[") + 1 : body.rindex(b"]")])

    async def _complete(self, request: web.Request, key: Key) -> web.StreamResponse:
        if request.headers.get(DEPTH, "0") != "0":
            message = "A mixture does not ask a mixture: a preset cannot be another one's model."
            raise Refusal(400, message, kind="invalid_request_error", code="moa_recursion")
        try:
            wanted = read_request(await request.read())
        except UsageError as error:
            raise Refusal(400, str(error), kind="invalid_request_error") from error
        preset = self._preset(wanted.model, key)
        try:
            require_available(preset, self.providers)
        except PresetUnavailable as error:
            raise Refusal(503, str(error), kind="server_error", code="unavailable") from error
        start = await self._begin(preset, wanted, key)
        turn = TurnRequest(
            turn_id=start.turn_id,
            preset=preset,
            lines=wanted.lines,
            scope=f"key:{key.name}",
            fresh="no-cache" in request.headers.get("Cache-Control", ""),
            tools=wanted.tools,
            temperature=wanted.temperature,
            max_tokens=wanted.max_tokens,
            extra=wanted.extra,
        )
        return await _Reply(self, request, wanted, turn, start).send()

    def _preset(self, name: str, key: Key) -> Preset:
        try:
            preset = self.catalogue.get(name)
        except UnknownPreset as error:
            raise _not_found(str(error)) from error
        if not key.may_use(preset):
            raise _not_found(f"This key cannot use the preset {preset.name!r}.")
        return preset

    async def _begin(self, preset: Preset, wanted: Wanted, key: Key) -> TurnStart:
        """Write the turn down, so that what it costs has a place."""
        asked = next((line for line in reversed(wanted.lines) if line.role == "user"), None)
        start = TurnStart(
            turn_id=secrets.token_hex(8),
            session=f"v1/{key.name}",
            seq=None,
            preset=preset,
            question=Line.of("user", asked.text[:500] if asked else ""),
            asker=key.name,
            history=0,
            started=int(self.clock.now().timestamp() * 1000),
        )
        try:
            await self.store.begin(start)
        except StoreError as error:
            raise Refusal(503, str(error), kind="server_error", code="storage") from error
        return start

    def created(self) -> int:
        """Give the wall time as the wire wants it, in seconds."""
        return int(self.clock.now().timestamp())


class _Reply:
    """The answer to one request, as it goes."""

    def __init__(
        self, api: Api, request: web.Request, wanted: Wanted, turn: TurnRequest, start: TurnStart
    ) -> None:
        self._api = api
        self._request = request
        self._wanted = wanted
        self._turn = turn
        self._start = start
        self._mailbox = Mailbox()
        self._ended = False
        self._writer = Writer(
            id=f"chatcmpl-{turn.turn_id}", model=wanted.model, created=api.created()
        )

    async def send(self) -> web.StreamResponse:
        """Run the turn beside the answer that carries it out."""
        try:
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(self._watch())
                running = group.create_task(self._run())
                response = await (self._stream() if self._wanted.stream else self._whole(running))
                watch.cancel()
        except* StoreError as failures:
            message = str(failures.exceptions[0])
            raise Refusal(503, message, kind="server_error", code="storage") from failures
        return response

    async def _run(self) -> Terminal:
        runner = self._api.runner
        ending = await runner.run(self._turn, self._start, self._mailbox.tell)
        await self._api.store.delivered(self._turn.turn_id)
        return ending

    async def _watch(self) -> None:
        """Stop the turn when the client has gone; aiohttp offers no event for it."""
        while self._request.transport is not None and not self._request.transport.is_closing():
            await asyncio.sleep(WATCH)  # noqa: ASYNC110 - there is no event to wait for
        self._api.runner.stop(self._turn.turn_id)

    async def _whole(self, running: asyncio.Task[Terminal]) -> web.StreamResponse:
        ending = await running
        if isinstance(ending, TurnFailed):
            return _json(_failure(ending), status=502)
        return _json(self._writer.whole(ending.result))

    async def _stream(self) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream; charset=utf-8",
                "Cache-Control": "no-cache",
                "X-Accel-Buffering": "no",
            }
        )
        with suppress(ConnectionResetError):
            await response.prepare(self._request)
            await response.write(self._writer.chunk(Said(role="assistant", content="")))
        while not self._ended:
            data = await self._next()
            with suppress(ConnectionResetError):
                await response.write(data)
        with suppress(ConnectionResetError):
            await response.write_eof()
        return response

    async def _next(self) -> bytes:
        """Give what is to be written next; a comment if nothing happens for long."""
        try:
            async with asyncio.timeout(HEARTBEAT):
                await self._mailbox.wait()
        except TimeoutError:
            return b": still at it\n\n"
        data = b""
        for event in self._mailbox.take_nowait():
            if isinstance(event, AnswerDelta):
                data += self._writer.chunk(_said(event))
            elif isinstance(event, Terminal):
                self._ended = True
                data += self._end(event)
        return data

    def _end(self, ending: Terminal) -> bytes:
        if isinstance(ending, TurnFailed):
            return b"data: " + _failure(ending) + b"\n\n"
        data = self._writer.last(ending.result)
        if self._wanted.include_usage:
            data += self._writer.usage(ending.result)
        return data if isinstance(ending, TurnStopped) else data + b"data: [DONE]\n\n"


def _said(event: AnswerDelta) -> Said:
    said = Said()
    if event.text:
        said.content = event.text
    if event.reasoning:
        said.reasoning_content = event.reasoning
    return said


def _failure(ending: TurnFailed) -> bytes:
    return error_body(ending.error, kind="server_error", code="upstream_error")


def _not_found(message: str) -> Refusal:
    return Refusal(404, message, kind="invalid_request_error", code="model_not_found")


def _json(body: bytes, *, status: int = 200) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/json")
