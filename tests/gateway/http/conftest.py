"""A server on a real socket: the walls, the pages and the web chat, on a store in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web

from adapters.chat.web.adapter import WebChat, WebParts
from adapters.chat.web.status import PresetInfo, Status
from adapters.files import Shelf
from core.frames import Frame
from core.ports import Capabilities
from core.records import StoredTurn
from core.reply import Reply
from core.retell import retell
from core.types import Address, Author, Incoming
from gateway.http.app import HttpParts, Server, build_app, serve
from gateway.http.auth import CALLER, Auth
from tests.fakes.clock import FakeClock
from tests.fakes.intake import Taking
from tests.fakes.memory_store import MemoryStore

TOKEN = "the-owner-s-token"
KEY = "the-key-of-ci"
CSRF = "X-MoA-Gateway"


@dataclass
class Desk:
    """What stands behind the web chat, and what came in."""

    store: MemoryStore = field(default_factory=MemoryStore)
    came: list[Incoming] = field(default_factory=list)
    preset: str = "review"
    unready: str = ""

    async def intake(self, incoming: Incoming) -> bool:
        new = await self.store.accept(incoming) is not None
        if new:
            self.came.append(incoming)
        return new

    async def preset_of(self, address: Address, author: Author) -> str:
        return self.preset

    def status(self) -> Status:
        preset = PresetInfo(name="review", references=("a:one",), aggregator="b:two")
        return Status(
            ready=not self.unready,
            default_preset="review",
            presets=(preset,),
            reason=self.unready,
        )


def frames_of(turn: StoredTurn) -> list[Frame]:
    reply = Reply(turn.start.turn_id, capabilities=Capabilities(limit=100_000))
    for event in retell(turn):
        reply.tell(event)
    return reply.frames()


@dataclass
class House:
    """A server at work, and somebody at its door."""

    desk: Desk
    auth: Auth
    chat: WebChat
    app: web.Application
    server: Server
    http: aiohttp.ClientSession

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {TOKEN}"}

    @property
    def page(self) -> dict[str, str]:
        """What our page sends beside the cookie."""
        return {"Origin": self.origin, CSRF: "page"}

    async def sign_in(self) -> None:
        async with self.http.get(f"/?code={self.auth.issue_code()}", allow_redirects=False) as got:
            assert got.status == 303


async def whoami(request: web.Request) -> web.Response:
    return web.json_response({"name": request[CALLER].name})


async def broken(request: web.Request) -> web.Response:
    raise RuntimeError("a secret of ours")


def extras(router: web.UrlDispatcher) -> None:
    router.add_get("/v1/models", whoami)
    router.add_get("/broken", broken)


@pytest.fixture
async def house(tmp_path) -> AsyncIterator[House]:
    desk = Desk()
    auth = Auth(TOKEN, {"ci": KEY, "off": ""})
    parts = WebParts(
        records=desk.store,
        frames_of=frames_of,
        preset_of=desk.preset_of,
        status=desk.status,
        clock=FakeClock(),
        shelf=Shelf(tmp_path / "files"),
    )
    chat = WebChat(parts)
    chat._intake = Taking(desk.intake)
    app = build_app(
        HttpParts(
            auth=auth,
            bind="127.0.0.1",
            unready=lambda: desk.unready,
            chat=chat,
            mounts=(extras,),
            names=("chat.example",),
        )
    )
    server = await serve(app, "127.0.0.1", 0)
    # A cookie jar that takes cookies from bare addresses.
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{server.port}", cookie_jar=jar) as http:
        yield House(desk, auth, chat, app, server, http)
    await server.close()
