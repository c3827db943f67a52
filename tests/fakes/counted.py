"""A real database that counts what is written into it: a turn may cost so much and no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.store.database import Row, Statement
from adapters.store.sqlite import SQLite


@dataclass(slots=True)
class Counted:
    """What joins a later transaction is a statement."""

    database: SQLite
    statements: int = 0
    transactions: int = 0

    async def fetch(self, statement: Statement) -> Sequence[Row]:
        return await self.database.fetch(statement)

    async def write(self, *statements: Statement) -> Sequence[Row]:
        self.transactions += 1
        self.statements += len(statements)
        return await self.database.write(*statements)

    def later(self, statement: Statement) -> None:
        self.statements += 1
        self.database.later(statement)

    async def scrub(self, *, whole: bool) -> None:
        await self.database.scrub(whole=whole)

    async def close(self) -> None:
        await self.database.close()
