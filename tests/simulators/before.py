"""Puts the chaos proxy before a simulated platform: what the program is told then leads through it.

    async with SlackSimulator() as slack, before(slack) as proxy:
        slack.config()                       # the proxy's addresses; sockets and files, too
        proxy.befall(replace(trouble, only=WIRES["slack"]))    # its WebSocket alone

One proxy stands before all that a platform serves; `WIRES` are words of the first request by which
the connection that brings messages in is told from the others.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias
from urllib.parse import urlsplit

from tests.simulators.chaos import ChaosProxy
from tests.simulators.discord.simulator import DiscordSimulator
from tests.simulators.slack.simulator import SlackSimulator
from tests.simulators.telegram.simulator import TelegramSimulator

Platform: TypeAlias = TelegramSimulator | DiscordSimulator | SlackSimulator

WIRES = {"telegram": b"/getUpdates", "discord": b"GET /gateway", "slack": b"GET /link/"}


@asynccontextmanager
async def before(sim: Platform) -> AsyncIterator[ChaosProxy]:
    """Stand before a platform's simulator until left."""
    async with ChaosProxy(_origin(sim)) as proxy:
        if isinstance(sim, TelegramSimulator):
            sim.server.url = proxy.base_url
        elif isinstance(sim, SlackSimulator):
            sim.backend.base_url = proxy.base_url
        else:
            sim.api_base = proxy.before(sim.api_base)
            sim.gateway_url = sim.gateway.url = proxy.before(sim.gateway_url)
            sim.desk.files_url = proxy.before(sim.desk.files_url)
        yield proxy


def _origin(sim: Platform) -> str:
    """Give where it really is, without a path."""
    if isinstance(sim, TelegramSimulator):
        return sim.server.url
    if isinstance(sim, SlackSimulator):
        return sim.backend.base_url
    parts = urlsplit(sim.api_base)
    return f"{parts.scheme}://{parts.netloc}"
