"""A Discord on loopback: REST and gateway, one guild or more, people who talk and press."""

from __future__ import annotations

from typing import Self

from aiohttp import web

from gateway.clock import SystemClock
from tests.simulators.base import Changes, Faults, RequestLog
from tests.simulators.discord.desk import Desk
from tests.simulators.discord.gateway import CONTENT, Gateway
from tests.simulators.discord.hands import Hands
from tests.simulators.discord.interactions import Interactions
from tests.simulators.discord.limits import Limits
from tests.simulators.discord.powers import Powers
from tests.simulators.discord.rest import PREFIX, Rest
from tests.simulators.discord.world import World

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcDE.simulated-discord-token-000000000000"


class DiscordSimulator(Hands, Powers):
    """Serves while it is entered.

    `scale` stretches the seconds of rate limits, 0 has none. `content_intent` is whether the
    application may ask for message content. `heartbeat` is in seconds. `json_type` is how answers
    are labelled: Discord names no charset there, but what stands before it may.
    """

    def __init__(
        self,
        *,
        token: str = TOKEN,
        port: int = 0,
        scale: float = 1.0,
        content_intent: bool = False,
        heartbeat: float = 41.25,
        json_type: str = "application/json",
    ) -> None:
        self.token, self._port = token, port
        self.world = World()
        self.changes = Changes()
        privileged = CONTENT if content_intent else 0
        self.gateway = Gateway(self.world, self.changes, token=token, privileged=privileged)
        self.gateway.heartbeat = heartbeat
        self.desk = Desk(self.world, self.gateway, self.changes)
        self.interactions = Interactions(self.desk)
        self.limits = Limits(lambda: SystemClock().now().timestamp(), scale=scale)
        self._rest = Rest(self.desk, token, self.limits, self.interactions)
        self._rest.json_type = json_type
        self._runner: web.AppRunner | None = None
        self.api_base = self.gateway_url = ""

    @property
    def requests(self) -> RequestLog:
        return self._rest.requests

    @property
    def faults(self) -> Faults:
        return self._rest.faults

    async def start(self) -> Self:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_get("/gateway", self.gateway.serve)
        app.router.add_get("/gateway/", self.gateway.serve)
        app.router.add_get("/attachments/{channel}/{message}/{name}", self._file)
        app.router.add_route("*", PREFIX + "/{path:.*}", self._rest.serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        host, port = self._runner.addresses[0][:2]
        self.api_base = f"http://{host}:{port}{PREFIX}"
        self.gateway_url = self.gateway.url = f"ws://{host}:{port}/gateway"
        self.desk.files_url = f"http://{host}:{port}"
        return self

    async def stop(self) -> None:
        await self.gateway.kill()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def revoke(self) -> None:
        """Make the token worthless, as a reset in the portal does."""
        self.gateway.token = self._rest.token = "revoked"
        self.gateway.forget()
        await self.gateway.kill(4004)

    def config(self) -> str:
        """The lines of this platform under `platforms:`."""
        return (
            "  discord:\n"
            f'    token: "{self.token}"\n'
            f"    api_base: {self.api_base}\n"
            f"    gateway_url: {self.gateway_url}\n"
        )

    async def _file(self, request: web.Request) -> web.StreamResponse:
        channel = self.world.channels.get(request.match_info["channel"])
        said = channel.messages.get(request.match_info["message"]) if channel else None
        blob = said.blobs.get(request.match_info["name"]) if said else None
        return await self._rest.download(request, blob)
