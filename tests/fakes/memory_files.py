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
    def _erased(self) -> set[str | int]:
        raise NotImplementedError

    @property
    def _uses(self) -> dict[tuple[int, str], FileUse]:
        kept: dict[tuple[int, str], FileUse] = self.__dict__.setdefault("_kept_uses", {})
        return kept

    @property
    def _file_texts(self) -> dict[str, str]:
        kept: dict[str, str] = self.__dict__.setdefault("_kept_file_texts", {})
        return kept

    async def keep_file(self, use: FileUse) -> None:
        self._may_write()
        if use.seq not in {each.seq for each in self._inbox.values()}:
            raise StoreError(f"there is no message {use.seq}")
        self._uses.setdefault((use.seq, use.digest), use)
        if use.text is not None:
            self._file_texts.setdefault(use.digest, use.text)

    async def file_texts(self, digests: Collection[str]) -> Mapping[str, str]:
        return {each: self._file_texts[each] for each in digests if each in self._file_texts}

    async def files_in_use(self, digests: Collection[str]) -> frozenset[str]:
        uses = [use for use in self._uses.values() if use.seq not in self._erased]
        return frozenset(digests) & {each.digest for each in uses}

    async def files_held(self, *, before: int) -> Mapping[str, int]:
        places = {each.seq: each.incoming.address for each in self._inbox.values()}
        found: dict[str, int] = {}
        for use in self._uses.values():
            session = places[use.seq].session
            found[session] = min(use.at, found.get(session, use.at))
        return {session: at for session, at in found.items() if at < before}

    async def release_files(
        self, *, before: int | None = None, session: str = "", platform: str = "", person: str = ""
    ) -> int:
        self._may_write()
        erased = [key for key, use in self._uses.items() if use.seq in self._erased]
        asked = before is not None or session or person
        places = {each.seq: each.incoming.address for each in self._inbox.values()}
        gone = [
            key
            for key, use in self._uses.items()
            if asked
            and (before is None or use.at < before)
            and session in {"", places[use.seq].session}
            and platform in {"", places[use.seq].platform}
            and person in {"", use.person}
        ]
        for key in {*gone, *erased}:
            del self._uses[key]
        used = {each.digest for each in self._uses.values()}
        for digest in self._file_texts.keys() - used:
            del self._file_texts[digest]
        return len({*gone, *erased})
