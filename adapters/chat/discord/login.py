"""Finds out who the token belongs to and where the gateway is; waits while Discord is away."""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import dataclass
from typing import Final

import yarl
from discord.gateway import DiscordWebSocket

from adapters.chat.discord import routes, shapes
from adapters.chat.discord.connection import NO_ENTRY
from adapters.chat.discord.rest import Rest
from core.errors import ChatBusy, ChatError, ChatRefused

_LONGEST: Final = 60.0
_PATIENCE: Final = 60.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who we are."""

    user: str
    application: str
    name: str = ""


async def log_in(rest: Rest) -> Identity:
    """Ask who we are until Discord answers.

    Raises:
        ChatRefused: the token is not accepted.
    """
    failures = 0
    while True:
        try:
            return await _identity(rest)
        except ChatRefused:
            raise ChatRefused(NO_ENTRY) from None
        except (ChatError, ValueError) as error:
            wait = error.retry_after if isinstance(error, ChatBusy) else _delay(failures)
            failures += 1
            log.warning("Discord: no login, trying again in %.1f s: %s", wait, error)
            await asyncio.sleep(wait)


async def gateway_of(rest: Rest, configured: str | None) -> yarl.URL:
    """Give the gateway's address: the configured one, the server's word, or the library's.

    Raises:
        ChatError: a server that is not Discord's does not say; nobody else gets the token.
    """
    if configured is not None:
        return yarl.URL(configured)
    reason: Exception | None = None
    for route in routes.gateways():
        try:
            data = await rest.call(route, patience=_PATIENCE)
            return yarl.URL(shapes.read(data, shapes.GatewayPlace).url)
        except (ChatError, ValueError) as error:
            reason = error
    if rest.elsewhere:
        raise ChatError(f"api_base does not say where its gateway is, set gateway_url: {reason}")
    log.info("Discord does not say where its gateway is (%s); using the usual one", reason)
    return DiscordWebSocket.DEFAULT_GATEWAY


async def _identity(rest: Rest) -> Identity:
    user = shapes.read(await rest.call(routes.me(), patience=_PATIENCE), shapes.User)
    try:
        data = await rest.call(routes.application(), patience=_PATIENCE)
        application = shapes.read(data, shapes.Application).id
    except (ChatError, ValueError):
        application = user.id  # the same for every application made since 2016
    return Identity(user=user.id, application=application, name=user.global_name or user.username)


def _delay(failures: int) -> float:
    return min(_LONGEST, 2.0**failures) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
