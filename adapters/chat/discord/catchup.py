"""Catches up with what was said before a new session began, and keeps until then from where on.

Decides when that is over: as long as it is not, the store says so, and whoever is killed in it
begins from the same message again (docs/decisions/0053). It takes in nothing itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from adapters.chat.discord import backfill, servers, shapes
from adapters.chat.discord.incoming import AGAIN, Doorway
from core.errors import StoreError
from core.storage import Gap, Gaps

GUILDS: Final = 3.0
"""Seconds for Discord to tell of the guilds, before what was missed is read."""
PAUSES: Final = (5.0, 30.0, 60.0, 300.0, 600.0, 1800.0, 3600.0)
"""Seconds after which channels are looked into again that could not be read, and then given up."""
AWAY: Final = sum(PAUSES)
"""Seconds for which it is kept from where on servers have to be read that are not there."""
LOOKS: Final = 4
"""So many channels are looked into at once, fewer than `hearing.READS`: what is new goes on."""

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What was missed in a channel is to be read now; `over` once it was looked into."""

    channel: str
    over: asyncio.Event = field(default_factory=asyncio.Event)


class CatchUp:
    """What one account missed, over one session after another."""

    def __init__(
        self, door: Doorway, gaps: Gaps, put: Callable[[str, Look], Awaitable[None]]
    ) -> None:
        """Miss nothing yet; `put` lines a look up behind what is new in its channel."""
        self._door = door
        self._marks = gaps
        self._put = put
        self._platform = door.setting.platform
        self._start = 0
        self._taken: dict[str, int] = {}  # the newest of each channel, when the session began
        self._gaps: dict[str, int] = {}  # channels to be read, and from which message on
        self._failed: dict[str, int] = {}  # those of them that could not be read yet
        self._floor = 0  # where any other begins, until all that are to be read are known
        self._read: set[str] = set()  # those that something new brought up until then
        self._awaited: set[str] = set()  # servers of which nothing was told
        self._absent: dict[str, int] = {}  # servers that are not there, and where they begin
        self._filled = False  # whether what was missed before the session is here
        self._complete = asyncio.Event()
        self._came = asyncio.Event()

    async def begin(self, guilds: Iterable[str]) -> None:
        """Begin a session: what the store knows now is where reading begins, and is kept there."""
        self._awaited = set(guilds)
        self._complete, self._came = asyncio.Event(), asyncio.Event()
        if not self._awaited:
            self._complete.set()
        self._door.setting.places.begin()
        seen = self._door.seen.now()
        bookmarks = await _kept(lambda: self._marks.bookmarks(self._platform, most=backfill.TAKEN))
        gap = await _kept(lambda: self._marks.gap(self._platform))
        taken = backfill.known(bookmarks, seen)
        self._start = _start(gap, backfill.floor(taken))
        if gap is not None and not gap.filled:
            # something behind the newest of a channel may be missing: all of it is read again
            taken = dict.fromkeys(sorted(taken, key=lambda each: -taken[each]), 0)
        if self._start:
            await self._note(Gap(since=self._start, filled=False))
        self._taken = taken
        self._gaps = dict(backfill.plan(taken, self._start, ()))
        self._failed = {}
        self._floor = self._start
        self._read = set()
        self._absent = dict.fromkeys(self._awaited, self._start)
        self._filled = False

    def told(self, event: str, guild: servers.Guild) -> None:
        """Note that a server was told of, whether it is there or away."""
        self._awaited.discard(guild.id)
        if not self._awaited:
            self._complete.set()
        if not guild.unavailable:
            self._there(guild, self._absent.pop(guild.id, 0))
        elif event == "GUILD_DELETE":
            heard = backfill.floor(self._door.seen.now()) if self._filled else 0
            self._absent.setdefault(guild.id, max(self._start, heard))

    def _there(self, guild: servers.Guild, since: int) -> None:
        """Go on with what was said in a server, which is there or gone for good."""
        if since and not self._floor:
            there = {each.id for each in (*guild.channels, *guild.threads)}
            last = {channel: text for channel, text in self._newest() if channel in there}
            self._gaps.update(backfill.told(self._taken, since, last))
        self._came.set()

    async def run(self) -> None:
        """Read what was missed, until all of it is read or cannot be."""
        try:
            async with asyncio.timeout(GUILDS):
                await self._complete.wait()
        except TimeoutError:
            pass
        told = [*self._newest()]
        newest = backfill.listened(told)
        wanted = backfill.plan(self._taken, self._start, told)
        self._gaps = {channel: after for channel, after in wanted if channel not in self._read}
        self._floor = 0
        await self._fill()
        until = asyncio.get_running_loop().time() + AWAY
        while self._start and self._absent and await self._one_came(until):
            await self._fill()
        # a first start has read nothing, and listens from the newest message that it was told of
        upto = max(self._start, newest - backfill.SLACK) if self._start else newest
        if upto:
            await self._note(Gap(since=upto, filled=True))
        self._filled = True
        while await self._one_came(None):
            await self._fill()

    async def _one_came(self, until: float | None) -> bool:
        """Wait for a server that was away, and say whether one came in time."""
        try:
            async with asyncio.timeout_at(until):
                await self._came.wait()
        except TimeoutError:
            pass  # one may have come at that very moment
        came = self._came.is_set()
        self._came.clear()
        return came

    async def _fill(self) -> None:
        """Look into all channels that are to be read, and again into those that cannot be."""
        await self._look()
        for pause in PAUSES:
            if not self._failed:
                return
            until = asyncio.get_running_loop().time() + pause
            while await self._one_came(until):
                await self._look()
            self._gaps, self._failed = self._failed, {}
            await self._look()
        if self._failed:
            count = len(self._failed)
            log.warning("Discord: what was missed in %d channels cannot be read", count)
            self._failed.clear()

    async def _look(self) -> None:
        while channels := list(self._gaps):
            async with asyncio.TaskGroup() as group:
                for _ in range(LOOKS):
                    group.create_task(self._looks(channels))

    async def _looks(self, channels: list[str]) -> None:
        while channels:
            look = Look(channels.pop(0))
            await self._put(look.channel, look)
            await look.over.wait()
            if channels:
                await asyncio.sleep(LOOKS * backfill.GAP)

    def misses(self, channel: str) -> bool:
        """Tell whether something was missed in a channel that was not read or tried yet."""
        return channel in self._gaps or bool(self._floor and channel not in self._read)

    async def missed(self, channel: str) -> AsyncIterator[shapes.Message]:
        """Give what was missed in a channel, if that was not read or tried yet."""
        fresh = self._floor if channel not in self._read else 0
        after = self._gaps.pop(channel, fresh)
        if self._floor:
            self._read.add(channel)
        if not after:
            return
        try:
            async for message in backfill.missed(self._door.rest, channel, after):
                yield message
                if message.id.isdecimal():
                    after = max(after, int(message.id))
        except backfill.LATER as error:
            log.info("Discord: channel %s is read later: %s", channel, error)
            self._failed[channel] = after

    def _newest(self) -> Iterable[tuple[str, str]]:
        return self._door.setting.places.newest()

    async def _note(self, gap: Gap) -> None:
        await _kept(lambda: self._marks.note_gap(self._platform, gap))


def _start(gap: Gap | None, floor: int) -> int:
    if gap is None:
        return floor
    return max(gap.since, floor) if gap.filled else gap.since


async def _kept(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask the store, however long that takes: what is not known cannot be read again."""
    failed = False
    while True:
        try:
            return await ask()
        except StoreError as error:
            if not failed:
                log.error("Discord: what was missed waits for the store: %s", error)  # noqa: TRY400 - one line
            failed = True
            await asyncio.sleep(AGAIN)
