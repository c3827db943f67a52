"""The faces of a gateway: messengers, and behind one port the chat page, /v1 and health.

Decides how the parts are put together and what is printed for people to open. What the page is
told about models is `condition`'s matter.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import click
from prometheus_client import CollectorRegistry

from adapters.chat.web.adapter import WebChat, WebParts
from core.errors import ConfigError
from core.frames import Frame
from core.records import StoredTurn
from core.reply import Reply
from core.retell import retell
from core.types import Address, Author
from gateway import wiring
from gateway.config import Config
from gateway.config.model import Web
from gateway.http import app as http
from gateway.http.api import Api
from gateway.http.auth import Auth
from gateway.http.condition import Condition
from gateway.http.hooks import hooks_of
from gateway.http.metrics import LeftAlone, NotLetIn, TurnMetrics
from gateway.http.signed_out import SignedOut
from gateway.http.usable import Usable
from gateway.newcomer.offers import Offer
from gateway.program.assembly import Gateway
from gateway.program.faces import Faces

PRINTED_TOKEN_BYTES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """What differs between `run` and `demo`."""

    config: Config
    offers: tuple[Offer, ...] = ()
    any_port: bool = False

    async def open(self, gateway: Gateway) -> Faces:
        """Listen; where, is printed once messages are taken in."""
        token = self._token()
        auth = Auth(token, _keys(self.config))
        signed_out = SignedOut(gateway.store, gateway.clock)
        await signed_out.load(auth)
        condition = Condition(gateway, self.offers)
        chat = self._chat(gateway, condition)
        usable = Usable(
            catalogue=gateway.live.catalogue,
            places=gateway.exchange.places,
            allowed=_allowed(self.config),
        )
        api = _api(gateway, usable)
        messengers = wiring.open_chats(self.config, gateway.chat_parts)
        parts = http.HttpParts(
            auth=auth,
            bind=self.config.settings.http.host,
            unready=condition.unready,
            registry=_measured(gateway),
            refused=gateway.refused.now,
            chat=chat,
            mounts=(api.mount,),
            hooks=hooks_of(messengers),
            signed_out=signed_out,
        )

        def take(config: Config) -> None:
            auth.replace(token, _keys(config))
            usable.take(_allowed(config))

        server = await self._serve(parts)
        url = self._url(server.port, auth.issue_code())
        return Faces(
            chats=(chat, *messengers) if chat else messengers,
            announce=lambda: click.echo(f"Open {url}"),
            shut=api.closing.set,
            close=server.close,
            take=take,
        )

    def _token(self) -> str:
        """Give the token of the file; where it has none, one is made, and printed."""
        token = self.config.settings.http.token
        if token:
            return token.reveal()
        made = secrets.token_urlsafe(PRINTED_TOKEN_BYTES)
        click.echo(f"Bearer token for /v1, until the next start: {made}", err=True)
        return made

    def _url(self, port: int, code: str) -> str:
        host = self.config.settings.http.host
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/?code={code}"

    def _chat(self, gateway: Gateway, condition: Condition) -> WebChat | None:
        if not web_enabled(self.config):
            return None

        async def preset_of(address: Address, _author: Author) -> str:
            preset = await gateway.exchange.choices.preset(address)
            return preset.name if preset.enabled else f"{preset.name} · advisors off"

        def frames_of(turn: StoredTurn) -> Sequence[Frame]:
            address = turn.start.place
            place = gateway.exchange.places.at(address, (), direct=True)
            reply = Reply(
                turn.start.turn_id,
                capabilities=chat.capabilities(address),
                detail=place.advisors,
                cost=place.cost,
            )
            for event in retell(turn):
                reply.tell(event)
            return reply.frames()

        parts = WebParts(
            records=gateway.store,
            frames_of=frames_of,
            preset_of=preset_of,
            status=condition.status,
            clock=gateway.clock,
            shelf=gateway.keeping.files.shelf,
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


def _api(gateway: Gateway, usable: Usable) -> Api:
    return Api(
        usable=usable,
        providers=gateway.providers,
        runner=gateway.runner,
        clock=gateway.clock,
        tooling=gateway.exchange.tooling,
        limits=gateway.intake.limits,
    )


def _measured(gateway: Gateway) -> CollectorRegistry:
    """Begin to count what `/metrics` shows."""
    registry = CollectorRegistry()
    gateway.listeners.append(TurnMetrics(registry).tell)
    registry.register(LeftAlone(gateway.models.left_alone))
    registry.register(NotLetIn(gateway.refused.now))
    return registry


def _keys(config: Config) -> dict[str, str]:
    return {name: key.token.reveal() for name, key in config.settings.http.keys.items()}


def _allowed(config: Config) -> dict[str, tuple[str, ...]]:
    return {name: tuple(key.presets) for name, key in config.settings.http.keys.items()}


def web_enabled(config: Config) -> bool:
    """Tell whether there is a web chat: there is, unless the file turns it off."""
    faces = [each for each in config.settings.platforms.values() if isinstance(each, Web)]
    return not faces or any(each.enabled for each in faces)
