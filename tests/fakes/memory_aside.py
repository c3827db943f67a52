"""The part of the store in memory that keeps what was put aside, and counts attempts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from core.records import Accepted, Posted, StoredTurn
from core.storage.aside import Why


class MemoryAside:
    """Fulfils `core.storage.Aside`."""

    _inbox: dict[tuple[str, str], Accepted]
    _turns: dict[str, StoredTurn]
    _claimed: dict[int, str]
    _outbox: dict[str, dict[str, Posted]]
    dropped: dict[int, str]

    def _may_write(self) -> None:
        raise NotImplementedError

    def _change(self, turn_id: str, **changes: object) -> None:
        raise NotImplementedError

    @property
    def _erased(self) -> set[str | int]:
        raise NotImplementedError

    @property
    def _aside(self) -> dict[int, Why]:
        found: dict[int, Why] = self.__dict__.setdefault("_put_aside", {})
        return found

    def _waits(self, seq: int) -> bool:
        return not (seq in self._claimed or seq in self.dropped or seq in self._aside)

    async def put_aside(self, seq: int, why: Why) -> None:
        self._may_write()
        if self._waits(seq):
            self._aside[seq] = why

    async def aside(self, why: Why) -> Sequence[Accepted]:
        seqs = {seq for seq, reason in self._aside.items() if reason == why} - self.dropped.keys()
        return [
            each
            for each in self._inbox.values()
            if each.seq in seqs and each.seq not in self._erased
        ]

    async def wanted(self, seqs: Collection[int]) -> Sequence[int]:
        self._may_write()
        found = [seq for seq in sorted(seqs) if seq in self._aside and seq not in self.dropped]
        for seq in found:
            del self._aside[seq]
        for key, each in self._inbox.items():
            if each.seq in found:
                self._inbox[key] = replace(each, attempts=0, wanted=True)
        return found

    async def tried(self, seqs: Collection[int]) -> int:
        self._may_write()
        for key, each in self._inbox.items():
            if each.seq in seqs:
                self._inbox[key] = replace(each, attempts=each.attempts + 1)
        return max((each.attempts for each in self._inbox.values() if each.seq in seqs), default=0)

    async def forgive(self) -> None:
        for key, each in self._inbox.items():
            if self._waits(each.seq) and each.attempts > 1:
                self._inbox[key] = replace(each, attempts=each.attempts - 1)
        for turn_id, turn in self._turns.items():
            if turn.state == "running" and turn.attempts:
                self._change(turn_id, attempts=turn.attempts - 1)

    async def away_note(self, name: str) -> Posted | None:
        return next(iter(self._outbox.get(name, {}).values()), None)
