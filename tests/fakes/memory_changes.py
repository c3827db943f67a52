"""The part of the store in memory that keeps what becomes of messages after they came in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from core.erasure import bared
from core.records import Accepted, Kept, Posted, Steered, StoredTurn
from core.storage.changes import LETTER, NOTE, SAID
from core.types import Line, Message


class MemoryChanges:
    """Fulfils `core.storage.Changes`."""

    _turns: dict[str, StoredTurn]
    _inbox: dict[tuple[str, str], Accepted]
    _claimed: dict[int, str]
    _outbox: dict[str, dict[str, Posted]]
    _lines: list[tuple[int, str, str, Line]]
    dropped: dict[int, str]

    def _held(self, turn_id: str) -> None:
        raise NotImplementedError

    def _may_write(self) -> None:
        raise NotImplementedError

    def _void_summaries(self, turn_id: str) -> None:
        raise NotImplementedError

    def _change(self, turn_id: str, **changes: object) -> None:
        raise NotImplementedError

    @property
    def _erased(self) -> set[str | int]:
        raise NotImplementedError

    @property
    def _steered(self) -> dict[int, tuple[str, Steered]]:
        found: dict[int, tuple[str, Steered]] = self.__dict__.setdefault("_kept_steered", {})
        return found

    async def kept(self, platform: str, event_id: str) -> Kept | None:
        found = self._inbox.get((platform, event_id))
        return None if found is None or found.seq in self._erased else self._kept(found)

    async def parts(self, turn_id: str) -> Sequence[Kept]:
        return [
            self._kept(each)
            for each in sorted(self._inbox.values(), key=lambda each: each.seq)
            if self._claimed.get(each.seq) == turn_id
            and isinstance(each.incoming, Message)
            and each.seq not in self._erased
        ]

    def _kept(self, accepted: Accepted) -> Kept:
        seq = accepted.seq
        return Kept(
            accepted=accepted,
            turn_id=self._at(seq),
            waiting=seq not in self._claimed and seq not in self.dropped,
            steered=seq in self._steered and seq in self._claimed,
        )

    def _at(self, seq: int) -> str:
        """Name the turn that a message stands in now."""
        return self._steered[seq][0] if seq in self._steered else self._claimed.get(seq, "")

    async def asking_again(self, turn_id: str) -> Sequence[str]:
        first = self._first(turn_id)
        return [each for each in self._turns if self._first(each) == first]

    def _first(self, turn_id: str) -> str:
        return self._turns[turn_id].start.origin or turn_id if turn_id in self._turns else turn_id

    def _carry(self, turn_id: str) -> None:
        """Say what was steered into a turn to the one that asks the same again, too."""
        first = self._first(turn_id)
        for seq, (at, each) in self._steered.items():
            if first != turn_id and self._first(at) == first:
                self._steered[seq] = (turn_id, replace(each, iteration=0))

    async def withdraw(
        self, turn_id: str, *, changed: Accepted | None = None, by: int | None = None
    ) -> Sequence[int]:
        self._may_write()
        turn = self._turns[turn_id]
        if turn.state != "running" or turn.removed or self._is_done(by):
            return []
        self._change(turn_id, removed=True, start=replace(turn.start, seq=None))
        again = [
            seq for seq, at in self._claimed.items() if at == turn_id and seq not in self._erased
        ]
        for seq in again:
            del self._claimed[seq]
            self._steered.pop(seq, None)
        for seq, (at, line) in self._steered.items():
            if at == turn_id:  # it was only carried along
                self._steered[seq] = (self._claimed[seq], line)
        for key, each in self._inbox.items():
            if each.seq in again:
                self._inbox[key] = replace(each, attempts=max(0, each.attempts - 1))
        if changed is not None:
            self._replace(changed)
        return sorted(again)

    async def disown(self, turn_id: str) -> bool:
        self._may_write()
        turn = self._turns.get(turn_id)
        if turn is None or turn.state != "answered":
            return False
        self._change(turn_id, removed=True, start=replace(turn.start, seq=None))
        return True

    def _is_done(self, by: int | None) -> bool:
        """Tell whether another run of the program has done what a change comes to."""
        return by is not None and (by in self._erased or not self._waits(by))

    def _waits(self, seq: int) -> bool:
        raise NotImplementedError

    def _replace(self, changed: Accepted) -> None:
        if changed.seq in self._erased:
            return
        key = (changed.incoming.address.platform, changed.incoming.event_id)
        self._inbox[key] = replace(self._inbox[key], incoming=changed.incoming)

    async def revise(
        self,
        changed: Accepted,
        questions: Mapping[str, Line],
        line: Line,
        *,
        by: int | None = None,
    ) -> None:
        self._may_write()
        if self._is_done(by) or changed.seq in self._erased:
            return
        self._void(changed.seq, questions)
        self._replace(changed)
        self._ask(questions)
        if changed.seq in self._steered:
            turn_id, old = self._steered[changed.seq]
            self._lines[:] = [
                (n, where, at, line if self._is(turn_id, old.line, at, said) else said)
                for n, where, at, said in self._lines
            ]
            self._steered[changed.seq] = (turn_id, replace(old, line=line))

    def _void(self, seq: int, questions: Mapping[str, Line]) -> None:
        joined = [self._steered[seq][0]] if seq in self._steered else []
        for turn_id in (*questions, *joined):
            self._void_summaries(turn_id)

    def _ask(self, questions: Mapping[str, Line]) -> None:
        for turn_id, line in questions.items():
            start = replace(self._turns[turn_id].start, question=line)
            self._change(turn_id, start=start)
            first = min((n for n, _, at, _ in self._lines if at == turn_id), default=0)
            self._lines[:] = [
                (n, where, at, line if n == first else said) for n, where, at, said in self._lines
            ]

    async def unsay(
        self, seq: int, questions: Mapping[str, Line], *, by: int | None = None
    ) -> None:
        self._may_write()
        if self._is_done(by):
            return
        self._void(seq, questions)
        self._erased.add(seq)
        for key, each in self._inbox.items():
            if each.seq == seq:
                self._inbox[key] = replace(each, incoming=bared(each.incoming))
        if seq not in self._claimed:
            self.dropped.setdefault(seq, "")
        self._ask(questions)
        for kind in (SAID, LETTER):
            self._outbox.pop(f"{kind}{seq}", None)
        if seq in self._steered:
            turn_id, old = self._steered.pop(seq)
            self._lines[:] = [
                each for each in self._lines if not self._is(turn_id, old.line, each[2], each[3])
            ]

    def _is(self, turn_id: str, line: Line, at: str, said: Line) -> bool:
        """Tell whether a line of a history is that steered one, in any turn that asked the same."""
        return said == line and self._first(at) == self._first(turn_id)

    async def steer(
        self, turn_id: str, iteration: int, said: Sequence[tuple[int, Line]]
    ) -> Sequence[int]:
        self._held(turn_id)
        turn = self._turns[turn_id]
        if turn.removed or turn.state != "running":
            return []
        taken = [(seq, line) for seq, line in said if self._waits(seq)]
        for seq, line in taken:
            self._steered[seq] = (turn_id, Steered(iteration=iteration, line=line))
            self._claimed[seq] = turn_id
        return [seq for seq, _ in taken]

    async def unsteer(self, turn_id: str, seqs: Collection[int]) -> None:
        self._may_write()
        for seq in seqs:
            if seq in self._steered and self._steered[seq][0] == turn_id == self._claimed.get(seq):
                del self._steered[seq], self._claimed[seq]

    async def line_notes(self) -> Sequence[Posted]:
        return [
            posted
            for turn_id, rows in self._outbox.items()
            if turn_id.startswith(NOTE)
            for posted in rows.values()
        ]

    async def unpost(self, turn_id: str) -> None:
        self._may_write()
        self._outbox.pop(turn_id, None)

    def _steered_in(self, turn_id: str) -> tuple[Steered, ...]:
        found = sorted(self._steered.items())
        return tuple(each for _, (at, each) in found if at == turn_id)
