"""The part of the store in memory that knows which files came with which messages."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from core.errors import StoreError
from core.records import Accepted, FileUse


class MemoryFiles:
    """Fulfils `core.storage.Files`."""

    _inbox: dict[tuple[str, str], Accepted]

    def _may_write(self) -> None:
        raise NotImplementedError

    @property
    def _uses(self) -> dict[tuple[int, str], FileUse]:
        kept: dict[tuple[int, str], FileUse] = self.__dict__.setdefault("_kept_uses", {})
        return kept

    @property
    def _texts(self) -> dict[str, str]:
        kept: dict[str, str] = self.__dict__.setdefault("_kept_texts", {})
        return kept

    async def keep_file(self, use: FileUse) -> None:
        self._may_write()
        if use.seq not in {each.seq for each in self._inbox.values()}:
            raise StoreError(f"there is no message {use.seq}")
        self._uses.setdefault((use.seq, use.digest), use)
        if use.text is not None:
            self._texts.setdefault(use.digest, use.text)

    async def file_texts(self, digests: Collection[str]) -> Mapping[str, str]:
        return {each: self._texts[each] for each in digests if each in self._texts}

    async def files_in_use(self, digests: Collection[str]) -> frozenset[str]:
        return frozenset(digests) & {each.digest for each in self._uses.values()}

    async def release_files(
        self, *, before: int | None = None, session: str = "", platform: str = "", person: str = ""
    ) -> int:
        self._may_write()
        if before is None and not session and not person:
            return 0
        places = {each.seq: each.incoming.address for each in self._inbox.values()}
        gone = [
            key
            for key, use in self._uses.items()
            if (before is None or use.at < before)
            and session in {"", places[use.seq].session}
            and platform in {"", places[use.seq].platform}
            and person in {"", use.person}
        ]
        for key in gone:
            del self._uses[key]
        used = {each.digest for each in self._uses.values()}
        for digest in self._texts.keys() - used:
            del self._texts[digest]
        return len(gone)
