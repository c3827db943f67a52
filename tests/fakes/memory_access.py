"""Codes and the log of changes, in memory: a part of `MemoryStore`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.access import PAIRED, grants_scope
from core.audit import Change
from core.pairing import MOST_OPEN, TRIES, Pairing

TAKEN = -1


class MemoryAccess:
    """Fulfils `core.storage.Pairings` and `core.storage.Audit`."""

    log: list[tuple[str, str, str | None, str, int]]
    _settings: dict[str, dict[str, str]]

    @property
    def _pairings(self) -> dict[tuple[str, str], tuple[Pairing, int]]:
        kept: dict[tuple[str, str], tuple[Pairing, int]]
        kept = self.__dict__.setdefault("_kept_pairings", {})
        return kept

    @property
    def _took(self) -> dict[str, str]:
        """Name the command that took a code."""
        took: dict[str, str] = self.__dict__.setdefault("_kept_took", {})
        return took

    def _may_write(self) -> None:
        raise NotImplementedError

    async def offer(self, pairing: Pairing, *, at: int) -> bool:
        self._may_write()
        for key, (each, tries) in list(self._pairings.items()):
            if each.expires <= at or tries >= TRIES:
                del self._pairings[key]
        mine = (pairing.platform, pairing.person)
        others = [
            key
            for key, (_, tries) in self._pairings.items()
            if key[0] == pairing.platform and key != mine and tries != TAKEN
        ]
        if len(others) >= MOST_OPEN:
            return False
        self._pairings[mine] = (pairing, 0)
        return True

    async def redeem(
        self, digest: str, platform: str | None, *, by: str, at: int, once: str = ""
    ) -> Pairing | None:
        self._may_write()
        here = {
            key: each
            for key, each in self._pairings.items()
            if platform is None or key[0] == platform
        }
        for key, (pairing, tries) in here.items():
            if pairing.digest == digest and pairing.expires > at and 0 <= tries < TRIES:
                self._pairings[key] = (pairing, TAKEN)
                self._took[digest] = once
                scope, name = grants_scope(pairing.platform), PAIRED.key(pairing.person)
                self._settings.setdefault(scope, {})[name] = PAIRED.text
                self.log.append((scope, name, PAIRED.text, by, at))
                return replace(pairing)
            if pairing.digest == digest and once and self._took.get(digest) == once:
                return replace(pairing)
        for key, (pairing, tries) in here.items():
            self._pairings[key] = (pairing, tries if tries == TAKEN else tries + 1)
        return None

    async def audit(self, change: Change) -> None:
        self._may_write()
        self.log.append((change.scope, change.key, change.value, change.by, change.at))

    async def audited(self, *, last: int, since: int = 0) -> Sequence[Change]:
        found = [
            Change(scope=scope, key=key, value=value, by=by, at=at)
            for scope, key, value, by, at in self.log
            if at >= since
        ]
        return found[-last:] if last else []

    async def forget_audit(self, *, before: int) -> int:
        self._may_write()
        kept = [each for each in self.log if each[4] >= before]
        gone = len(self.log) - len(kept)
        self.log[:] = kept
        return gone
