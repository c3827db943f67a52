"""The OpenAI-compatible endpoint: every preset is a model (MOA-5, MOA-40).

Decides which key may use which preset and how an answer leaves. The program's transcript is the
history; nothing is kept of it but what it cost. Whoever hangs up has stopped the turn (MOA-11).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import web

from core.engine import TurnRequest, require_available
from core.errors import StoreError, UnknownPreset, UsageError
from core.events import AnswerDelta, Terminal, TurnFailed, TurnStopped
from core.ports import Clock, Providers, Turns
from core.presets import Catalogue, Preset
from core.records import TurnStart
from core.types import Address, Line
from gateway.http.auth import CALLER
from gateway.http.completions_answer import (
    Said,
    Writer,
    error_body,
    model_body,
    models_body,
)
from gateway.http.completions_request import Wanted, read_request
from gateway.mailbox import Mailbox
from gateway.turns import TurnRunner

HEARTBEAT = 10.0
"""Seconds between comments on a stream that has nothing to say, for proxies in between."""

WATCH = 0.1
"""Seconds between looks at whether the client is still there."""

DEPTH = "X-MoA-Depth"


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """The endpoint and what it needs. `allowed` has each key's presets; none are all of them."""

    catalogue: Callable[[], Catalogue]
    providers: Providers
    runner: TurnRunner
    store: Turns
    clock: Clock
    allowed: Mapping[str, tuple[str, ...]]

    def mount(self, router: web.UrlDispatcher) -> None:
        """Add every address."""
        router.add_get("/v1/models", self.models)
        router.add_get("/v1/models/{name:.+}", self.model)
        router.add_post("/v1/chat/completions", self.complete)

    async def models(self, request: web.Request) -> web.StreamResponse:
        """GET /v1/models: the presets that this key may use."""
        names = [name for name in self.catalogue().presets if self._may_use(request, name)]
        return _json(models_body(names, created=self.created()))

    async def model(self, request: web.Request) -> web.StreamResponse:
        """GET /v1/models/{name}."""
        preset = self._preset(request, request.match_info["name"])
        return _json(model_body(preset.name, created=self.created()))

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """POST /v1/chat/completions."""
        if request.headers.get(DEPTH, "0") != "0":
            raise UsageError("A mixture does not ask a mixture: this call comes from one (MOA-6).")
        wanted = read_request(await request.read())
        preset = self._preset(request, wanted.model)
        require_available(preset, self.providers)
        start = self._start(preset, request[CALLER].name)
        await self.store.begin(start)
        turn = TurnRequest(
            turn_id=start.turn_id,
            preset=preset,
            lines=wanted.lines,
            scope=start.session,
            fresh="no-cache" in request.headers.get("Cache-Control", ""),
            tools=wanted.tools,
            temperature=wanted.temperature,
            max_tokens=wanted.max_tokens,
            extra=wanted.extra,
        )
        return await _Reply(self, request, wanted, turn, start).send()

    def created(self) -> int:
        """Give the wall time as the wire wants it, in seconds."""
        return int(self.clock.now().timestamp())

    def _may_use(self, request: web.Request, name: str) -> bool:
        allowed = self.allowed.get(request[CALLER].name, ())
        return request[CALLER].owner or not allowed or name in allowed

    def _preset(self, request: web.Request, name: str) -> Preset:
        preset = self.catalogue().get(name)
        if not self._may_use(request, preset.name):
            raise UnknownPreset(f"This key cannot use the preset {preset.name!r}.")
        return preset

    def _start(self, preset: Preset, key: str) -> TurnStart:
        """Write the turn down, so that what it costs has a place; its text is not kept."""
        return TurnStart(
            turn_id=secrets.token_hex(8),
            session=Address(platform="v1", channel=key).session,
            seq=None,
            preset=preset,
            question=Line(role="user"),
            asker=key,
            history=0,
            started=int(self.clock.now().timestamp() * 1000),
        )


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
            failure = failures.exceptions[0]
        else:
            return response
        raise failure

    async def _run(self) -> Terminal:
        runner = self._api.runner
        ending = await runner.run(self._turn, self._start, self._mailbox.tell)
        await self._api.store.delivered(self._turn.turn_id)
        return ending

    async def _watch(self) -> None:
        """Stop the turn when the client has gone; aiohttp offers no event for it."""
        while (wire := self._request.transport) is not None and not wire.is_closing():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(WATCH)
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


def _json(body: bytes, *, status: int = 200) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/json")
