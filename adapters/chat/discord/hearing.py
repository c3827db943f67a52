"""Dispatches → the doorway: messages of one channel in order, interactions at once.

After a new session it reads again what was said in between: in each channel before anything newer
is taken in there, so that the newest message that is stored has none before it that is not. A
dispatch that cannot be read is one line in the log and ends nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from adapters.chat.discord import backfill, facts, servers, shapes
from adapters.chat.discord.arrivals import Servers
from adapters.chat.discord.changes import Gone, changed
from adapters.chat.discord.incoming import Arrived, Doorway
from adapters.chat.discord.lanes import Lanes
from core.crashpoints import crashpoint
from core.errors import StoreError
from core.recent import Recent
from core.types import Address

GUILDS: Final = 3.0
"""Seconds for Discord to tell of the guilds, before what was missed is read."""

_REMEMBERED: Final = 2000

Bookmarks = Callable[[], Awaitable[Mapping[Address, str]]]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Gap:
    """What was missed in a channel is to be read now."""

    channel: str


class Hearing:
    """What is heard over one connection after another, while the group lives."""

    def __init__(self, door: Doorway, group: asyncio.TaskGroup, bookmarks: Bookmarks) -> None:
        """Hear until `close`; `bookmarks` gives what was stored last in each conversation."""
        self._door = door
        self._group = group
        self._bookmarks = bookmarks
        self._lanes = Lanes[Arrived | Gone | servers.Guild | _Gap](self._take)
        self._gaps: dict[str, int] = {}  # channels to be read, and from which message on
        self._floor = 0  # where any other begins, until all that are to be read are known
        self._read: set[str] = set()  # what was read until then
        self._tasks = self._lanes.start(group)
        self._given = Recent[str, None](_REMEMBERED)
        self._reading: asyncio.Task[None] | None = None
        self._awaited: set[str] = set()
        self._servers = Servers()
        self._complete = asyncio.Event()

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
        """Begin a new session: what the store knows now is where reading begins."""
        log.info("Discord: connected as %s", ready.user.username or ready.user.id)
        self._awaited = {guild.id for guild in ready.guilds}
        self._servers.begin(self._awaited)
        self._complete.clear()
        if not self._awaited:
            self._complete.set()
        seen = self._door.seen.now()
        try:
            bookmarks = await self._bookmarks()
        except StoreError as error:
            log.warning("Discord: what was stored last is not known: %s", error)
            bookmarks = {}
        self._gaps = dict(backfill.plan(bookmarks, seen, ()))
        self._floor = backfill.floor(bookmarks, seen)
        self._read.clear()
        if self._reading is not None:
            self._reading.cancel()
        self._reading = self._group.create_task(self._catch_up(bookmarks, seen))

    async def _told(self, event: str, data: object) -> None:
        """Note that a guild was told of, whether it is there or away; take in that it is new."""
        if event not in {"GUILD_CREATE", "GUILD_DELETE"}:
            return
        guild = shapes.read(data, servers.Guild)
        if self._awaited:
            self._awaited.discard(guild.id)
            if not self._awaited:
                self._complete.set()
        if self._servers.is_new(event, guild):
            await self._lanes.put(guild.id, guild)

    async def _catch_up(self, bookmarks: Mapping[Address, str], seen: Mapping[str, int]) -> None:
        places = self._door.setting.places
        try:
            async with asyncio.timeout(GUILDS):
                await self._complete.wait()
        except TimeoutError:
            pass
        wanted = backfill.plan(bookmarks, seen, places.newest())
        self._gaps = {channel: after for channel, after in wanted if channel not in self._read}
        self._floor = 0
        for channel, _ in wanted:
            await self._lanes.put(channel, _Gap(channel))
            await asyncio.sleep(backfill.GAP)

    async def _take(self, what: Arrived | Gone | servers.Guild | _Gap) -> None:
        """Take in what was missed in a channel, if it was not yet read, and then what is new."""
        if isinstance(what, _Gap):
            await self._fill(what.channel)
            return
        if isinstance(what, Arrived):
            await self._fill(what.message.channel_id)
        await self._door.said(what)

    async def _fill(self, channel: str) -> None:
        after = self._gaps.pop(channel, self._floor)
        if after and channel not in self._read:
            self._read |= {channel} if self._floor else set()
            async for message in backfill.missed(self._door.rest, channel, after):
                crashpoint("discord.read")
                await self._door.said(Arrived(message=message, live=False))
