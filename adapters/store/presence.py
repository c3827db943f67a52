"""What the store knows of where the bot is: `core.storage.Presence`. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.store.database import Database
from adapters.store.queries import statement


class PresenceRows:
    """A part of `SqlStore`."""

    _database: Database

    async def introduce(self, platform: str, place: str, *, at: int) -> bool:
        return bool(await self._database.write(statement("introduce", platform, place, at)))

    async def bot_spoke(self, session: str, *, at: int) -> int:
        rows = await self._database.write(statement("bot_spoke", session, at))
        messages: int = rows[0]["messages"]
        return messages

    async def person_spoke(self, session: str) -> None:
        await self._database.write(statement("person_spoke", session))

    async def recall_bots(self, *, since: int, most: int) -> Mapping[str, int]:
        await self._database.write(statement("forget_bots", since, most))
        rows = await self._database.fetch(statement("bot_runs"))
        return {row["session"]: row["messages"] for row in rows}
