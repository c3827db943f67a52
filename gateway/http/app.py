"""Puts the HTTP face together and serves it: walls outside, routes inside.

`HttpParts.mounts` is the place for more routes (`/v1`): they lie behind the same walls, and
`request[CALLER]` says who asks. It decides nothing about what is answered.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import cast

from aiohttp import web
from prometheus_client import CollectorRegistry

from adapters.chat.web.adapter import WebChat
from adapters.chat.web.routes import Routes
from core.errors import ConfigError
from core.types import Author
from gateway.http import hooks
from gateway.http.auth import CALLER, Auth
from gateway.http.bodies import BODY_BYTES
from gateway.http.doorstep import DOORSTEP, Doorstep
from gateway.http.errors import errors
from gateway.http.health import Health, Unready
from gateway.http.metrics import count_pages
from gateway.http.pages import Pages, let_files_be_kept
from gateway.http.signed_out import SignedOut
from gateway.http.walls import Walls, dress
from gateway.wiring import Hook

CLOSING_SECONDS = 3.0
"""What requests have left to end when the server closes."""
IDLE_SECONDS = 75.0
"""How long a connection may say no whole request; proxies keep theirs for a minute."""
LINGER_SECONDS = 2.0
"""How long the rest of a refused body is read, so that the refusal arrives."""

Mount = Callable[[web.UrlDispatcher], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpParts:
    """What the HTTP face is made of. `names`: more host names under which it is reached."""

    auth: Auth
    bind: str
    unready: Unready
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    refused: Callable[[], Collection[str]] = tuple
    chat: WebChat | None = None
    names: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = ()
    hooks: Mapping[str, Hook] = field(default_factory=dict)
    title: str = "MoA Gateway"
    signed_out: SignedOut | None = None


def build_app(parts: HttpParts) -> web.Application:
    """Put the routes behind the walls."""
    walls = Walls(auth=parts.auth, bind=parts.bind, names=parts.names, hooks=parts.hooks)
    app = web.Application(middlewares=[errors, walls.let_in], client_max_size=BODY_BYTES)
    app[DOORSTEP] = Doorstep()
    app.on_response_prepare.append(let_files_be_kept)
    app.on_response_prepare.append(dress)
    Health(parts.unready, parts.registry, parts.refused).mount(app.router)
    pages = Pages(parts.auth, parts.signed_out, title=parts.title, chat=parts.chat is not None)
    pages.mount(app.router)
    if parts.chat is not None:
        _mount_chat(app, parts.chat, parts.registry)
    for mount in parts.mounts:
        mount(app.router)
    hooks.mount(parts.hooks, app.router)
    return app


def _mount_chat(app: web.Application, chat: WebChat, registry: CollectorRegistry) -> None:
    Routes(chat, author).mount(app.router)
    count_pages(registry, lambda: chat.rooms.browsers)

    async def close_streams(_: web.Application) -> None:
        chat.close()

    app.on_shutdown.append(close_streams)


def author(request: web.Request) -> Author:
    """Tell who speaks in the web chat: its one owner."""
    return Author(id=request[CALLER].name, name="You")


class Server:
    """A server at work."""

    def __init__(self, runner: web.AppRunner, listening: asyncio.Server) -> None:
        """Begin to be what listens; `port` is the one it listens on."""
        self._runner = runner
        self._listening = listening
        self.port = int(listening.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """End the event streams, let requests end, and let go of the port."""
        self._listening.close()
        await self._runner.cleanup()


async def serve(app: web.Application, host: str, port: int) -> Server:
    """Listen; port 0 takes a free one.

    Raises:
        ConfigError: it cannot listen there; the text says what to do.
    """
    # No access log: it would keep one-time codes, and people's addresses.
    runner = web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=CLOSING_SECONDS,
        keepalive_timeout=IDLE_SECONDS,
        lingering_time=LINGER_SECONDS,
    )
    await runner.setup()
    made = app[DOORSTEP].made_by(cast("web.Server", runner.server))
    try:
        listening = await asyncio.get_running_loop().create_server(made, host, port, backlog=128)
    except OSError as error:
        await runner.cleanup()
        raise ConfigError(_unable(error, host, port)) from error
    return Server(runner, listening)


def _unable(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is in use. Stop what listens there, or set http.port "
            "to another one (0 takes a free one)."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} is not ours to take. Set http.port to one above 1023."
    return f"Cannot listen on {host}, port {port}: {error.strerror or error}. Check http.host."
