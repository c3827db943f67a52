"""Slack on loopback: its servers put together, and who may be asked to do what.

`async with SlackSimulator() as slack:` serves the Web API at `slack.api_base`. In Socket Mode the
bot opens connections; in HTTP mode `slack.post_to(url)` says where its events go.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any, Literal, Self

from aiohttp import web
from aiohttp.typedefs import Handler
from typing_extensions import override

from gateway.clock import SystemClock
from tests.patience import PATIENCE
from tests.simulators.base import Changes, Faults, RequestLog
from tests.simulators.slack import shapes
from tests.simulators.slack.api import Door
from tests.simulators.slack.beside import Beside
from tests.simulators.slack.calls import Backend, Rates
from tests.simulators.slack.delivery import (
    ACK,
    RETRIES,
    Envelope,
    Kind,
    Outcome,
    Posts,
    Sockets,
    told,
)
from tests.simulators.slack.hands import Hands
from tests.simulators.slack.hooks import Hooks
from tests.simulators.slack.model import BOT_USER, Json, Person, Place, Workspace
from tests.simulators.slack.reading import READ

MESSAGES = {
    "channel": ("message.channels", "channels:history"),
    "group": ("message.groups", "groups:history"),
    "im": ("message.im", "im:history"),
    "mpim": ("message.mpim", "mpim:history"),
}

HASTE = 60.0
"""How much faster redeliveries may come: never sooner than after one and five seconds."""


class SlackSimulator(Hands):
    """A workspace with one bot in it.

    Switches, to be set at any time: `backend.scopes`, `backend.subscriptions`,
    `backend.stream_life` (seconds), `rates.scale` (10 is ten times as much), `ack_seconds`,
    `retries` (seconds before each redelivery, divided by the scale, but by 60 at most),
    `mention_first` (which of the twin events is sent first), `skip` (let time pass), `revoke`.
    `envelopes` are all deliveries, `lost` the events that were given up.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        mode: Literal["socket", "http"] = "socket",
        scale: float = 1.0,
        bot_token: str = "xoxb-simulated-bot",
        app_token: str = "xapp-simulated-app",
        signing_secret: str = "simulated-signing-secret",
    ) -> None:
        self.port, self.mode = port, mode
        self.bot_token, self.app_token = bot_token, app_token
        self.signing_secret = signing_secret
        self.changes = Changes()
        self.requests = RequestLog(self.changes, "slack")
        self.faults = Faults()
        self.rates = Rates(scale)
        self.ack_seconds = ACK
        self.retries: Sequence[float] = RETRIES
        self.mention_first = False
        self.envelopes: list[Envelope] = []
        self.lost: list[Json] = []
        self._clock, self._skipped, self._away = SystemClock(), 0.0, False
        self.space = Workspace(self.now, self._loop_time)
        self.backend = Backend(space=self.space, changes=self.changes, tell=self._tell)
        self.sockets = Sockets(self.backend.tickets, self.changes.tell)
        self.posts = Posts("", signing_secret, self.now)
        self.hooks = Hooks(self.backend)
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stack = AsyncExitStack()
        self._lines: set[asyncio.Transport] = set()  # whatever a request came over
        bot = Person(id=BOT_USER, name="moa", is_bot=True)
        self.space.people[BOT_USER] = bot

    # --- life -------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 1024**2, middlewares=[self._reachable])
        door = Door(
            backend=self.backend,
            requests=self.requests,
            faults=self.faults,
            rates=self.rates,
            bot_token=self.bot_token,
            app_token=self.app_token,
        )
        app.router.add_route("*", "/api/{method}", door.call)
        app.router.add_get("/link/", self.sockets.accept)
        aside = Beside(requests=self.requests, faults=self.faults, now=self._loop_time).named
        app.router.add_post("/hooks/{key}", aside("respond", self.hooks.respond))
        app.router.add_post("/upload/v1/{file}", aside("upload", self._upload))
        app.router.add_get("/files-pri/{file}/{name}", aside("download", self._download))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port)
        await site.start()
        self.port = runner.addresses[0][1]
        self.backend.base_url = f"http://127.0.0.1:{self.port}"
        await self._stack.enter_async_context(self._group)
        self._stack.push_async_callback(self._stop, runner)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _stop(self, runner: web.AppRunner) -> None:
        for task in list(self._tasks):
            task.cancel()
        await self.sockets.cut()
        server = runner.server
        await runner.cleanup()
        for _ in range(5):  # what was accepted in that moment has its first steps to take
            await asyncio.sleep(0)
        if server is not None:
            await server.shutdown(0.1)
        for line in self._lines:
            line.abort()
        await asyncio.sleep(0)

    @web.middleware
    async def _reachable(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.transport is not None:
            self._lines.add(request.transport)
        if self._away and request.transport is not None:
            request.transport.abort()
            return web.Response(status=503)
        return await handler(request)

    @property
    def api_base(self) -> str:
        """The address to give to a client."""
        return f"{self.backend.base_url}/api/"

    def config(self) -> str:
        """Give the YAML lines of this platform, as they stand under `platforms:`."""
        lines = ["slack:", f"  bot_token: {self.bot_token}"]
        if self.mode == "socket":
            lines += [f"  app_token: {self.app_token}"]
        else:
            lines += [f"  signing_secret: {self.signing_secret}"]
        lines += [f"  mode: {self.mode}", f"  api_base: {self.api_base}"]
        return "".join(f"  {line}\n" for line in lines)

    def now(self) -> float:
        """Give the simulator's wall seconds."""
        return self._clock.now().timestamp() + self._skipped

    def skip(self, seconds: float) -> None:
        """Let time pass for streams, triggers, response addresses and timestamps."""
        self._skipped += seconds

    def _loop_time(self) -> float:
        return asyncio.get_running_loop().time()

    async def until(self, true: Callable[[], object], *, seconds: float = PATIENCE) -> None:
        """Wait until `true()` is."""
        await self.changes.until(true, seconds=seconds)

    # --- the bot's connections --------------------------------------------------------------

    async def connected(self, count: int = 1) -> None:
        """Wait until the bot has this many connections open."""
        await self.until(lambda: len(self.sockets.links) >= count)

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask the bot to open another connection; a `warning` leaves this one open for a while."""
        await self.sockets.disconnect(reason, close=reason != "warning")

    async def cut(self) -> None:
        """Lose every connection without a word."""
        await self.sockets.cut()

    async def go_away(self) -> None:
        """Be unreachable until `come_back`: every connection ends, no request is answered."""
        self._away = True
        await self.cut()

    def come_back(self) -> None:
        """Be there again; nothing was forgotten."""
        self._away = False

    def flood_wait(self, place: Place, seconds: float) -> None:
        """Refuse whatever the bot writes in a place for so long, with 429."""
        self.rates.held[place.id] = self._loop_time() + seconds

    def freeze(self) -> None:
        """Let every open connection go dead: it stays open, but nothing comes any more."""
        self.sockets.freeze()

    async def revoke(self, error: str = "token_revoked") -> None:
        """Take the bot's tokens away: calls fail with this word, connections end."""
        self.backend.revoked = error
        await self.sockets.disconnect("link_disabled")

    async def post_to(self, url: str) -> bool:
        """Send events to this URL from now on; tells whether it answers the challenge."""
        self.posts.url = url
        return await self.posts.verify()

    # --- events -----------------------------------------------------------------------------

    def _tell(self, event: Json, place: Place | None) -> None:
        """Send an event, if the app is subscribed to it and may have it."""
        kind = event["type"]
        name, scope = kind, "app_mentions:read" if kind == "app_mention" else ""
        if kind == "member_joined_channel" and place is not None:
            scope = READ[place.kind]
        if kind == "message" and place is not None:
            name, scope = MESSAGES[place.kind]
            if BOT_USER not in place.members:
                return
        if name in self.backend.subscriptions and (not scope or scope in self.backend.scopes):
            self._spawn(shapes.event_callback(self.space, event, place))

    def _spawn(self, payload: Json) -> None:
        task = self._group.create_task(self._insist(payload))
        self._tasks.add(task)
        task.add_done_callback(self._delivered)

    def _delivered(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        self.changes.tell()

    async def settled(self, *, seconds: float = PATIENCE) -> None:
        """Wait until every event is acknowledged or given up; what follows from it may not be."""
        await self.until(lambda: not self._tasks, seconds=seconds)

    async def _insist(self, payload: Json) -> None:
        """Deliver an event, again and again until it is acknowledged, up to three times more."""
        outcome = await self.deliver("events_api", payload)
        for number, wait in enumerate(self.retries, start=1):
            if not outcome.error or outcome.no_retry:
                return
            await asyncio.sleep(wait / min(self.rates.scale, HASTE))
            attempt, reason = told(number, of=len(self.retries)), outcome.reason(self.mode)
            outcome = await self.deliver("events_api", payload, attempt=attempt, reason=reason)
        if outcome.error and not outcome.no_retry:
            self.lost.append(payload)

    @override
    async def deliver(
        self, kind: Kind, payload: Json, *, attempt: int = 0, reason: str = ""
    ) -> Outcome:
        """Deliver one payload once."""
        envelope = Envelope(
            id=f"envelope-{len(self.envelopes) + 1}",
            kind=kind,
            payload=payload,
            attempt=attempt,
            reason=reason,
            at=self._loop_time(),
        )
        self.envelopes.append(envelope)
        self.changes.tell()
        way = self.sockets.send if self.mode == "socket" else self.posts.send
        outcome = await way(envelope, self.ack_seconds)
        if not outcome.error:
            envelope.acked_at, envelope.response = self._loop_time(), outcome.response
        envelope.error = outcome.error
        self.changes.tell()
        return outcome

    # --- files ------------------------------------------------------------------------------

    async def _upload(self, request: web.Request) -> web.Response:
        ident = request.match_info["file"]
        if ident not in self.space.files:
            return web.Response(status=404)
        if request.content_type == "multipart/form-data":
            form = await request.post()
            part = next(iter(form.values()))
            content = part.file.read() if isinstance(part, web.FileField) else str(part).encode()
        else:
            content = await request.read()
        if len(content) != self.space.files[ident]["size"]:
            return web.Response(status=400, text="length mismatch")
        self.space.contents[ident] = content
        return web.Response(text=f"OK - {len(content)}")

    async def _download(self, request: web.Request) -> web.Response:
        """Give a file to the bot; without its token, Slack answers with a page to sign in."""
        ident = request.match_info["file"].rpartition("-")[2]
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token != self.bot_token or "files:read" not in self.backend.scopes:
            return web.Response(
                text="<!DOCTYPE html><title>Slack</title>", content_type="text/html"
            )
        if ident not in self.space.contents:
            return web.Response(status=404)
        return web.Response(body=self.space.contents[ident])
