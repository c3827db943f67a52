"""The session manager: one lane per session, one piece of work at a time, in order (P3).

Decides what waits for what, and how much may wait. It neither answers nor stores: each piece of
work is handed to a function. An idle session costs nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import structlog

from core.errors import Overloaded
from core.records import Accepted, StoredTurn
from core.texts import intake as said
from core.types import Message, Press

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Something that has to be done while nothing else of its session is."""

    run: Callable[[], Awaitable[None]]


Answerable: TypeAlias = Accepted | StoredTurn
Work: TypeAlias = Answerable | Errand
Fits: TypeAlias = Callable[[Accepted], bool]

MOST_IN_LANE = 50
"""What may wait in one session: nobody reads the answers to more (P5)."""
MOST_IN_ALL = 10_000

log = structlog.get_logger()


class Sessions:
    """The lanes of one process. Their tasks are born in `group`."""

    def __init__(
        self, group: asyncio.TaskGroup, perform: Callable[[Work], Awaitable[None]]
    ) -> None:
        """Begin with no lane; `perform` does one piece of work to its end."""
        self._group = group
        self._perform = perform
        self._lanes: dict[str, deque[Work]] = {}
        self._at_work: dict[int, deque[Work]] = {}  # the lane of each piece that is being done
        self._tasks: set[asyncio.Task[None]] = set()
        self._queued = 0
        self._closed = False
        self.moved: Callable[[str], None] = _nobody

    def admit(self, session: str) -> None:
        """Let one more piece of work in, before it is stored.

        Raises:
            Overloaded: too much is waiting already.
        """
        if len(self._lanes.get(session, ())) > MOST_IN_LANE:
            raise Overloaded(said.lane_full(MOST_IN_LANE))
        if self._queued >= MOST_IN_ALL:
            raise Overloaded(said.TOO_MANY_WAIT)

    def put(self, session: str, work: Work, *, ahead: bool = False) -> int:
        """Queue work behind what waits already, or ahead of it; give how much is before it."""
        self._queued += 1
        lane = self._lanes.get(session)
        if lane is not None:
            lane.insert(1 if ahead else len(lane), work)
            return 1 if ahead else len(lane) - 1
        self._lanes[session] = deque([work])
        if not self._closed:
            task = self._group.create_task(self._run(session), name=f"lane {session}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return 0

    def withdraw(self, session: str, gone: Callable[[Work], bool]) -> None:
        """Take out of a lane what waits in it and is to be done no more."""
        lane = self._lanes.get(session)
        if lane is None:
            return
        waiting = [*lane][1:]
        left = [each for each in waiting if not gone(each)]
        self._queued -= len(waiting) - len(left)
        while len(lane) > 1:
            lane.pop()
        lane.extend(left)
        self.moved(session)

    # --- what waits -------------------------------------------------------------------------

    def place(self, seq: int) -> int:
        """Say how much is before what waits under that number; 0 if it waits no more."""
        found = self._find(seq)
        return 0 if found is None else found[1]

    def in_line(self, session: str) -> Sequence[Accepted]:
        """List what came in and waits there, in order."""
        lane = list(self._lanes.get(session, ()))[1:]
        return [each for each in lane if isinstance(each, Accepted)]

    def all_waiting(self) -> Iterator[Accepted]:
        """Go through everything that waits in any session."""
        for session in self._lanes:
            yield from self.in_line(session)

    def find(self, seq: int) -> Accepted | None:
        """Give what waits under that number."""
        found = self._find(seq)
        work = None if found is None else found[0][found[1]]
        return work if isinstance(work, Accepted) else None

    def follow(self, work: Work, fits: Fits) -> Accepted | None:
        """Take what comes right behind work that is being done, if it fits."""
        lane = self._at_work.get(id(work))
        behind = list(lane or ())[1:2]
        if lane is None or not behind:
            return None
        (follower,) = behind
        if not isinstance(follower, Accepted) or not fits(follower):
            return None
        self._remove(lane, 1)
        return follower

    def insert(self, session: str, works: Sequence[Work]) -> None:
        """Let work come right after what is being done, in this order."""
        for work in reversed(works):
            self.put(session, work, ahead=True)

    def insert_behind(self, session: str, work: Accepted, fits: Fits) -> None:
        """Let work come right after what is being done, but behind what fits there already."""
        lane = self._lanes.get(session)
        if lane is None:
            self.put(session, work)
            return
        first = [isinstance(each, Accepted) and fits(each) for each in list(lane)[1:]]
        lane.insert(1 + (first.index(False) if False in first else len(first)), work)
        self._queued += 1

    def swap(self, now: Accepted) -> bool:
        """Put what waits under that number as it is now; False if it does not wait."""
        found = self._find(now.seq)
        if found is not None:
            lane, place = found
            lane[place] = now
        return found is not None

    def take_out(self, seq: int) -> Accepted | None:
        """Let something wait no longer; give it, if it did."""
        found = self._find(seq)
        if found is None:
            return None
        lane, place = found
        work = lane[place]
        self._remove(lane, place)
        return work if isinstance(work, Accepted) else None

    def _find(self, seq: int) -> tuple[deque[Work], int] | None:
        for lane in self._lanes.values():
            for place, work in enumerate(lane):
                waits = place or id(work) not in self._at_work
                if waits and isinstance(work, Accepted) and work.seq == seq:
                    return lane, place
        return None

    def _remove(self, lane: deque[Work], place: int) -> None:
        del lane[place]
        self._queued -= 1
        for session, each in self._lanes.items():
            if each is lane:
                self.moved(session)

    def of(self, platform: str, person: str) -> set[str]:
        """Give the sessions in which questions of somebody run or wait."""
        return {
            session
            for session, lane in self._lanes.items()
            if any(_asks(work, platform, person) for work in lane)
        }

    def waiting(self, session: str) -> int:
        """How much waits in a session, behind what is being done."""
        return max(0, len(self._lanes.get(session, ())) - 1)

    @property
    def running(self) -> int:
        """How many sessions are at work."""
        return len(self._tasks)

    async def drain(self, seconds: float, also: Iterable[asyncio.Task[object]] = ()) -> None:
        """Start nothing new, and give what runs, and `also`, so long to end; lanes are cut (P6).

        What is cut or still waits stays in the store: the next start goes on with it.
        """
        self._closed = True
        awaited = {*self._tasks, *also}
        if awaited:
            await asyncio.wait(awaited, timeout=seconds)
        late = set(self._tasks)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    async def _run(self, session: str) -> None:
        lane = self._lanes[session]
        try:
            while lane and not self._closed:
                self._at_work[id(lane[0])] = lane
                await self._guarded(session, lane[0])
                del self._at_work[id(lane.popleft())]
                self._queued -= 1
                self.moved(session)
        finally:
            if lane:
                self._at_work.pop(id(lane[0]), None)
            self._queued -= len(lane)
            del self._lanes[session]

    async def _guarded(self, session: str, work: Work) -> None:
        try:
            await self._perform(work)
        except Exception:
            log.exception("work_failed", session=session, work=type(work).__name__)


def _asks(work: Work, platform: str, person: str) -> bool:
    """Tell whether it is a question of somebody, that runs or waits."""
    if isinstance(work, StoredTurn):
        start = work.start
        return start.asker == person and start.place.platform == platform
    said = work.incoming if isinstance(work, Accepted) else None
    if not isinstance(said, Message | Press) or said.author.id != person:
        return False
    asks = isinstance(said, Message) or said.action in {"retry", "advise"}
    return asks and said.address.platform == platform


def _nobody(_session: str) -> None:
    """Tell nobody that a line has moved."""
