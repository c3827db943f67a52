"""What SQLite's errors mean here, said with the place and the remedy."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from adapters.store.copies import way_back
from core.errors import StoreBusy, StoreDamaged, StoreError, StoreFull

_NOT_WRITABLE = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
# A quota or a limit on a file's size, and no room for the shared memory: as good as a full disk.
_NO_ROOM = {sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE}
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}

CLOSED: Final = ", or its file system has become read-only"
LOOK: Final = ", or look at the system's log"


def explained(error: Exception, path: Path) -> StoreError:
    """Give the error of ours that says what happened to the data at `path`."""
    code = _code(error) & 0xFF
    if no_room(error):
        full = code == sqlite3.SQLITE_FULL  # any other write that fails looks the same to SQLite
        return StoreFull(
            f"There is no space left for {path}{'' if full else CLOSED}: what arrives now is not "
            f"stored. Free some space{'' if full else LOOK}; no restart is needed."
        )
    if code in _NOT_WRITABLE:
        return not_writable(path, str(error))
    if code in _DAMAGED:
        return damaged(path, str(error))
    if code in _LOCKED:
        return StoreBusy(f"Another program holds a lock on {path}: close it. ({error})")
    if code == sqlite3.SQLITE_IOERR:
        return unreliable(path, error)
    return StoreError(f"{path}: {error}")


def malformed(error: Exception) -> bool:
    """Tell whether what was read is no part of a database."""
    return _code(error) & 0xFF in _DAMAGED


def unreliable(path: Path, error: Exception | None) -> StoreError:
    """Say that the disk has failed, this time at least."""
    return StoreError(f"The disk under {path} fails ({error}): look at the system's log.")


def no_room(error: Exception) -> bool:
    """Tell whether what was to be written did not fit."""
    return _code(error) & 0xFF == sqlite3.SQLITE_FULL or _code(error) in _NO_ROOM


def _code(error: Exception) -> int:
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return code


def not_writable(path: Path, reason: str) -> StoreFull:
    """Say that the place takes no data."""
    return StoreFull(
        f"{path} cannot be written ({reason}): make its folder writable for the user that runs "
        f"moa-gateway, or choose another data folder."
    )


def damaged(path: Path, reason: str) -> StoreDamaged:
    """Say that the file is none of ours or a broken one, and how to go on."""
    return StoreDamaged(
        f"{path} is no usable database ({reason}). It was left as it is. {way_back(path)} "
        f"Then start again. More stands in docs/how-to/backups.md."
    )
