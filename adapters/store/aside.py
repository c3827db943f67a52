"""What was put aside, and attempts that are counted: `core.storage.aside.Aside`."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from adapters.store import codec
from adapters.store.database import Database
from adapters.store.queries import statement, statement_of_rows
from core.records import Accepted, Posted
from core.storage.aside import Why


class AsideRows:
    """A part of `SqlStore`."""

    _database: Database

    async def put_aside(self, seq: int, why: Why) -> None:
        await self._database.write(statement("put_aside", seq, why))

    async def aside(self, why: Why) -> Sequence[Accepted]:
        rows = await self._database.fetch(statement("aside", why))
        with codec.reading("a message that was put aside"):
            return [codec.accepted(row) for row in rows]

    async def wanted(self, seqs: Collection[int]) -> Sequence[int]:
        if not seqs:
            return []
        asked = statement_of_rows("wanted", [(each,) for each in seqs])
        return sorted(row["seq"] for row in await self._database.write(asked))

    async def tried(self, seqs: Collection[int]) -> int:
        if not seqs:
            return 0
        counted = statement_of_rows("count_attempt", [(each,) for each in seqs])
        rows = await self._database.write(counted)
        return max((row["attempts"] for row in rows), default=0)

    async def forgive(self) -> None:
        self._database.later(statement("forgive_messages"))
        self._database.later(statement("forgive_turns"))

    async def away_note(self, name: str) -> Posted | None:
        rows = await self._database.fetch(statement_of_rows("outbox_of", [(name,)]))
        return codec.posted(rows[0]) if rows else None
