"""Shows who comes behind others: whoever has more waiting, and whoever nothing was done for yet."""

from __future__ import annotations

import asyncio

from core.records import Accepted
from gateway.lanes.sessions import Sessions, Work
from tests.fakes.turns import ANNA, ROOM, message
from tests.patience import PATIENCE

WHO = (ROOM.platform, ANNA.id)


async def test_whoever_is_new_or_has_more_waiting_comes_behind():
    may_end = asyncio.Semaphore(0)

    async def perform(_work: Work) -> None:
        await may_end.acquire()

    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        sessions = Sessions(group, perform)
        behind = [sessions.behind(WHO)]
        for seq in (1, 2):
            sessions.put(
                ROOM.session, Accepted(seq=seq, incoming=message(f"e{seq}"), session=ROOM.session)
            )
            behind.append(sessions.behind(WHO))
        may_end.release()
        while sessions.find(1) is not None:  # noqa: ASYNC110 - the timeout limits it
            await asyncio.sleep(0)
        behind.append(sessions.behind(WHO))
        may_end.release()
    assert behind == [0.0, 0.5, 1 - 1 / 3, 0.0]
