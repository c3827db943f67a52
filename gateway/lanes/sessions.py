"""The session manager: one lane per session, one piece of work at a time, in order (P3).

Decides what waits for what, and how much may wait. It neither answers nor stores: each piece of
work is handed to a function. An idle session costs nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import structlog

from core.errors import Overloaded, StoreDamaged
from core.records import Accepted, StoredTurn
from core.scopes import moved_key
from core.texts import intake as said
from gateway.lanes.cancelling import foreign_is_a_failure
from gateway.lanes.draining import drained
from gateway.lanes.holdings import Holdings, Who, asker
from gateway.lanes.names import Names
from gateway.lanes.quarantine import suspected
from gateway.lanes.workplaces import Workplaces

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from core.types import Address, Incoming


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Something that has to be done while nothing else of its session is."""

    run: Callable[[], Awaitable[None]]


Answerable: TypeAlias = Accepted | StoredTurn
Work: TypeAlias = Answerable | Errand
Fits: TypeAlias = Callable[[Accepted], bool]

MOST_IN_LANE = 50
"""What may wait in one session: nobody reads the answers to more (P5)."""

log = structlog.get_logger()


def _nobody(_session: str) -> None:
    """Tell nobody that a line has moved; and nobody waits."""


class Sessions:
    """The lanes of one process. Their tasks are born in `group`."""

    def __init__(
        self, group: asyncio.TaskGroup, perform: Callable[[Work], Awaitable[None]]
    ) -> None:
        """Begin with no lane; `perform` does one piece of work to its end."""
        self._group = group
        self._perform = perform
        self._workplaces = Workplaces()
        self._lanes: dict[str, deque[Work]] = {}
        self._at_work: dict[int, str] = {}  # the session of each piece that is being done
        self._tasks: dict[asyncio.Task[None], str] = {}  # and the session of each
        self._held = Holdings()
        self._names = Names()
        self._closed = False
        self.moved: Callable[[str], None] = _nobody

    def admit(self, incoming: Incoming, session: str) -> None:
        """Let one more question in, before it is stored.

        Raises:
            Overloaded: too much is waiting already: in the session, of this person, or in all.
        """
        if len(self._lanes.get(self.lane(session), ())) > MOST_IN_LANE:
            raise Overloaded(said.lane_full(MOST_IN_LANE))
        self._held.admit(incoming.address.platform, incoming.author)

    def put(self, session: str, work: Work, *, ahead: bool = False) -> int:
        """Queue work behind what waits already, or ahead of it; give how much is before it."""
        session = self.lane(session)
        self._held.enter(session, work)
        lane = self._lanes.get(session)
        if lane is not None:
            lane.insert(1 if ahead else len(lane), work)
            return 1 if ahead else len(lane) - 1
        self._lanes[session] = deque([work])
        if not self._closed:
            task = self._group.create_task(self._run(session), name=f"lane {session}")
            self._tasks[task] = session
            task.add_done_callback(self._tasks.pop)
        return 0

    def lane(self, session: str) -> str:
        """Name the lane that a session has: its chat may have had another id when that began."""
        return self._names.of(session)

    def move(self, old: Address, new: Address) -> None:
        """Let a chat keep its lanes under another id; what waits there already joins them."""
        early = [each for each in self._lanes if moved_key(each, new, old) != each]
        self._names.move(old, new)
        for session in early:
            for work in self._emptied(session, lambda _: True):
                self.put(session, work)

    def withdraw(self, session: str, gone: Callable[[Work], bool]) -> None:
        """Take out of a lane what waits in it and is to be done no more."""
        self._emptied(self.lane(session), gone)

    def _emptied(self, session: str, gone: Callable[[Work], bool]) -> Sequence[Work]:
        """Take out of a lane, by its own name, what waits there and is so; gives that."""
        lane = self._lanes.get(session, deque())
        begun = self._begun(lane)
        waiting = [*lane][begun:]
        while len(lane) > begun:
            lane.pop()
        lane.extend(each for each in waiting if not gone(each))
        out = [each for each in waiting if gone(each)]
        for work in out:
            self._held.leave(session, work)
        self.moved(session)
        return out

    # --- what waits -------------------------------------------------------------------------

    def place(self, seq: int) -> int:
        """Say how much is before what waits under that number; 0 if it waits no more."""
        found = self._find(seq)
        return 0 if found is None else found[1]

    def in_line(self, session: str) -> Sequence[Accepted]:
        """List what came in and waits there, in order."""
        return self._in_line(self._lanes.get(self.lane(session), ()))

    def _in_line(self, lane: Sequence[Work]) -> Sequence[Accepted]:
        return [each for each in [*lane][self._begun(lane) :] if isinstance(each, Accepted)]

    def _begun(self, lane: Sequence[Work]) -> int:
        """Say how much of a lane waits no more: its first, or nothing if that has no place yet."""
        return 1 if lane and id(lane[0]) in self._at_work else 0

    def all_waiting(self) -> Iterator[Accepted]:
        """Go through everything that waits in any session."""
        for lane in self._lanes.values():
            yield from self._in_line(lane)

    def find(self, seq: int) -> Accepted | None:
        """Give what waits under that number."""
        found = self._find(seq)
        work = None if found is None else self._lanes[found[0]][found[1]]
        return work if isinstance(work, Accepted) else None

    def follow(self, work: Work, fits: Fits) -> Accepted | None:
        """Take what comes right behind work that is being done, if it fits."""
        session = self._at_work.get(id(work), "")
        behind = list(self._lanes.get(session, ()))[1:2]
        if not behind:
            return None
        (follower,) = behind
        if not isinstance(follower, Accepted) or not fits(follower):
            return None
        self._remove(session, 1)
        return follower

    def insert(self, session: str, works: Sequence[Work]) -> None:
        """Let work come right after what is being done, in this order."""
        for work in reversed(works):
            self.put(session, work, ahead=True)

    def insert_behind(self, session: str, work: Accepted, fits: Fits) -> None:
        """Let work come after what is being done and all that fits: it may wait for its like."""
        session = self.lane(session)
        lane = self._lanes.get(session)
        if lane is None:
            self.put(session, work)
            return
        like = [place for place, e in enumerate(lane) if isinstance(e, Accepted) and fits(e)]
        lane.insert(1 + max(like, default=0), work)
        self._held.enter(session, work)

    def swap(self, now: Accepted) -> bool:
        """Put what waits under that number as it is now; False if it does not wait."""
        found = self._find(now.seq)
        if found is not None:
            session, place = found
            lane = self._lanes[session]
            self._held.leave(session, lane[place])
            lane[place] = now
            self._held.enter(session, now)
        return found is not None

    def take_out(self, seq: int) -> Accepted | None:
        """Let something wait no longer; give it, if it did."""
        found = self._find(seq)
        if found is None:
            return None
        session, place = found
        work = self._lanes[session][place]
        self._remove(session, place)
        return work if isinstance(work, Accepted) else None

    def _find(self, seq: int) -> tuple[str, int] | None:
        session = self._held.session_of(seq)
        if session is None:
            return None
        for place, work in enumerate(self._lanes.get(session, ())):
            waits = place or id(work) not in self._at_work
            if waits and isinstance(work, Accepted) and work.seq == seq:
                return session, place
        return None

    def _remove(self, session: str, place: int) -> None:
        lane = self._lanes[session]
        self._held.leave(session, lane[place])
        del lane[place]
        self.moved(session)

    def of(self, platform: str, person: str) -> AbstractSet[str]:
        """Give the sessions in which questions of somebody run or wait."""
        return self._held.sessions_of((platform, person))

    def behind(self, who: Who) -> float:
        """Say how far somebody comes behind, 0 to 1: who is new, and the more of theirs waits."""
        return 1 - 1 / max(1, self._held.of(who) + self._held.new(who))

    def waiting(self, session: str) -> int:
        """How much waits in a session, behind what is being done."""
        return max(0, len(self._lanes.get(self.lane(session), ())) - 1)

    @property
    def running(self) -> int:
        """How many sessions are at work."""
        return len(self._tasks)

    async def drain(
        self,
        seconds: float,
        also: Iterable[asyncio.Task[object]] = (),
        *,
        last: Callable[[], Awaitable[None]] | None = None,
        waits: Callable[[str], object] = _nobody,
    ) -> None:
        """Start nothing new, and give what runs, and `also`, so long to end; lanes are cut (P6).

        What is cut or still waits stays in the store: the next start goes on with it. `last` is
        waited for first; a session that `waits` for somebody, by nobody: no word comes in any more.
        """
        self._closed = True
        await drained(self._tasks, seconds, also, last=last, waits=waits)

    async def _run(self, session: str) -> None:
        lane = self._lanes[session]
        try:
            while lane and not self._closed:
                async with self._workplace(lane[0]):
                    await self._first(session, lane)
        finally:
            if lane:
                self._at_work.pop(id(lane[0]), None)
            for left in lane:
                self._held.leave(session, left)
            del self._lanes[session]

    def _workplace(self, work: Work) -> AbstractAsyncContextManager[None]:
        """Give a turn its place; what is no question needs none.

        Nor does a suspect: these go on one at a time, and five hundred of them, each waiting for
        that in a place, would hold up everybody.
        """
        who = None if suspected(work) else asker(work)
        if who is None:
            return nullcontext()
        return self._workplaces.taken(partial(self._held.of, who), new=self._held.new(who))

    async def _first(self, session: str, lane: deque[Work]) -> None:
        """Do what is first in a lane, unless that was taken out while it waited for its place."""
        if not lane or self._closed:
            return
        self._at_work[id(lane[0])] = session
        await self._guarded(session, lane[0])
        done = lane.popleft()
        del self._at_work[id(done)]
        self._held.leave(session, done)
        self.moved(session)

    async def _guarded(self, session: str, work: Work) -> None:
        try:
            with foreign_is_a_failure():
                await self._perform(work)
        except Exception as error:
            traced = not isinstance(error, StoreDamaged)  # which the log says once, and better
            kind = type(work).__name__
            log.exception("work_failed", session=session, work=kind, exc_info=traced)
