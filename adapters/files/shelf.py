"""The files of questions on disk: each once, under the hash of its bytes, for their owner alone.

Decides how a file comes to stand there whole or not at all. Names are made here, never taken from
anybody; no link is followed. Who still needs which file, the store knows.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

from adapters.files.pdf import read_pdf
from core.attached import CHARACTERS
from core.errors import FileUnread
from core.shelf import PdfText, Received
from core.texts import files as texts

PDFS_AT_ONCE: Final = 2
"""Each of them may keep a processor busy for half a minute."""
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_ARRIVING: Final = "arriving-"
_WAITING: Final = "waiting-"
_DAY: Final = 86_400.0
_PIECE: Final = 256 * 1024
_FRESH: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC


class Shelf:
    """Fulfils `core.shelf.FileShelf`. One process at a time uses a folder."""

    def __init__(self, folder: Path) -> None:
        """Touch nothing yet: the folder is made with the first file."""
        self._folder = folder
        self._readers = asyncio.Semaphore(PDFS_AT_ONCE)

    async def receive(self, pieces: AsyncIterator[bytes], *, most: int) -> Received:
        name = f"{_ARRIVING}{secrets.token_hex(16)}"
        arriving = _Arriving(self._folder / name)
        try:
            await _whole(arriving.open)
            async for piece in pieces:
                if arriving.take(piece) > most:
                    break
                if arriving.much:
                    await _whole(arriving.write)
            await _whole(arriving.end)
            _require(arriving.size, most)
        except OSError as error:
            self._drop(name)
            raise FileUnread(texts.NO_ROOM) from error
        except BaseException:
            self._drop(name)
            raise
        finally:
            arriving.close()
        return Received(name=name, digest=arriving.digest.hexdigest(), size=arriving.size)

    async def keep(self, received: Received) -> None:
        try:
            await asyncio.to_thread(self._keep, received)
        except OSError as error:
            raise FileUnread(texts.NO_ROOM) from error

    async def discard(self, received: Received, *, parked: bool) -> None:
        await asyncio.to_thread(self._drop, received.name)
        if parked:
            await asyncio.to_thread(self._drop, f"{_WAITING}{received.digest}")

    async def look(self, received: Received, most: int) -> bytes:
        found = await asyncio.to_thread(self._read, received.name, most)
        return found or b""

    async def pdf(self, received: Received) -> PdfText:
        async with self._readers:
            return await read_pdf(self._folder / received.name, characters=CHARACTERS)

    async def read(self, digest: str) -> bytes | None:
        if _DIGEST.fullmatch(digest) is None:
            return None
        return await asyncio.to_thread(self._read, digest, None)

    async def digests(self) -> frozenset[str]:
        return await asyncio.to_thread(self._digests)

    async def remove(self, digests: Collection[str]) -> None:
        for digest in filter(_DIGEST.fullmatch, digests):
            await asyncio.to_thread(self._drop, digest)

    async def park(self, received: Received) -> None:
        try:
            await asyncio.to_thread(self._move, received.name, f"{_WAITING}{received.digest}")
        except OSError as error:
            raise FileUnread(texts.NO_ROOM) from error

    async def pieces(self, digest: str) -> AsyncIterator[bytes]:
        at = 0
        while piece := await asyncio.to_thread(self._piece, digest, at):
            at += len(piece)
            yield piece

    async def tidy(self, *, starting: bool) -> None:
        await asyncio.to_thread(self._tidy, starting=starting)

    # --- in a thread ------------------------------------------------------------------------

    def _keep(self, received: Received) -> None:
        self._move(received.name, received.digest)
        self._drop(f"{_WAITING}{received.digest}")

    def _piece(self, digest: str, at: int) -> bytes:
        known = _DIGEST.fullmatch(digest) is not None
        for name in (f"{_WAITING}{digest}", digest) if known else ():
            with suppress(OSError), os.fdopen(os.open(self._folder / name, _READ), "rb") as file:
                file.seek(at)
                return file.read(_PIECE)
        raise FileUnread(texts.GONE)

    def _move(self, name: str, there: str) -> None:
        (self._folder / name).replace(self._folder / there)
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _read(self, name: str, most: int | None) -> bytes | None:
        try:
            with os.fdopen(os.open(self._folder / name, _READ), "rb") as file:
                return file.read() if most is None else file.read(most)
        except OSError:
            return None

    def _digests(self) -> frozenset[str]:
        try:
            names = [each.name for each in self._folder.iterdir()]
        except OSError:
            return frozenset()
        return frozenset(filter(_DIGEST.fullmatch, names))

    def _tidy(self, *, starting: bool) -> None:
        with suppress(OSError):
            for each in [*self._folder.iterdir()]:
                half = starting and each.name.startswith(_ARRIVING)
                old = each.name.startswith(_WAITING) and _age(each) > _DAY
                if half or old:
                    self._drop(each.name)

    def _drop(self, name: str) -> None:
        with suppress(OSError):
            (self._folder / name).unlink()


def _age(path: Path) -> float:
    return time.time() - path.lstat().st_mtime


class _Arriving:
    """A file while it comes; the loop takes pieces, a thread writes them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._out: int | None = None
        self._waiting = bytearray()
        self.digest = sha256()
        self.size = 0

    @property
    def much(self) -> bool:
        """Whether enough waits to be written."""
        return len(self._waiting) >= _PIECE

    def take(self, piece: bytes) -> int:
        """Take a piece; give the size until now."""
        self._waiting += piece
        self.size += len(piece)
        return self.size

    def open(self) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._out = os.open(self._path, _FRESH, 0o600)

    def write(self) -> None:
        if self._out is None:
            return
        self.digest.update(self._waiting)
        view = memoryview(bytes(self._waiting))
        self._waiting.clear()
        while view:
            view = view[os.write(self._out, view) :]

    def end(self) -> None:
        self.write()
        if self._out is not None:
            os.fsync(self._out)

    def close(self) -> None:
        if self._out is not None:
            os.close(self._out)
            self._out = None


async def _whole(work: Callable[[], None]) -> None:
    """Do work in a thread, to its end also when this is cancelled: what it writes to stays open."""
    job = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        await asyncio.shield(job)
    except asyncio.CancelledError:
        await asyncio.wait([job])
        raise


def _require(size: int, most: int) -> None:
    if size > most:
        raise FileUnread(texts.too_large(most))
