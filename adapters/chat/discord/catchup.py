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
        self._floor = 0  # where any other begins, until all that are to be read are known
        self._planned: set[str] = set()  # what was read until then, or is in the plan
        self._awaited: set[str] = set()  # servers of which nothing was told
        self._absent: set[str] = set()  # servers that are not there yet
        self._complete = asyncio.Event()
        self._came = asyncio.Event()

    async def begin(self, guilds: Iterable[str]) -> None:
        """Begin a session: what the store knows now is where reading begins, and is kept there."""
        self._awaited, self._absent = set(guilds), set(guilds)
        self._complete = asyncio.Event()
        if not self._awaited:
            self._complete.set()
        seen = self._door.seen.now()
        bookmarks = await _kept(lambda: self._marks.bookmarks(self._platform))
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
        self._floor = self._start
        self._planned = set()

    def told(self, event: str, guild: servers.Guild) -> None:
        """Note that a server was told of, whether it is there or away."""
        if not guild.unavailable:
            self._absent.discard(guild.id)
        self._awaited.discard(guild.id)
        if not self._awaited:
            self._complete.set()
        if event == "GUILD_CREATE":
            self._came.set()

    async def run(self) -> None:
        """Read what was missed, until all of it is read or cannot be."""
        try:
            async with asyncio.timeout(GUILDS):
                await self._complete.wait()
        except TimeoutError:
            pass
        await self._catch_up()
        upto = max((int(last) for _, last in self._newest() if last.isdecimal()), default=0)
        # a first start has read nothing, and listens from the newest message that it was told of
        upto = max(self._start, upto - backfill.SLACK) if self._start else upto
        if upto:
            await self._note(Gap(since=upto, filled=True))
        while self._absent:
            self._came.clear()
            await self._came.wait()
            await self._catch_up()

    async def _catch_up(self) -> None:
        wanted = backfill.plan(self._taken, self._start, self._newest())
        new = {channel: after for channel, after in wanted if channel not in self._planned}
        failed = {each: after for each, after in self._gaps.items() if each in self._planned}
        self._gaps = {**failed, **new}
        self._floor = 0
        self._planned |= new.keys()
        await self._look()
        for pause in PAUSES:
            if not self._gaps:
                return
            await asyncio.sleep(pause)
            await self._look()
        if self._gaps:
            log.warning("Discord: what was missed in %d channels cannot be read", len(self._gaps))

    async def _look(self) -> None:
        looks = [Look(channel) for channel in self._gaps]
        for look in looks:
            await self._put(look.channel, look)
            await asyncio.sleep(backfill.GAP)
        for look in looks:
            await look.over.wait()

    async def missed(self, channel: str) -> AsyncIterator[shapes.Message]:
        """Give what was missed in a channel, if that was not read yet."""
        if self._floor and channel in self._planned:
            return
        after = self._gaps.pop(channel, self._floor)
        if not after:
            return
        if self._floor:
            self._planned.add(channel)
        try:
            async for message in backfill.missed(self._door.rest, channel, after):
                yield message
        except backfill.LATER as error:
            log.info("Discord: channel %s is read later: %s", channel, error)
            self._gaps[channel] = after

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
