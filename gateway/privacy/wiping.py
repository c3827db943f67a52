"""Sees that what was erased leaves no trace in the database's files, and that this costs little.

Decides when every page is written anew: at once after somebody wanted to be forgotten, but never
for more than a hundredth of the time; what takes long waits for the night.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from core.crashpoints import crashpoint
from core.errors import StoreError

if TYPE_CHECKING:
    from core.ports import Clock
    from core.storage import Store
    from gateway.privacy.files import KeptFiles

log = structlog.get_logger()

SHARE = 100
"""Once it took a second, it is not done again for a hundred."""
LONG = 2.0
"""Seconds; what took longer than that holds everything up too much for the day."""


class Wiping:
    """Wipes one store."""

    def __init__(self, store: Store, clock: Clock, files: KeptFiles | None = None) -> None:
        """Begin with nothing to wipe; files that came with what was erased go at once."""
        self._store = store
        self._files = files
        self._clock = clock
        self._owed = asyncio.Event()
        self._took = 0.0
        self._free = clock.monotonic()

    async def run(self) -> None:
        """Wipe whatever is owed, as soon as it may be; until cancelled."""
        while True:
            await self._owed.wait()
            wait = self._free - self._clock.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            elif self._took > LONG:
                self._owed.clear()  # the purge of the night does it
            else:
                await self._wipe()

    async def soon(self) -> None:
        """Empty the log of what was erased now, and have the rest wiped when it may be.

        Raises:
            StoreError: it could not be done; what was erased is found by nobody all the same.
        """
        await self._sweep()
        await self._store.scrub(whole=False)
        self._owed.set()

    async def now(self) -> None:
        """Wipe everything now, or as soon as it may be.

        Raises:
            StoreError: as `soon` does.
        """
        if self._took > LONG or self._clock.monotonic() < self._free:
            await self.soon()
        else:
            await self.whole()

    async def whole(self) -> None:
        """Wipe everything now, however long it takes.

        Raises:
            StoreError: there is no room to write everything anew, for one.
        """
        began = self._clock.monotonic()
        await self._sweep()
        crashpoint("wipe.begun")
        await self._store.scrub(whole=True)
        self._owed.clear()
        now = self._clock.monotonic()
        self._took = now - began
        self._free = now + SHARE * self._took

    async def _sweep(self) -> None:
        if self._files is not None:
            await self._files.sweep()

    async def _wipe(self) -> None:
        try:
            await self.whole()
        except StoreError as error:
            log.warning("not_wiped", error=str(error))
            self._owed.clear()  # tried again with whatever is erased next, and at night
