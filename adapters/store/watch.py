"""Whether the files that are written are still those that stand at their paths, and whole (P9).

SQLite goes on writing into a file that was deleted or cut under it, and what is stored there is
gone with the next start. Decides only that it is so; never touches a file.
"""

from __future__ import annotations

from pathlib import Path

from adapters.store.calling_off import CalledOff
from adapters.store.checking import FULL, Check, broken
from adapters.store.sqlite_errors import unreliable
from core.errors import StoreDamaged, StoreError, StoreFull

HEADER = 100
"""Bytes at the beginning of a database that say how long its pages are, and how many."""


class Watch:
    """Looks at the data at `path` and its log, before each transaction: two calls of the kernel."""

    def __init__(self, path: Path, *, called_off: CalledOff) -> None:
        """Take what stands there now for ours."""
        self._paths = (path, Path(f"{path}-wal"))
        self._called_off = called_off
        self._ours: dict[Path, tuple[int, int]] = {}
        self._size = 0
        self._cut: StoreError | None = None
        self.check = Check(path)

    def trouble(self) -> StoreError | None:
        """Say why nothing may be written now; None if all stands where it stood."""
        for each in self._paths:
            stands, ours = self._stands(each), self._ours.get(each)
            if ours is None and stands is not None:
                self._ours[each] = stands
            elif stands != ours:
                return StoreFull(
                    f"{each} was moved or deleted while moa-gateway runs, so nothing is stored: "
                    "put it back, or stop moa-gateway and put a copy of the data there."
                )
        return self._cut or self.check.found

    def doubted(self, error: Exception | None) -> StoreError:
        """Read the whole file after SQLite has found a part of it broken, and say what it is.

        Broken, it takes nothing more. Whoever writes waits for that: nothing is confirmed that may
        be lost. A disk that has read something wrong once, and now reads it right, is no damage.
        """
        path = self._paths[0]
        found = broken(path, called_off=self._called_off, how=FULL)
        if isinstance(found, StoreDamaged):
            self._cut = found
        return found or unreliable(path, error)

    def _stands(self, path: Path) -> tuple[int, int] | None:
        try:
            found = path.stat()
        except OSError:
            return None
        if path == self._paths[0]:
            self._measured(found.st_size)
        return found.st_dev, found.st_ino

    def _measured(self, size: int) -> None:
        """A file that got shorter is read again as a whole: we make it shorter ourselves, too.

        One that is as long as it says itself is read while writes go on: that takes as long as it
        is big. Any other was cut, and takes nothing before it is read. Where it cannot be read
        just now, it is tried again before the next transaction.
        """
        if isinstance(self._cut, StoreDamaged):
            return
        self._cut = None
        if size < self._size:
            if _as_long_as_it_says(self._paths[0], size):
                self.check.begin()
            else:
                self._cut = broken(self._paths[0], called_off=self._called_off)
        else:
            self.check.go_on()
        if self._cut is None:
            self._size = size


def _as_long_as_it_says(path: Path, size: int) -> bool:
    """Tell whether the file has the pages that its header counts.

    After every log that SQLite has moved into the file, it has. Source: sqlite.org/fileformat2
    §1.3: the length of a page at offset 16 (1 is 65536), their number at offset 28.
    """
    try:
        with path.open("rb") as file:
            header = file.read(HEADER)
    except OSError:
        return False
    page = int.from_bytes(header[16:18]) if header[16:18] != b"\x00\x01" else 65536
    return size > 0 and page * int.from_bytes(header[28:32]) == size
