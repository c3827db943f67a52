"""What the store knows of people's votes on answers: `core.storage.Votes`. Judges nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from adapters.store.database import Database
from adapters.store.queries import statement
from core.records import Vote, Voted


class VoteRows:
    """A part of `SqlStore`."""

    _database: Database

    async def vote(self, turn_id: str, person: str, vote: Vote, *, at: int) -> None:
        await self._database.write(statement("vote", turn_id, person, vote, at))

    async def voted(self) -> Sequence[Voted]:
        advised: dict[str, list[str]] = defaultdict(list)
        for row in await self._database.fetch(statement("advised")):
            advised[row["turn_id"]].append(row["label"])
        rows = await self._database.fetch(statement("voted"))
        return [
            Voted(
                preset=row["preset_name"],
                references=tuple(advised[row["turn_id"]]),
                up=row["up"],
                down=row["down"],
                dollars=Decimal(row["dollars"] or 0),
                priced=bool(row["priced"]),
            )
            for row in rows
        ]
