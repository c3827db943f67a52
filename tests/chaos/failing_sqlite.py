"""A connection of SQLite's of which one statement fails, as on a disk that is full or breaks."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from adapters.store import sqlite
from adapters.store.sqlite_file import connect

SAID = {
    sqlite3.SQLITE_FULL: "database or disk is full",
    sqlite3.SQLITE_IOERR: "disk I/O error",
    sqlite3.SQLITE_READONLY: "attempt to write a readonly database",
    sqlite3.SQLITE_BUSY: "database is locked",
    sqlite3.SQLITE_CORRUPT: "database disk image is malformed",
}


@dataclass
class Disk:
    """Counts the statements of the writer, BEGIN and COMMIT included; the one numbered `at` fails.

    With `lasts`, so do all that come after it, until `mended`.
    """

    code: int = sqlite3.SQLITE_FULL
    at: int = 0
    lasts: bool = False
    count: int = 0
    struck: str = ""

    def under(self, patch: pytest.MonkeyPatch) -> None:
        """Put it under whatever store is opened from now on."""

        def connected(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
            made = connect(path, read_only=read_only)
            return made if read_only else cast("sqlite3.Connection", _Connection(made, self))

        patch.setattr(sqlite, "connect", connected)

    def mend(self) -> None:
        self.lasts = False

    def write(self, query: str) -> None:
        self.count += 1
        fails = self.at and (self.count == self.at or (self.lasts and self.count > self.at))
        if not fails or query == "ROLLBACK":
            return
        self.struck = self.struck or query.split("\n", maxsplit=1)[0]
        error = sqlite3.OperationalError(SAID[self.code])
        error.sqlite_errorcode = self.code
        raise error


class _Connection:
    def __init__(self, made: sqlite3.Connection, disk: Disk) -> None:
        self._made = made
        self._disk = disk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made, name)

    def execute(self, query: str, *values: Any) -> sqlite3.Cursor:
        self._disk.write(query)
        return self._made.execute(query, *values)
