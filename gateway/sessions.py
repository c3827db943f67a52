"""The session manager: one lane per session, one piece of work at a time, in order (P3).

Decides what waits for what, and what is taken up again after a stop or a crash. It neither answers
nor stores: each piece of work is handed to a function. An idle session costs nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, TypeAlias

import structlog

from core.records import Accepted, StoredTurn

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Work: TypeAlias = Accepted | StoredTurn

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
        self._closed = False

    def put(self, session: str, work: Work) -> int:
        """Queue work behind what waits already; give how much is before it."""
        lane = self._lanes.get(session)
        if lane is not None:
            lane.append(work)
            return len(lane)
        self._lanes[session] = deque([work])
        if not self._closed:
            task = self._group.create_task(self._run(session), name=f"lane {session}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return 0

    @property
    def running(self) -> int:
        """How many sessions are at work."""
        return len(self._tasks)

    async def drain(self, seconds: float) -> None:
        """Start nothing new, and give what runs so long to end; the rest is cut (P6).

        What is cut or still waits stays in the store: the next start goes on with it.
        """
        self._closed = True
        tasks = set(self._tasks)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=seconds)
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
        finally:
            del self._lanes[session]

    async def _guarded(self, session: str, work: Work) -> None:
        try:
            await self._perform(work)
        except Exception:
            log.exception("work_failed", session=session, work=type(work).__name__)
