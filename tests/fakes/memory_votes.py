"""The part of the store in memory that keeps what people thought of answers."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from core.errors import StoreError
from core.records import StoredTurn, Vote, Voted


class MemoryVotes:
    """Fulfils `core.storage.Votes`."""

    _turns: dict[str, StoredTurn]

    def _may_write(self) -> None:
        raise NotImplementedError

    def _whole(self, turn: StoredTurn) -> StoredTurn:
        raise NotImplementedError

    @property
    def _votes(self) -> dict[str, dict[str, Vote]]:
        kept: dict[str, dict[str, Vote]] = self.__dict__.setdefault("_kept_votes", {})
        return kept

    async def vote(self, turn_id: str, person: str, vote: Vote, *, at: int) -> None:
        self._may_write()
        if turn_id not in self._turns:
            raise StoreError(f"there is no turn {turn_id}")
        self._votes.setdefault(turn_id, {})[person] = vote

    async def voted(self) -> Sequence[Voted]:
        return [
            _voted(self._whole(turn), list(votes.values()))
            for turn_id, turn in self._turns.items()
            if (votes := self._votes.get(turn_id))
        ]


def _voted(turn: StoredTurn, votes: Sequence[Vote]) -> Voted:
    advised = [each for _, each in turn.advice if each.outcome == "ok" and not each.condenses]
    labels = {each.label for each in advised}
    return Voted(
        preset=turn.start.preset.name,
        references=tuple(sorted(labels)),
        up=votes.count("up"),
        down=votes.count("down"),
        dollars=turn.end.dollars if turn.end else Decimal(0),
        priced=bool(turn.end and turn.end.priced),
    )
