"""Everything that must survive a kill. `open_sqlite` makes the store that needs no server."""

from __future__ import annotations

from pathlib import Path

from adapters.store.archive import archive, check
from adapters.store.calling_off import in_thread
from adapters.store.copies import BACKUPS
from adapters.store.reading import ReadOnly
from adapters.store.sql import SqlStore
from adapters.store.sqlite import SQLite
from adapters.store.sqlite_file import backup as backup_sqlite
from core.storage import Store

__all__ = [
    "BACKUPS",
    "archive",
    "backup_sqlite",
    "check",
    "in_thread",
    "open_sqlite",
    "read_sqlite",
]


async def open_sqlite(path: Path, *, program: str = "") -> Store:
    """Open the store in the file at `path`, made if need be; `program` is our version.

    Raises:
        StoreBusy: another process owns it; the text names it.
        StoreDamaged: the file is no database, another program's, or a broken one.
        StoreNewer: a newer version of this program wrote it.
        StoreFull: there is no space, or the place is read-only.
        ConfigError: the SQLite library is too old.
    """
    return SqlStore(await SQLite.open(path, program=program))


def read_sqlite(path: Path) -> Store:
    """Look at what the gateway of this file has kept; it may be running.

    Whatever is asked of it raises a `StoreError` if the file is not there or not of this version.
    """
    return SqlStore(ReadOnly(path))
