"""What members have pinned for a channel: `core.storage.Facts`. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.store import codec
from adapters.store.database import Database, Row
from adapters.store.queries import statement
from core.facts import Fact
from core.types import Author


class FactRows:
    """A part of `SqlStore`."""

    _database: Database

    async def facts(self, channel: str) -> Sequence[Fact]:
        return [fact(row) for row in await self._database.fetch(statement("facts", channel))]

    async def pin(
        self, channel: str, text: str, *, author: Author, at: int, most: int
    ) -> int | None:
        who = (author.id, codec.pack(author.name))
        pinning = statement("pin", channel, codec.pack(text), *who, at, most)
        rows = await self._database.write(pinning)
        return rows[0]["place"] if rows else None

    async def unpin(self, channel: str, place: int) -> bool:
        return bool(await self._database.write(statement("unpin", channel, place)))


def fact(row: Row) -> Fact:
    """Read a fact."""
    return Fact(
        place=row["number"],
        text=codec.unpack(row["line"], str),
        author=Author(id=row["author"], name=codec.unpack(row["author_name"], str)),
        at=row["at"],
    )
