"""Does what was begun with something that came in to its end, though whoever brought it is gone.

An adapter that fails takes its tasks with it, and a press that was stored by then would be done by
nobody before the next start. Decides nothing about what is done; only a drain cuts it (ADR 0058).
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import structlog

from core.errors import GatewayError, StoreError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    Event: TypeAlias = tuple[str, str]
    Work: TypeAlias = Callable[[], Awaitable[bool]]
    Doing: TypeAlias = asyncio.Task[bool | Exception]

STOPPING = "the gateway is stopping, so this was not taken in"
CUT = "the gateway has stopped, and nobody can tell whether this was taken in"

log = structlog.get_logger()


class Finishing:
    """What is being done with what came in; its tasks are born in `group`."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        """Begin with nothing."""
        self._group = group
        self._doing: dict[Event, Doing] = {}
        self._closed = False

    def __contains__(self, event: Event) -> bool:
        """Tell whether something is being done with it."""
        return event in self._doing

    @property
    def tasks(self) -> Collection[Doing]:
        """What is at work now."""
        return self._doing.values()

    def close(self) -> None:
        """Begin nothing more."""
        self._closed = True

    def cut(self) -> None:
        """End what is at work still: the next start goes on with what is stored of it."""
        for task in self.tasks:
            task.cancel()

    async def done(self, event: Event, work: Work) -> bool:
        """Do it, unless that is being done already, and give what comes of it.

        Raises:
            StoreError: the program stops. And whatever the work raises, which the log has where
                nobody waits for it any more.
        """
        task = self._doing.get(event) or self._begun(event, work)
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            task.add_done_callback(partial(_tell, event))
            raise
        if task.cancelled():
            raise StoreError(CUT)
        outcome = task.result()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _begun(self, event: Event, work: Work) -> Doing:
        if self._closed:
            raise StoreError(STOPPING)
        task = self._group.create_task(_outcome(work), name="intake")
        self._doing[event] = task
        task.add_done_callback(lambda _: self._doing.pop(event))
        return task


async def _outcome(work: Work) -> bool | Exception:
    """Do it; what it raises is for whoever brought this, and ends nothing else."""
    try:
        return await work()
    except Exception as error:  # noqa: BLE001 - it is raised again where somebody waits
        return error


def _tell(event: Event, task: Doing) -> None:
    """Say what went wrong, where nobody is left to do so."""
    outcome = None if task.cancelled() else task.result()
    if isinstance(outcome, Exception):
        unforeseen = None if isinstance(outcome, GatewayError) else outcome
        log.error("not_taken_in", came=event, error=str(outcome), exc_info=unforeseen)
