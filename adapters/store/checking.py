"""Reading the whole data file while others go on, in a thread and over a connection of its own.

Decides only whether it is whole; never writes, and nobody waits for it.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Event, Thread
from typing import Final

from adapters.store.calling_off import CalledOff, heed
from adapters.store.sqlite_errors import damaged, explained
from adapters.store.sqlite_file import SMALLEST, connect
from core.errors import StoreDamaged, StoreError

QUICK: Final = "quick_check"
FULL: Final = "integrity_check"
"""Holds the indices against their tables, too, and takes several times as long."""


class Check:
    """At most one at a time of the file at `path`. Whoever begins it calls it off again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread: Thread | None = None
        self._over = Event()
        self._due = False
        self.found: StoreDamaged | None = None

    def begin(self) -> None:
        """Have it read from now on; what is found stands in `found`, and stays."""
        self.call_off()
        self._due = True
        self.go_on()

    def go_on(self) -> None:
        """Begin again what was called off, or could not be read."""
        if self._due and (self._thread is None or not self._thread.is_alive()):
            self._over.clear()
            # A program that dies without closing must not wait for it.
            self._thread = Thread(target=self._read, name="check", daemon=True)
            self._thread.start()

    def call_off(self) -> None:
        """Have it end, and wait for that: some milliseconds."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _read(self) -> None:
        trouble = broken(self._path, called_off=self._over.is_set)
        if isinstance(trouble, StoreDamaged):
            self.found = trouble
        self._due = trouble is not None and self.found is None


def broken(path: Path, *, called_off: CalledOff, how: str = QUICK) -> StoreError | None:
    """Read all of it: say what is wrong with it, or why it cannot be read; None if it is whole."""
    try:
        if path.stat().st_size < SMALLEST:
            # opened, it would pass for a new one, and SQLite would delete its log
            return damaged(path, "it was cut")
        with closing(connect(path, read_only=True)) as connection:
            heed(connection, called_off)
            said = str(connection.execute(f"PRAGMA {how}(1)").fetchone()[0])
    except (sqlite3.Error, OSError) as error:
        return explained(error, path)
    return None if said == "ok" else damaged(path, said)
