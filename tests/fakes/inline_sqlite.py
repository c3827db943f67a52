"""The real SQLite store without threads: for the virtual loop, which would outrun them.

Every statement, transaction and index is the program's own; only the two threads are missing, and
what a power cut could do.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar, cast

from adapters.store.sql import SqlStore
from adapters.store.sqlite import SQLite
from adapters.store.sqlite_file import connect, prepare

T = TypeVar("T")


class InlineSQLite(SqlStore):
    """Opened anew over the same file as often as the program starts; none owns it alone."""

    def __init__(self, path: Path) -> None:
        writer, reader = connect(path), connect(path, read_only=True)
        writer.execute("PRAGMA synchronous = OFF")  # nobody cuts the power
        self._connections = (writer, reader)
        inline: Any = [_Inline(each) for each in self._connections]
        super().__init__(
            SQLite(path, lock=cast("Any", _NoLock()), writer=inline[0], reader=inline[1])
        )

    def abandon(self) -> None:
        """Let go of the file as a kill does: what was to be written later is not."""
        for each in self._connections:
            each.close()


class _Inline:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return work(self._connection)

    async def close(self) -> None:
        self._connection.close()


class _NoLock:
    def release(self) -> None:
        """Nothing is held."""


def new_database(path: Path) -> None:
    """Put an empty database of today's version there: copying one is quicker than making one."""
    path.write_bytes(_empty())


@lru_cache(maxsize=1)
def _empty() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        prepare(path, program="test")
        return path.read_bytes()
