"""The stores over which histories are played, and how many of them a run of the suite plays.

For `histories.py`. With the profile `deep` each machine plays thousands.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from typing_extensions import override

from core.storage import Store
from tests.fakes.inline_sqlite import InlineSQLite, new_database
from tests.fakes.memory_store import MemoryStore
from tests.promises.histories import AnyHistory, Data

EXAMPLES = settings().max_examples // 4
PLAYED = settings(
    max_examples=EXAMPLES, stateful_step_count=20, database=None, derandomize=EXAMPLES < 1_000
)


class InMemory:
    """Fulfils `Data`."""

    def __init__(self) -> None:
        self._last = MemoryStore()

    def store(self) -> Store:
        self._last = self._last.beside()
        return self._last

    def let_go(self, store: Store) -> None:
        """Nothing is held."""

    def close(self) -> None:
        """Nothing is kept."""


class InFile:
    """Fulfils `Data`: each run opens the same file."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory()
        self._path = Path(self._folder.name) / "data.db"
        new_database(self._path)
        self._open: list[InlineSQLite] = []

    def store(self) -> Store:
        self._open.append(InlineSQLite(self._path))
        return self._open[-1]

    def let_go(self, store: Store) -> None:
        assert isinstance(store, InlineSQLite)
        store.abandon()
        self._open.remove(store)

    def texts(self) -> Iterable[str]:
        """Give everything that stands in the database, as SQL."""
        with closing(sqlite3.connect(self._path)) as database:
            yield from database.iterdump()

    def close(self) -> None:
        for each in self._open:
            each.abandon()
        self._folder.cleanup()


class OnMemory(AnyHistory):
    @override
    def data(self) -> Data:
        return InMemory()


class OnSQLite(AnyHistory):
    @override
    def data(self) -> Data:
        return InFile()
