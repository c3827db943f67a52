"""Where the files of questions lie, as a protocol: each once, by the hash of its bytes.

An implementation raises only `FileUnread`, whose text a person may read. Who still needs which
file is not its matter: `core.storage.Files` keeps that.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from core.errors import FileUnread
from core.types import Attachment


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A file that has arrived and is not kept yet. `name` is the shelf's own; `size` in bytes."""

    name: str
    digest: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfText:
    """What a PDF says. `read` of its `pages` were read; `cut`: there is more than `text`."""

    text: str
    pages: int
    read: int
    cut: bool


class FileSource(Protocol):
    """Gives what came with a message: the part of a chat platform that knows its own files."""

    def fetch(self, file: Attachment) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open a file and give its bytes as they come, from the platform's own hosts alone.

        Raises:
            FileUnread: it cannot be had. ChatBusy, ChatAway: not now; it may be asked again.
        """
        raise FileUnread("this platform gives no files")


class FileShelf(Protocol):
    """Files on disk. What is cut off while it arrives is never found under a hash."""

    async def receive(self, pieces: AsyncIterator[bytes], *, most: int) -> Received:
        """Write a file as it comes, at most so many bytes; nobody's word is taken for its size.

        Whatever `pieces` raises goes on to the caller, and nothing is left of the file then.

        Raises:
            FileUnread: it is larger, or there is no room for it.
        """
        ...

    async def keep(self, received: Received) -> None:
        """Put what has arrived under its hash, where it may be already.

        Raises:
            FileUnread: there is no room for it.
        """
        ...

    async def discard(self, received: Received, *, parked: bool) -> None:
        """Take away what has arrived and is not kept; also what is `parked` under its hash."""
        ...

    async def look(self, received: Received, most: int) -> bytes:
        """Give the first bytes of what has arrived."""
        ...

    async def pdf(self, received: Received) -> PdfText:
        """Read the text of a PDF that has arrived, up to `core.attached.CHARACTERS`.

        Raises:
            FileUnread: it is encrypted, broken, without text, or takes too much.
        """
        ...

    async def read(self, digest: str) -> bytes | None:
        """Give a file that is kept; None if it is kept no longer."""
        ...

    async def digests(self) -> frozenset[str]:
        """List what is kept."""
        ...

    async def remove(self, digests: Collection[str]) -> None:
        """Delete files for good; one that is gone already is no error."""
        ...

    async def park(self, received: Received) -> None:
        """Let what has arrived wait under its hash, until it is kept or a day has passed.

        Raises:
            FileUnread: there is no room for it.
        """
        ...

    def pieces(self, digest: str) -> AsyncIterator[bytes]:
        """Give what waits or is kept under a hash, piece by piece.

        Raises:
            FileUnread: it is there no longer.
        """
        ...

    async def tidy(self, *, starting: bool) -> None:
        """Take away what has waited for a day; at the start also what had not arrived whole."""
        ...
