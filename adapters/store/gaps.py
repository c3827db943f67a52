"""How far an account has listened: `core.storage.Gaps`. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.store.database import Database
from adapters.store.queries import statement
from core.storage import Gap
from core.types import Address


class GapRows:
    """A part of `SqlStore`."""

    _database: Database

    async def bookmarks(self, platform: str, *, most: int = 50) -> Mapping[Address, str]:
        rows = await self._database.fetch(statement("bookmarks", platform, most))
        return {Address.of(row["place"]): row["message_id"] for row in rows}

    async def gap(self, platform: str) -> Gap | None:
        rows = await self._database.fetch(statement("gap", platform))
        return Gap(since=rows[0]["since"], filled=bool(rows[0]["filled"])) if rows else None

    async def note_gap(self, platform: str, gap: Gap) -> None:
        await self._database.write(statement("note_gap", platform, gap.since, int(gap.filled)))
