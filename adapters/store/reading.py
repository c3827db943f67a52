"""The data of a gateway that may be running, to be read: nothing is made, locked or changed."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Never

from adapters.store.database import Row, Statement
from adapters.store.sqlite import run
from adapters.store.sqlite_errors import explained
from adapters.store.sqlite_file import connect, require_current
from core.errors import StoreError


class ReadOnly:
    """Fulfils `Database` as far as reading goes; each look opens the file anew."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def fetch(self, statement: Statement) -> Sequence[Row]:
        return await asyncio.to_thread(self._fetch, statement)

    async def write(self, *statements: Statement) -> Sequence[Row]:
        self._refuse()

    def later(self, statement: Statement) -> None:
        self._refuse()

    async def scrub(self, *, whole: bool) -> None:
        self._refuse()

    async def close(self) -> None:
        """Nothing is held."""

    def _fetch(self, statement: Statement) -> Sequence[Row]:
        if not self._path.exists():
            raise StoreError(f"There is no {self._path}: the gateway makes it when it first runs.")
        try:
            with closing(connect(self._path, read_only=True)) as connection:
                require_current(connection, self._path)
                return run(connection, statement=statement)
        except sqlite3.Error as error:
            raise explained(error, self._path) from error

    def _refuse(self) -> Never:
        raise StoreError(f"{self._path} was opened to be read only.")
