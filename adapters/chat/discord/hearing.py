"""Dispatches → the doorway: messages of one channel in order, interactions at once.

After a new session it reads again what was said in between: in each channel before anything newer
is taken in there, so that the newest message that is stored has none before it that is not. A
dispatch that cannot be read is one line in the log and ends nothing.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from adapters.chat.discord import facts, servers, shapes
from adapters.chat.discord.arrivals import Servers
from adapters.chat.discord.catchup import CatchUp, Look
from adapters.chat.discord.changes import Gone, changed
from adapters.chat.discord.incoming import Arrived, Doorway
from adapters.chat.discord.lanes import Lanes
from core.crashpoints import crashpoint
from core.recent import Recent
from core.storage import Gaps

_REMEMBERED: Final = 2000
READS: Final = 16
"""So many channels in which something was missed are read at once."""

log = logging.getLogger(__name__)


class Hearing:
    """What is heard over one connection after another, while the group lives."""

    def __init__(self, door: Doorway, group: asyncio.TaskGroup, gaps: Gaps) -> None:
        """Hear until `close`; `gaps` knows how far was listened."""
        self._door = door
        self._group = group
        self._lanes = Lanes[Arrived | Gone | servers.Guild | Look](self._take)
        self._missed = CatchUp(door, gaps, self._lanes.put)
        self._tasks = self._lanes.start(group)
        self._given = Recent[str, None](_REMEMBERED)
        self._reading: asyncio.Task[None] | None = None
        self._reads = asyncio.Semaphore(READS)
        self._servers = Servers()

    def close(self) -> None:
        """Let go of everything that would wait for more."""
        for task in (*self._tasks, self._reading):
            if task is not None:
                task.cancel()

    async def receive(self, event: str, data: object) -> None:
        """Take in one dispatch."""
        try:
            match event:
                case "MESSAGE_CREATE":
                    message = shapes.read(data, shapes.Message)
                    arrived = Arrived(message=message, live=True)
                    await self._lanes.put(message.channel_id, arrived)
                case "MESSAGE_UPDATE":
                    await self._changed(data)
                case "MESSAGE_DELETE" | "MESSAGE_DELETE_BULK":
                    gone = shapes.read(data, Gone)
                    await self._lanes.put(gone.channel_id, gone)
                case "INTERACTION_CREATE":
                    self._interaction(shapes.read(data, shapes.Interaction))
                case "READY":
                    await self._ready(shapes.read(data, shapes.Ready))
                case _:
                    facts.take(self._door.setting.places, event, data)
                    await self._told(event, data)
        except ValueError as error:
            log.warning("Discord: a %s could not be read: %s", event, error)

    def _interaction(self, interaction: shapes.Interaction) -> None:
        if interaction.id not in self._given:  # Discord may tell of one twice
            self._given[interaction.id] = None
            self._group.create_task(self._door.interaction(interaction))

    async def _changed(self, data: object) -> None:
        message = changed(data, self._door.setting)
        if message is not None:
            arrived = Arrived(message=message, live=True, changed=True)
            await self._lanes.put(message.channel_id, arrived)

    async def _ready(self, ready: shapes.Ready) -> None:
        """Begin a new session, in which what was missed is read."""
        log.info("Discord: connected as %s", ready.user.username or ready.user.id)
        guilds = [guild.id for guild in ready.guilds]
        self._servers.begin(guilds)
        if self._reading is not None:
            self._reading.cancel()
        await self._missed.begin(guilds)
        self._reading = self._group.create_task(self._missed.run())

    async def _told(self, event: str, data: object) -> None:
        """Note that a guild was told of, whether it is there or away; take in that it is new."""
        if event not in {"GUILD_CREATE", "GUILD_DELETE"}:
            return
        guild = shapes.read(data, servers.Guild)
        self._missed.told(event, guild)
        if self._servers.is_new(event, guild):
            await self._lanes.put(guild.id, guild)

    async def _take(self, what: Arrived | Gone | servers.Guild | Look) -> None:
        """Take in what was missed in a channel, if it was not yet read, and then what is new."""
        if isinstance(what, Look):
            await self._fill(what.channel)
            what.over.set()
            return
        if isinstance(what, Arrived):
            await self._fill(what.message.channel_id)
        await self._door.said(what)

    async def _fill(self, channel: str) -> None:
        if not self._missed.misses(channel):
            return
        async with self._reads:
            async for message in self._missed.missed(channel):
                crashpoint("discord.read")
                await self._door.said(Arrived(message=message, live=False))
