"""The lanes of a gateway that runs, for those who want something forgotten in one.

Decides nothing; a turn that is stopped ends as any other, and is over before anything is erased.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from core.errors import StoreError
from core.records import Accepted
from gateway.lanes.sessions import Errand

if TYPE_CHECKING:
    from collections.abc import Collection

    from gateway.lanes.running import Running
    from gateway.lanes.sessions import Sessions, Work

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveLanes:
    """Fulfils `Lanes`. `halt` stops one turn."""

    sessions: Sessions
    running: Running
    halt: Callable[[str], None]

    def stop(self, session: str, person: str) -> None:
        """Stop what runs there."""
        for turn_id in self.running.of(session, person):
            self.halt(turn_id)

    async def alone(self, session: str, person: str, work: Callable[[], Awaitable[T]]) -> T:
        """Do it in the session's lane, right behind what runs there."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        async def run() -> None:
            try:
                done.set_result(await work())
            except (StoreError, OSError) as error:  # raised by whoever waits for it
                done.set_exception(error)
            finally:
                if not done.done():  # whatever broke it is in the log; whoever waits shall not hang
                    done.set_exception(StoreError("it was not done: see the log"))

        self.stop(session, person)
        self.sessions.put(session, Errand(run=run), ahead=True)
        return await done

    def withdraw(self, session: str, messages: Collection[int]) -> None:
        """Take out of the lane what waits in it."""

        def gone(work: Work) -> bool:
            return isinstance(work, Accepted) and work.seq in messages

        self.sessions.withdraw(session, gone)
