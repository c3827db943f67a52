"""Which files came with which messages, as a protocol; their bytes lie on a shelf.

A file is needed for as long as some use of it is kept; a message that is erased needs none.
`gateway.turn.attachments` takes away from the shelf what nobody needs any more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from core.records import FileUse


class Files(Protocol):
    """Uses of files, and what was read out of them."""

    async def keep_file(self, use: FileUse) -> None:
        """Note that a file came with a message, before it is found under its hash.

        Noting the same use twice is noting it once; the first text of a file stands, so that a
        history gives the same bytes for ever.
        """
        ...

    async def file_texts(self, digests: Collection[str]) -> Mapping[str, str]:
        """Give what was read out of these files, by hash; what is kept no longer is left out."""
        ...

    async def files_in_use(self, digests: Collection[str]) -> frozenset[str]:
        """Say which of these files some message still needs."""
        ...

    async def files_held(self, *, before: int) -> Mapping[str, int]:
        """List the sessions that hold files from before `before` (ms): when the oldest came."""
        ...

    async def release_files(
        self,
        *,
        before: int | None = None,
        session: str = "",
        platform: str = "",
        person: str = "",
    ) -> int:
        """Forget uses, and the texts that nobody needs any more then.

        Those that came before `before` (ms), in `session`, of `person` on `platform`: all that
        is said has to fit. Those of messages whose texts were erased go in any case, and where
        nothing is said they alone.

        Returns:
            How many were forgotten.
        """
        ...
