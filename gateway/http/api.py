"""The OpenAI-compatible endpoint: every preset is a model (MOA-5, MOA-40).

Decides what a turn is asked with: the program's transcript
is the history, and nothing is kept of it but what it cost. How the answer leaves is
`completions_reply`'s matter.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field, replace

from aiohttp import web

from core.answering import require_available
from core.engine import TurnRequest
from core.errors import Overloaded, PresetUnavailable, UsageError
from core.gate import forced, gated
from core.ports import Clock, Providers
from core.presets import Preset
from core.records import TurnStart
from core.types import Address, Line
from gateway.access.limits import Limits
from gateway.http.auth import CALLER
from gateway.http.bodies import Bodies
from gateway.http.completions_answer import ModelCard, Writer, model_body, models_body
from gateway.http.completions_reply import Reply, json_answer
from gateway.http.completions_request import Wanted, read_request
from gateway.http.costs_only import CostsOnly
from gateway.http.usable import Usable
from gateway.tools.tooling import Tooling
from gateway.turn.turns import TurnRunner

DEPTH = "X-MoA-Depth"
ADVISORS = "X-MoA-Advisors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """The endpoint and what it needs. Once `closing` is set nothing more is taken in."""

    usable: Usable
    providers: Providers
    runner: TurnRunner
    clock: Clock
    tooling: Tooling
    limits: Limits
    bodies: Bodies = field(default_factory=Bodies)
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    def mount(self, router: web.UrlDispatcher) -> None:
        """Add every address."""
        router.add_get("/v1/models", self.models)
        router.add_get("/v1/models/{name:.+}", self.model)
        router.add_post("/v1/chat/completions", self.complete)

    async def models(self, request: web.Request) -> web.StreamResponse:
        """GET /v1/models: the presets that this key may use."""
        presets = self.usable.of(request[CALLER]).presets.values()
        cards = [self._card(preset, preset.name) for preset in presets]
        return json_answer(models_body(cards, created=self._created()))

    async def model(self, request: web.Request) -> web.StreamResponse:
        """GET /v1/models/{name}, by either of its names."""
        name = request.match_info["name"]
        card = self._card(self.usable.get(request[CALLER], name), name)
        return json_answer(model_body(card, created=self._created()))

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """POST /v1/chat/completions."""
        if self.closing.is_set():
            raise Overloaded("This gateway is shutting down.")
        if request.headers.get(DEPTH, "0") != "0":
            raise UsageError("A mixture does not ask a mixture: this call comes from one (MOA-6).")
        key, packed = request[CALLER].name, "Content-Encoding" in request.headers
        length = None if packed else request.content_length
        with self.limits.call(key), self.bodies.room(key, length):  # before any of it is read
            return await self._completed(read_request(await request.read()), request)

    async def _completed(self, wanted: Wanted, request: web.Request) -> web.StreamResponse:
        preset = _wished(self.usable.get(request[CALLER], wanted.model), wanted, request)
        require_available(preset, self.providers)
        start = self._start(preset, request[CALLER].name)
        fresh = "no-cache" in request.headers.get("Cache-Control", "").lower()
        runner = replace(self.runner, store=CostsOnly(self.runner.store))
        turn = _turn(wanted, start, fresh=fresh)
        await runner.require_funds(turn, start)
        return await self._answered(runner, start, turn, wanted, request)

    async def _answered(
        self,
        runner: TurnRunner,
        start: TurnStart,
        turn: TurnRequest,
        wanted: Wanted,
        request: web.Request,
    ) -> web.StreamResponse:
        reply = Reply(
            request,
            turn,
            writer=self._writer(wanted, start),
            stream=wanted.stream,
            include_usage=wanted.include_usage,
        )
        await runner.store.begin(start)
        # A program that brings tools runs them itself: ours are not mixed in.
        tools = None if wanted.tools else self.tooling.for_program(start)
        return await reply.send(runner, start, tools)

    def _created(self) -> int:
        """Give the wall time as the wire wants it, in seconds."""
        return int(self.clock.now().timestamp())

    def _card(self, preset: Preset, name: str) -> ModelCard:
        try:
            require_available(preset, self.providers)
        except PresetUnavailable as reason:
            return ModelCard(name=name, unavailable=str(reason))
        return ModelCard(name=name)

    def _writer(self, wanted: Wanted, start: TurnStart) -> Writer:
        return Writer(
            id=f"chatcmpl-{start.turn_id}", model=wanted.model, created=start.started // 1000
        )

    def _start(self, preset: Preset, key: str) -> TurnStart:
        """Write the turn down, so that what it costs has a place."""
        place = Address(platform="v1", channel=key)
        return TurnStart(
            turn_id=secrets.token_hex(8),
            session=place.session,
            place=place,
            seq=None,
            preset=preset,
            question=Line(role="user"),
            asker=key,
            history=0,
            started=int(self.clock.now().timestamp() * 1000),
        )


def _wished(preset: Preset, wanted: Wanted, request: web.Request) -> Preset:
    """Let the gate decide for an `auto` preset, unless the program wants all advisors (MOA-35)."""
    wish = request.headers.get(ADVISORS, "auto").strip().lower()
    if wish not in {"auto", "all"}:
        raise UsageError(f"{ADVISORS} is {wish!r}; it has to be 'auto' or 'all'.")
    return forced(preset) if wish == "all" else gated(preset, wanted.lines)


def _turn(wanted: Wanted, start: TurnStart, *, fresh: bool) -> TurnRequest:
    return TurnRequest(
        turn_id=start.turn_id,
        preset=start.preset,
        lines=wanted.lines,
        scope=start.session,
        fresh=fresh,
        tools=wanted.tools,
        temperature=wanted.temperature,
        max_tokens=wanted.max_tokens,
        extra=wanted.extra,
    )
