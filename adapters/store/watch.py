"""Whether the files that are written are still those that stand at their paths (P9).

SQLite goes on writing into a file that was deleted or cut under it, and what is stored there is
gone with the next start. Decides only that it is so; never touches a file.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from adapters.store.sqlite_errors import damaged, explained
from adapters.store.sqlite_file import SMALLEST, connect
from core.errors import StoreDamaged, StoreError, StoreFull


class Watch:
    """Looks at the data at `path` and its log, before each transaction: two calls of the kernel."""

    def __init__(self, path: Path) -> None:
        """Take what stands there now for ours."""
        self._paths = (path, Path(f"{path}-wal"))
        self._ours: dict[Path, tuple[int, int]] = {}
        self._size = 0
        self._cut: StoreError | None = None

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
        return self._cut

    def _stands(self, path: Path) -> tuple[int, int] | None:
        try:
            found = path.stat()
        except OSError:
            return None
        if path == self._paths[0]:
            self._measured(found.st_size)
        return found.st_dev, found.st_ino

    def _measured(self, size: int) -> None:
        """A file that was cut is read again as a whole: we make it shorter ourselves, too.

        Where it cannot be read just now, it is tried again before the next transaction.
        """
        if isinstance(self._cut, StoreDamaged):
            return
        self._cut = _broken(self._paths[0], size) if size < self._size else None
        if self._cut is None:
            self._size = size


def _broken(path: Path, size: int) -> StoreError | None:
    if size < SMALLEST:  # opened, it would pass for a new one, and SQLite would delete its log
        return damaged(path, "it was cut")
    try:
        with closing(connect(path, read_only=True)) as connection:
            said = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.Error as error:
        return explained(error, path)
    return None if said == "ok" else damaged(path, said)
