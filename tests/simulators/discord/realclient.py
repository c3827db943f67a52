"""discord.py's own client at the simulator: what it was told, in the order it was told."""

from __future__ import annotations

import asyncio
from typing import Any, Self

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route
from typing_extensions import override

from tests.simulators.discord.simulator import DiscordSimulator


class RealClient(discord.Client):
    """Runs while it is entered. `said` and `pressed` are what came in."""

    def __init__(
        self, simulator: DiscordSimulator, *, intents: discord.Intents, **options: Any
    ) -> None:
        super().__init__(
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            guild_ready_timeout=0.05,  # how long it waits for one more guild
            **options,
        )
        self._simulator = simulator
        self.said: list[discord.Message] = []
        self.edited: list[discord.RawMessageUpdateEvent] = []
        self.deleted: list[discord.RawMessageDeleteEvent] = []
        self.acted: list[discord.Interaction[discord.Client]] = []
        self.events: list[str] = []
        self._group = asyncio.TaskGroup()

    @override
    async def __aenter__(self) -> Self:
        self._before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
        Route.BASE = self._simulator.api_base
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(self._simulator.gateway_url)
        await self._group.__aenter__()
        self._group.create_task(self.start(self._simulator.token))
        await self._simulator.until(lambda: self._simulator.gateway.connected)
        return self

    @override
    async def __aexit__(self, *_: object) -> None:
        try:
            await self.close()
            await self._group.__aexit__(None, None, None)
        finally:  # the library's addresses are global: left so, they would be the next test's
            Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = self._before

    @override
    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Hear nothing more once it is closed: a guild that was waited for comes behind that."""
        if not self.is_closed():
            super().dispatch(event, *args, **kwargs)

    def _tell(self, event: str) -> None:
        self.events.append(event)
        self._simulator.changes.tell()

    async def on_connect(self) -> None:
        self._tell("connect")

    async def on_ready(self) -> None:
        self._tell("ready")

    async def on_resumed(self) -> None:
        self._tell("resumed")

    async def on_message(self, message: discord.Message) -> None:
        self.said.append(message)
        self._tell("message")

    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        self.edited.append(event)
        self._tell("edit")

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        self.deleted.append(event)
        self._tell("delete")

    async def on_thread_create(self, thread: discord.Thread) -> None:
        self._tell("thread")

    async def on_guild_join(self, guild: discord.Guild) -> None:
        self._tell("invited")

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        self._tell("kicked")

    async def on_guild_unavailable(self, guild: discord.Guild) -> None:
        self._tell("outage")

    async def on_guild_available(self, guild: discord.Guild) -> None:
        self._tell("back")

    async def on_interaction(self, interaction: discord.Interaction[discord.Client]) -> None:
        self.acted.append(interaction)
        self._tell("interaction")
