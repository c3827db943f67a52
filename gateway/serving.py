"""Runs the gateway with its web face: the chat page, /v1, health, and the line that is printed.

Decides how people and programs get in and how the program is asked to stop. What the page is told
about models is `gateway.condition`'s matter.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
import structlog
from prometheus_client import CollectorRegistry

from adapters.chat.web.adapter import WebChat, WebParts
from core.errors import ConfigError
from core.reply import Reply
from core.retell import retell
from gateway import logs
from gateway.app import Faces, Gateway, serve
from gateway.clock import SystemClock
from gateway.condition import Condition
from gateway.config.model import Web
from gateway.http import app as http
from gateway.http.api import Api
from gateway.http.auth import Auth
from gateway.http.metrics import TurnMetrics

if TYPE_CHECKING:
    from core.frames import Frame
    from core.records import StoredTurn
    from core.types import Address, Author
    from gateway.config import Config
    from gateway.offers import Offer

PRINTED_TOKEN_BYTES = 24

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """What differs between `run` and `demo`."""

    config: Config
    offers: tuple[Offer, ...] = ()
    any_port: bool = False

    async def open(self, gateway: Gateway) -> Faces:
        """Listen, and print where."""
        settings = self.config.settings.http
        keys = {name: key.token.reveal() for name, key in settings.keys.items()}
        token = settings.token.reveal() if settings.token else ""
        auth = Auth(token or secrets.token_urlsafe(PRINTED_TOKEN_BYTES), keys)
        condition = Condition(gateway, self.offers)
        registry = CollectorRegistry()
        gateway.listeners.append(TurnMetrics(registry).tell)
        chat = self._chat(gateway, condition)
        api = Api(
            catalogue=gateway.exchange.catalogue,
            providers=gateway.providers,
            runner=gateway.runner,
            store=gateway.store,
            clock=gateway.clock,
            allowed={name: tuple(key.presets) for name, key in settings.keys.items()},
        )
        parts = http.HttpParts(
            auth=auth,
            bind=settings.host,
            unready=condition.unready,
            registry=registry,
            chat=chat,
            mounts=(api.mount,),
        )
        server = await self._serve(parts)
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        click.echo(f"Open http://{host}:{server.port}/?code={auth.issue_code()}")
        return Faces(chats=(chat,) if chat else (), close=server.close)

    def _chat(self, gateway: Gateway, condition: Condition) -> WebChat | None:
        if not web_enabled(self.config):
            return None

        async def preset_of(address: Address, _author: Author) -> str:
            return (await gateway.exchange.preset(address.session)).name

        def frames_of(turn: StoredTurn) -> Sequence[Frame]:
            reply = Reply(turn.start.turn_id, capabilities=chat.capabilities)
            for event in retell(turn):
                reply.tell(event)
            return reply.frames()

        parts = WebParts(
            records=gateway.store,
            frames_of=frames_of,
            preset_of=preset_of,
            status=condition.status,
            clock=gateway.clock,
        )
        chat = WebChat(parts)
        return chat

    async def _serve(self, parts: http.HttpParts) -> http.Server:
        settings = self.config.settings.http
        try:
            return await http.serve(http.build_app(parts), settings.host, settings.port)
        except ConfigError:
            if not self.any_port:
                raise
            return await http.serve(http.build_app(parts), settings.host, 0)


async def run_gateway(face: Face) -> None:
    """Run until SIGTERM or Ctrl-C, then drain; a second signal ends at once.

    Raises:
        ConfigError, StoreError: the operator has to mend something first.
    """
    config = face.config
    logs.set_up(secrets_of(config))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _asked, stop)
    for warning in config.warnings:
        log.warning("config", text=warning)
    await serve(config, face.open, clock=SystemClock(), stop=stop)


def web_enabled(config: Config) -> bool:
    """Tell whether there is a web chat: there is, unless the file turns it off."""
    faces = [each for each in config.settings.platforms.values() if isinstance(each, Web)]
    return not faces or any(each.enabled for each in faces)


def secrets_of(config: Config) -> list[str]:
    """Give every secret of a configuration, to be struck out of logs."""
    http_ = config.settings.http
    keys = [key.token for key in http_.keys.values()]
    given = [http_.token, *keys, *(getattr(p, "api_key", None) for p in config.providers.values())]
    return [each.reveal() for each in given if each]


def _asked(stop: asyncio.Event) -> None:
    """The first signal asks to drain, the second one insists."""
    if stop.is_set():
        os._exit(1)
    stop.set()
