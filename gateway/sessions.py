"""The session manager: one lane per session, one piece of work at a time, in order (P3).

Decides what waits for what, and how much may wait. It neither answers nor stores: each piece of
work is handed to a function. An idle session costs nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import structlog

from core.errors import Overloaded
from core.records import Accepted, StoredTurn
from core.types import Message, Press

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Something that has to be done while nothing else of its session is."""

    run: Callable[[], Awaitable[None]]


Answerable: TypeAlias = Accepted | StoredTurn
Work: TypeAlias = Answerable | Errand

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
        self._tasks: set[asyncio.Task[None]] = set()
        self._queued = 0
        self._closed = False

    def admit(self, session: str) -> None:
        """Let one more piece of work in, before it is stored.

        Raises:
            Overloaded: too much is waiting already.
        """
        if len(self._lanes.get(session, ())) > MOST_IN_LANE:
            message = (
                f"{MOST_IN_LANE} messages of this conversation wait for an answer already. "
                "This one was not taken in: send it again when some are answered."
            )
            raise Overloaded(message)
        if self._queued >= MOST_IN_ALL:
            message = "Too many messages wait for an answer here. Send it again in a minute."
            raise Overloaded(message)

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
                await self._guarded(session, lane[0])
                lane.popleft()
                self._queued -= 1
        finally:
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
