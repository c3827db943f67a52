"""The log of who changed what: `core.storage.Audit`. Every line of it is written by `noted`."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.store.database import Database, Statement
from adapters.store.queries import statement
from core.audit import Change


def noted(change: Change) -> Statement:
    """Give the statement that keeps a change, to stand in the transaction that makes it."""
    return statement("log_change", change.scope, change.key, change.value, change.by, change.at)


class AuditRows:
    """A part of `SqlStore`."""

    _database: Database

    async def audit(self, change: Change) -> None:
        await self._database.write(noted(change))

    async def audited(self, *, last: int, since: int = 0) -> Sequence[Change]:
        rows = await self._database.fetch(statement("changes", since, last))
        return [
            Change(
                scope=row["scope"],
                key=row["key"],
                value=row["value"],
                by=row["changed_by"],
                at=row["changed_at"],
            )
            for row in rows
        ]

    async def forget_audit(self, *, before: int) -> int:
        return len(await self._database.write(statement("forget_changes", before)))
