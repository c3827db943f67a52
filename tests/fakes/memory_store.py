"""A Store that forgets everything: for scenarios on the virtual loop, where no thread may run.

It passes the same contract as the real ones (tests/contracts/test_stores.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import Literal, TypeAlias
from urllib.parse import unquote

from typing_extensions import override

from adapters.store.sql import title
from core.errors import StoreError, TurnTaken
from core.outcomes import Advice
from core.records import Accepted, Conversation, Posted, StoredTurn, TurnEnd, TurnStart
from core.scopes import moved_key
from core.storage import MOVED
from core.types import Address, Incoming, Line, Message, Moved
from tests.fakes.memory_access import MemoryAccess
from tests.fakes.memory_aside import MemoryAside
from tests.fakes.memory_changes import MemoryChanges
from tests.fakes.memory_costs import MemoryCosts
from tests.fakes.memory_erasing import MemoryErasing
from tests.fakes.memory_files import MemoryFiles
from tests.fakes.memory_gaps import MemoryGaps
from tests.fakes.memory_presence import MemoryPresence
from tests.fakes.memory_settings import MemorySettings
from tests.fakes.memory_tools import MemoryToolCalls
from tests.fakes.memory_votes import MemoryVotes

Place: TypeAlias = tuple[int, int]


class MemoryStore(
    MemoryToolCalls,
    MemorySettings,
    MemoryCosts,
    MemoryVotes,
    MemoryAccess,
    MemoryErasing,
    MemoryPresence,
    MemoryAside,
    MemoryChanges,
    MemoryFiles,
    MemoryGaps,
):
    """Fulfils `core.storage.Store`; `failure`, once set, is raised by everything that writes."""

    def __init__(self) -> None:
        super().__init__()
        self.dropped: dict[int, str] = {}
        self.log: list[tuple[str, str, str | None, str, int]] = []
        self._inbox: dict[tuple[str, str], Accepted] = {}
        self._claimed: dict[int, str] = {}
        self._advice: dict[str, dict[Place, Advice]] = {}
        self._outbox: dict[str, dict[str, Posted]] = {}
        self._lines: list[tuple[int, str, str, Line]] = []
        self._settings: dict[str, dict[str, str]] = {}

    async def close(self) -> None:
        """Nothing is held."""

    def beside(self) -> MemoryStore:
        """Give another run's store on the same data."""
        other = copy(self)
        other._epoch = object()
        return other

    # --- inbox

    async def accept(self, incoming: Incoming, session: str = "") -> Accepted | None:
        self._may_write()
        key = (incoming.address.platform, incoming.event_id)
        if key in self._inbox:
            return None
        session = session or incoming.address.session
        accepted = Accepted(seq=len(self._inbox) + 1, incoming=incoming, session=session)
        self._inbox[key] = accepted
        return accepted

    async def waiting(self) -> Sequence[Accepted]:
        return [each for each in self._inbox.values() if self._waits(each.seq)]

    async def accepted(self, seq: int) -> Accepted | None:
        return next((each for each in self._inbox.values() if each.seq == seq), None)

    async def has_message(self, place: str, message_id: str) -> bool:
        return any(
            each.incoming.message_id == message_id
            for each in self._inbox.values()
            if isinstance(each.incoming, Message) and each.incoming.address.session == place
        )

    async def last_message(self, session: str, place: str, before: int) -> str | None:
        found = [
            (each.incoming.at, each.seq, each.incoming.message_id)
            for each in self._inbox.values()
            if each.session == session
            and each.incoming.address.session == place
            and each.seq < before
            and isinstance(each.incoming, Message)
            and each.incoming.message_id
        ]
        return max(found)[2] if found else None

    async def bookmarks(self, platform: str, *, most: int = 50) -> Mapping[Address, str]:
        found: dict[Address, str] = {}
        for each in sorted(self._inbox.values(), key=lambda each: -each.seq):
            said = each.incoming
            if isinstance(said, Message) and said.message_id and said.address.platform == platform:
                found.setdefault(said.address, said.message_id)
        return dict(list(found.items())[:most])

    async def drop(self, seq: int, reason: str) -> None:
        self._may_write()
        if seq <= len(self._inbox):
            self.dropped[seq] = reason

    # --- turns

    async def begin(self, start: TurnStart) -> None:
        self._may_write()
        seqs = () if start.seq is None else (start.seq, *start.joined)
        if not all(self._waits(seq) and seq <= len(self._inbox) for seq in seqs):
            raise TurnTaken(f"message {start.seq} waits no more: it is answered, or taken back")
        if start.turn_id in self._turns:
            raise StoreError(f"{start.turn_id} cannot begin")
        if (asked := await self.accepted(start.seq or 0)) is not None:
            start = replace(start, session=asked.session, place=asked.incoming.address)
        if start.seq is not None:
            self._claimed |= dict.fromkeys((start.seq, *start.joined), start.turn_id)
        self._holders[start.turn_id] = self._epoch
        self._turns[start.turn_id] = StoredTurn(
            start=replace(start, joined=()),
            state="running",
            attempts=max(1, self._attempts(start.seq)),
            advice=(),
            references_done=0,
            end=None,
            outbox=(),
        )
        self._carry(start.turn_id)

    async def landed(self, turn_id: str, round_: int, advice: Advice) -> None:
        self._held(turn_id)
        if turn_id not in self._turns:
            raise StoreError(f"there is no turn {turn_id}")
        kept = replace(
            advice,
            call=advice.call and replace(advice.call, lines=()),
            tried=tuple(replace(each, lines=()) for each in advice.tried),
        )
        self._advice.setdefault(turn_id, {}).setdefault((round_, advice.position), kept)

    async def references_done(self, turn_id: str, round_: int, rest: Sequence[Advice]) -> None:
        self._held(turn_id)
        for advice in rest:
            await self.landed(turn_id, round_, advice)
        self._change(turn_id, references_done=round_)

    async def finish(self, end: TurnEnd) -> None:
        self._held(end.turn_id)
        turn = self._turns.get(end.turn_id)
        if turn is None or turn.state != "running":
            return
        self._keep_calls(end.turn_id, end.calls)
        calls = self._turns[end.turn_id].calls
        self._change(end.turn_id, state="answered", end=replace(end, calls=calls, lines=()))
        if turn.start.seq is None:
            return
        self._say(turn, turn.start.question)
        answer = [Line.of("assistant", end.answer)] if end.answer else []
        for line in end.lines or answer:
            self._say(turn, line)

    async def delivered(self, turn_id: str) -> None:
        if self._holders.get(turn_id, self._epoch) is self._epoch:
            self._change(turn_id, state="delivered")

    async def attempt(self, turn_id: str) -> int:
        self._may_write()
        if turn_id not in self._turns:
            raise StoreError(f"there is no turn {turn_id}")
        self._holders[turn_id] = self._epoch
        attempts = self._turns[turn_id].attempts + 1
        self._change(turn_id, attempts=attempts)
        return attempts

    async def unfinished(self) -> Sequence[StoredTurn]:
        return [self._whole(turn) for turn in self._turns.values() if turn.state != "delivered"]

    async def turn(self, turn_id: str) -> StoredTurn | None:
        found = None if turn_id in self._erased else self._turns.get(turn_id)
        return found and self._whole(found)

    # --- outbox

    async def attempting(self, turn_id: str, key: str, *, piece: bool = False) -> None:
        self._post(turn_id, key, None, "piece" if piece else "attempting")

    async def posted(self, turn_id: str, key: str, message_id: str, *, shown: str = "") -> None:
        self._post(turn_id, key, message_id, "delivered", shown)

    async def unposted(self, turn_id: str, key: str, state: Literal["unknown", "failed"]) -> None:
        self._post(turn_id, key, None, state)

    # --- history

    async def has_read(self, session: str, place: str, message_id: str) -> bool:
        asked = {
            self._claimed.get(each.seq)
            for each in self._inbox.values()
            if each.incoming.address.session == place
            and getattr(each.incoming, "message_id", None) == message_id
        }
        posted = {
            turn_id
            for turn_id, messages in self._outbox.items()
            if any(each.message_id == message_id for each in messages.values())
        }
        read = [line for _, line in await self.lines(session) if not line.pinned]
        return any(
            turn_id in asked | posted and line in read
            for _, where, turn_id, line in self._lines
            if where == session
        )

    async def turns(self, session: str, *, last: int = 50) -> Sequence[StoredTurn]:
        return [self._whole(turn) for turn in self._of(session)][-last:]

    async def newest_at(self, place: Address, *, asker: str, own: bool) -> StoredTurn | None:
        known = [
            turn
            for turn in self._turns.values()
            if not turn.removed and (turn.start.asker == asker or not own)
        ]
        here = [turn for turn in known if turn.start.place == place]
        below = [turn for turn in known if turn.start.place.session.startswith(f"{place.session}/")]
        mine = [turn for turn in below if turn.start.asker == asker]
        found = here or mine or below
        return self._whole(found[-1]) if found else None

    async def conversations(self, platform: str, *, owner: str) -> Sequence[Conversation]:
        mine = {
            turn.start.session: None
            for turn in reversed(self._turns.values())
            if not turn.removed
            and unquote(turn.start.session.split("/")[0]) == platform
            and any(each.start.asker == owner for each in self._of(turn.start.session))
        }
        return [self._conversation(session) for session in mine]

    async def remove(self, turn_id: str) -> None:
        self._void_summaries(turn_id)
        self._change(turn_id, removed=True)

    # --- places

    async def move(self, old: Address, new: Address) -> None:
        self._may_write()

        def moved(session: str) -> str:
            return moved_key(session, old, new)

        for key, each in self._inbox.items():
            said = each.incoming
            if not isinstance(said, Moved):
                there = replace(said, address=said.address.moved(old, new))
                self._inbox[key] = replace(each, incoming=there, session=moved(each.session))
        for turn_id, turn in self._turns.items():
            start = turn.start
            place = start.place.moved(old, new)
            start = replace(start, session=moved(start.session), place=place)
            self._turns[turn_id] = replace(turn, start=start)
        self._lines[:] = [(n, moved(was), turn, line) for n, was, turn, line in self._lines]
        self._move_epochs(old.session, new.session)
        for scope in [each for each in self._settings if each.startswith("session:")]:
            now = f"session:{moved(scope.removeprefix('session:'))}"
            if now != scope:
                chosen = self._settings.pop(scope)
                new_ones = [key for key in chosen if key not in self._settings.get(now, {})]
                self._move_setters(scope, now, new_ones)
                self._settings[now] = chosen | self._settings.get(now, {})
        self._move_introduction(old, new)
        self._settings.setdefault(MOVED, {})[old.session] = new.session

    # --- within

    def _attempts(self, seq: int | None) -> int:
        return next((each.attempts for each in self._inbox.values() if each.seq == seq), 0)

    def _post(
        self,
        turn_id: str,
        key: str,
        message_id: str | None,
        state: Literal["attempting", "piece", "delivered", "unknown", "failed"],
        shown: str = "",
    ) -> None:
        self._held(turn_id)
        self._outbox.setdefault(turn_id, {})[key] = Posted(
            turn_id=turn_id, key=key, message_id=message_id, state=state, shown=shown
        )

    @property
    def _next_line(self) -> int:
        return max((number for number, *_ in self._lines), default=0) + 1

    def _say(self, turn: StoredTurn, line: Line) -> None:
        start = turn.start
        self._lines.append((self._next_line, start.session, start.turn_id, line))

    def _of(self, session: str) -> list[StoredTurn]:
        turns = self._turns.values()
        return [turn for turn in turns if turn.start.session == session and not turn.removed]

    def _conversation(self, session: str) -> Conversation:
        turns = self._of(session)
        updated = max(turn.start.started for turn in turns)
        name = title(turns[0].start.question.text)
        return Conversation(session=session, title=name, updated=updated)

    @override
    def _whole(self, turn: StoredTurn) -> StoredTurn:
        turn_id = turn.start.turn_id
        advice = sorted(self._advice.get(turn_id, {}).items(), key=lambda each: each[0])
        return replace(
            turn,
            advice=tuple((place[0], each) for place, each in advice),
            outbox=tuple(self._outbox.get(turn_id, {}).values()),
            steered=self._steered_in(turn_id) if turn.state == "running" else (),
        )
