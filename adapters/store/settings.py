"""What people chose in chat: `core.storage.Settings`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adapters.store.database import Database, Row
from adapters.store.queries import statement
from core.records import Setting


class SettingRows:
    """A part of `SqlStore`."""

    _database: Database

    async def settings(self, scope: str) -> Mapping[str, str]:
        rows = await self._database.fetch(statement("settings", scope))
        return {row["key"]: row["value"] for row in rows}

    async def chosen(
        self, key: str, scope: str, other: str = "", third: str = ""
    ) -> Mapping[str, Setting]:
        rows = await self._database.fetch(statement("chosen", key, scope, other, third))
        return {row["scope"]: _setting(row) for row in rows}

    async def chosen_everywhere(self, key: str) -> Sequence[Setting]:
        rows = await self._database.fetch(statement("chosen_everywhere", key))
        return [_setting(row) for row in rows]

    async def set(
        self, scope: str, key: str, value: str | None, *, by: str, at: int, name: str = ""
    ) -> None:
        change = (
            statement("unset", scope, key)
            if value is None
            else statement("set", scope, key, value, by, at, name)
        )
        # a command that is done again after a kill changes nothing, and is not noted again
        log = statement("log_setting", scope, key, value, by, at)
        await self._database.write(log, change)


def _setting(row: Row) -> Setting:
    return Setting(
        scope=row["scope"],
        value=row["value"],
        by=row["changed_by"],
        name=row["name"],
        at=row["changed_at"],
    )
