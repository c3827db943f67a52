"""The part of the store in memory that knows where the bot is."""

from __future__ import annotations

from collections.abc import Mapping

from core.types import Address


class MemoryPresence:
    """Fulfils `core.storage.Presence`."""

    def _may_write(self) -> None:
        raise NotImplementedError

    @property
    def _introduced(self) -> set[tuple[str, str]]:
        kept: set[tuple[str, str]] = self.__dict__.setdefault("_kept_introductions", set())
        return kept

    @property
    def _bots(self) -> dict[str, tuple[int, int]]:
        kept: dict[str, tuple[int, int]] = self.__dict__.setdefault("_kept_bots", {})
        return kept

    async def introduce(self, platform: str, place: str, *, at: int) -> bool:
        self._may_write()
        new = (platform, place) not in self._introduced
        self._introduced.add((platform, place))
        return new

    def _move_introduction(self, old: Address, new: Address) -> None:
        if (old.platform, old.channel) in self._introduced:
            self._introduced.add((new.platform, new.channel))

    async def bot_spoke(self, session: str, *, at: int) -> int:
        self._may_write()
        messages = self._bots.get(session, (0, 0))[0] + 1
        self._bots[session] = (messages, at)
        return messages

    async def person_spoke(self, session: str) -> None:
        self._may_write()
        self._bots.pop(session, None)

    async def recall_bots(self, *, since: int, most: int) -> Mapping[str, int]:
        self._may_write()
        for session, (messages, at) in list(self._bots.items()):
            if messages < most and at < since:
                del self._bots[session]
        return {session: messages for session, (messages, _) in self._bots.items()}
