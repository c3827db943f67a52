"""What people chose in chat, in memory: a part of `MemoryStore`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.records import Setting
from core.types import Address


class MemorySettings:
    """Fulfils `core.storage.Settings`. Who chose a value is kept beside it."""

    log: list[tuple[str, str, str | None, str, int]]
    _settings: dict[str, dict[str, str]]

    @property
    def _set_by(self) -> dict[tuple[str, str], tuple[str, str, int]]:
        kept: dict[tuple[str, str], tuple[str, str, int]]
        kept = self.__dict__.setdefault("_kept_set_by", {})
        return kept

    def _may_write(self) -> None:
        raise NotImplementedError

    async def settings(self, scope: str) -> Mapping[str, str]:
        return dict(self._settings.get(scope, {}))

    async def chosen(
        self, key: str, scope: str, other: str = "", third: str = ""
    ) -> Mapping[str, Setting]:
        wanted = (scope, other, third)
        return {
            each.scope: each for each in await self.chosen_everywhere(key) if each.scope in wanted
        }

    async def chosen_everywhere(self, key: str) -> Sequence[Setting]:
        found = []
        for scope, chosen in sorted(self._settings.items()):
            if key in chosen:
                by, name, at = self._set_by.get((scope, key), ("", "", 0))
                found.append(Setting(scope=scope, value=chosen[key], by=by, name=name, at=at))
        return found

    async def set(
        self, scope: str, key: str, value: str | None, *, by: str, at: int, name: str = ""
    ) -> None:
        self._may_write()
        chosen = self._settings.setdefault(scope, {})
        same = value is not None and chosen.pop(key, None) == value
        same = same and self._set_by.get((scope, key), ("",))[0] == by
        chosen.pop(key, None)
        if value is not None:
            chosen[key] = value
            self._set_by[scope, key] = (by, name, at)
        if not same:
            self.log.append((scope, key, value, by, at))

    def _move_setters(self, was: str, now: str, keys: Sequence[str]) -> None:
        """Let a setting that went to another scope be by whom it was."""
        for key in keys:
            if (was, key) in self._set_by:
                self._set_by[now, key] = self._set_by[was, key]

    def _forget_setter(self, platform: str, person: str) -> None:
        for (scope, key), (by, _, at) in list(self._set_by.items()):
            session = scope.removeprefix("session:")
            if by == person and session != scope and Address.of(session).platform == platform:
                self._set_by[scope, key] = (by, "", at)
