"""What the store knows of files that came with messages: `core.storage.Files`. Reads no file."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from adapters.store.database import Database
from adapters.store.queries import statement, statement_of_rows
from core.records import FileUse

_AT_ONCE = 500
_EVER = 2**63 - 1


class FileRows:
    """A part of `SqlStore`."""

    _database: Database

    async def keep_file(self, use: FileUse) -> None:
        writes = [statement("keep_file", use.seq, use.digest, use.person, use.at)]
        if use.text is not None:
            writes.append(statement("keep_file_text", use.digest, use.text))
        await self._database.write(*writes)

    async def file_texts(self, digests: Collection[str]) -> Mapping[str, str]:
        if not digests:
            return {}
        rows = [(each,) for each in digests]
        found = await self._database.fetch(statement_of_rows("file_texts", rows))
        return {row["digest"]: row["text"] for row in found}

    async def files_in_use(self, digests: Collection[str]) -> frozenset[str]:
        asked, used = [(each,) for each in digests], set[str]()
        for start in range(0, len(asked), _AT_ONCE):
            part = statement_of_rows("files_in_use", asked[start : start + _AT_ONCE])
            used |= {row["digest"] for row in await self._database.fetch(part)}
        return frozenset(used)

    async def files_held(self, *, before: int) -> Mapping[str, int]:
        rows = await self._database.fetch(statement("files_held", before))
        return {row["session"]: row["oldest"] for row in rows}

    async def release_files(
        self, *, before: int | None = None, session: str = "", platform: str = "", person: str = ""
    ) -> int:
        rows = list(await self._database.write(statement("release_erased_files")))
        if before is not None or session or person:
            until = _EVER if before is None else before
            asked = statement("release_files", until, session, platform, person)
            rows += await self._database.write(asked)
        if rows:
            await self._database.write(statement("release_file_texts"))
        return len(rows)
