"""The part of the store in memory that knows how far accounts have listened."""

from __future__ import annotations

from core.storage import Gap


class MemoryGaps:
    """Fulfils `core.storage.Gaps`."""

    def _may_write(self) -> None:
        raise NotImplementedError

    @property
    def _gaps(self) -> dict[str, Gap]:
        kept: dict[str, Gap] = self.__dict__.setdefault("_kept_gaps", {})
        return kept

    async def gap(self, platform: str) -> Gap | None:
        return self._gaps.get(platform)

    async def note_gap(self, platform: str, gap: Gap) -> None:
        self._may_write()
        self._gaps[platform] = gap
