"""The part of the store in memory that knows from where on a history is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

from core.facts import Fact, Recalled
from core.records import StoredTurn, TurnEnd, TurnStart
from core.storage import Turns
from core.types import Address, Author, Line


@dataclass(frozen=True)
class Epoch:
    number: int
    session: str
    reason: str
    after: int
    at: int
    summary: Line | None = None
    turn_id: str = ""


class MemoryEpochs:
    """Fulfils `core.storage.Epochs` and `Facts`."""

    _turns: dict[str, StoredTurn]
    _lines: list[tuple[int, str, str, Line]]

    def _may_write(self) -> None:
        raise NotImplementedError

    def _change(self, turn_id: str, **changes: object) -> None:
        raise NotImplementedError

    @property
    def _epochs(self) -> list[Epoch]:
        kept: list[Epoch] = self.__dict__.setdefault("_kept_epochs", [])
        return kept

    @property
    def _facts(self) -> dict[str, list[Fact]]:
        kept: dict[str, list[Fact]] = self.__dict__.setdefault("_kept_facts", {})
        return kept

    # --- history

    async def lines(self, session: str, *, upto: int | None = None) -> Sequence[tuple[int, Line]]:
        head = self._head(session)
        since = [
            (number, line)
            for number, line in self._said(session)
            if number > head.after and (upto is None or number <= upto)
        ]
        return since if head.summary is None else [(head.after, head.summary), *since]

    async def recalled(self, session: str, channel: str, *, upto: int | None = None) -> Recalled:
        lines = await self.lines(session, upto=upto)
        return Recalled(facts=tuple(self._facts.get(channel, ())), lines=lines)

    async def last_exchange(self, session: str) -> str | None:
        news = [each for each in self._epochs if (each.session, each.reason) == (session, "new")]
        after = news[-1].after if news else 0
        recent = {turn_id for number, _, turn_id, _ in self._lines if number > after}
        for turn in reversed(self._turns.values()):
            start = turn.start
            if start.session != session or turn.removed or start.seq is None:
                continue
            if turn.state == "running" or start.turn_id in recent:
                return start.turn_id
        return None

    async def renew(self, session: str, *, by: str, at: int) -> int | None:
        self._may_write()
        head = self._head(session)
        last = max((number for number, where, *_ in self._lines if where == session), default=0)
        if last <= (head.after if head.summary is None else 0):
            return None
        return self._begin_epoch(Epoch(self._next, session, "new", last, at))

    async def unrenew(self, session: str, *, number: int | None = None, since: int) -> bool:
        self._may_write()
        fits = [
            each.number
            for each in self._epochs
            if (each.session, each.reason) == (session, "new")
            and each.at >= since
            and number in {None, each.number}
        ]
        if fits:
            self._epochs[:] = [
                each for each in self._epochs if each.session != session or each.number < fits[-1]
            ]
        return bool(fits)

    async def condense(
        self, start: TurnStart, end: TurnEnd, summary: Line | None, *, lines: int
    ) -> bool:
        store = cast("Turns", self)
        await store.begin(start)
        await store.finish(end)
        self._change(start.turn_id, removed=True, state="delivered")
        after = self._head(start.session).after
        there = [each for each, _ in self._said(start.session) if after < each <= start.history]
        if summary is None or len(there) != lines:
            return False
        session, at, turn = start.session, start.started, start.turn_id
        after = start.history
        self._begin_epoch(Epoch(self._next, session, "compaction", after, at, summary, turn))
        return True

    # --- facts

    async def facts(self, channel: str) -> Sequence[Fact]:
        return list(self._facts.get(channel, ()))

    async def pin(
        self, channel: str, text: str, *, author: Author, at: int, most: int
    ) -> int | None:
        self._may_write()
        facts = self._facts.setdefault(channel, [])
        if len(facts) >= most:
            return None
        place = max((each.place for each in facts), default=0) + 1
        who = Author(id=author.id, name=author.name)
        facts.append(Fact(place=place, text=text, author=who, at=at))
        return place

    async def unpin(self, channel: str, place: int) -> bool:
        self._may_write()
        facts = self._facts.get(channel, [])
        self._facts[channel] = [each for each in facts if each.place != place]
        return len(self._facts[channel]) < len(facts)

    # --- within

    def _erase_facts(self, platform: str, person: str) -> None:
        for channel, facts in self._facts.items():
            if Address.of(channel).platform == platform:
                self._facts[channel] = [each for each in facts if each.author.id != person]

    def _void_summaries(self, turn_id: str) -> None:
        """Forget what stands for a turn's lines, and what the turn itself summed up."""
        self._epochs[:] = [each for each in self._epochs if each.turn_id != turn_id]
        own = [(where, number) for number, where, turn, _ in self._lines if turn == turn_id]
        if own:
            session, first = own[0]
            self._epochs[:] = [
                each
                for each in self._epochs
                if each.summary is None or each.session != session or each.after < first
            ]

    def _move_epochs(self, old: str, new: str) -> None:
        for at, each in enumerate(self._epochs):
            if each.session == old or each.session.startswith(f"{old}/"):
                moved = new + each.session.removeprefix(old)
                self._epochs[at] = replace(each, session=moved)
        there = self._facts.setdefault(new, [])
        last = max((each.place for each in there), default=0)
        there += [replace(each, place=each.place + last) for each in self._facts.pop(old, [])]

    @property
    def _next(self) -> int:
        numbers: list[int] = self.__dict__.setdefault("_epoch_numbers", [])
        numbers.append(len(numbers) + 1)
        return numbers[-1]

    def _begin_epoch(self, epoch: Epoch) -> int:
        self._epochs.append(epoch)
        return epoch.number

    def _head(self, session: str) -> Epoch:
        own = [each for each in self._epochs if each.session == session]
        return own[-1] if own else Epoch(0, session, "", 0, 0)

    def _said(self, session: str) -> list[tuple[int, Line]]:
        return [
            (number, line)
            for number, where, turn_id, line in self._lines
            if where == session and not self._turns[turn_id].removed
        ]
