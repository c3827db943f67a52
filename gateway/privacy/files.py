"""The files of questions: which are kept too long, and that nothing lies around (ADR 0041).

Decides which uses of files end; a file goes with its last one. The rows of the store are the
truth: whatever a kill leaves on the shelf that no row needs goes at the next sweep.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.retention import too_old

if TYPE_CHECKING:
    from core.shelf import FileShelf
    from core.storage import Files
    from gateway.privacy.terms import KeptFor


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFiles:
    """The files of a store. Whoever puts one on the shelf holds `guard` from its row on."""

    store: Files
    shelf: FileShelf
    kept: KeptFor
    guard: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def open(self) -> None:
        """Take away what an earlier run left: files that had not arrived, and what nobody needs.

        Raises:
            StoreError: nobody can say which those are.
        """
        await self.shelf.tidy(starting=True)
        await self.sweep()

    async def sweep(self) -> int:
        """Delete the files that no message needs any more; give how many.

        To be called whenever messages were erased, or uses of files released.

        Raises:
            StoreError: nobody can say which those are.
        """
        await self.shelf.tidy(starting=False)
        await self.store.release_files()
        async with self.guard:  # what is being kept just now is noted and stands there, or neither
            there = await self.shelf.digests()
            gone = there - await self.store.files_in_use(there)
            await self.shelf.remove(gone)
        return len(gone)

    async def purge(self, at: int) -> int:
        """End the uses that are too old at `at` (ms), each by the term of its place.

        Raises:
            StoreError: it could not be finished; what was done stays done.
        """
        first = too_old(self.kept.shortest("files"), at)
        ended = 0
        for session in () if first is None else await self.store.files_held(before=first):
            before = too_old((await self.kept.of(session)).files, at)
            if before is not None:
                ended += await self.store.release_files(before=before, session=session)
        return ended
