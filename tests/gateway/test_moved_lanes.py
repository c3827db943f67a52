"""A chat that goes on under another id keeps its lanes; what was said there before that is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gateway.lanes.sessions import Errand, Sessions, Work
from tests.gateway.guarded import DM, GROUP
from tests.patience import PATIENCE


async def perform(work: Work) -> None:
    assert isinstance(work, Errand)
    await work.run()


async def test_what_waits_in_a_chat_that_one_moves_to_waits_behind_what_runs_there_from_before():
    done: list[str] = []
    go = asyncio.Event()

    def errand(name: str, after: asyncio.Event) -> Errand:
        async def run() -> None:
            await after.wait()
            done.append(name)

        return Errand(run=run)

    at_once = asyncio.Event()
    at_once.set()
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        sessions = Sessions(group, perform)
        sessions.put(GROUP.session, errand("before", go))
        sessions.put(DM.session, errand("early", go))
        sessions.put(DM.session, errand("behind it", at_once))
        await asyncio.sleep(0)
        sessions.move(GROUP, DM)
        assert sessions.put(DM.session, errand("after", at_once)) == 2
        assert sessions.put(f"{DM.session}/7", errand("in a thread", at_once)) == 0
        await until(lambda: done)
        assert done == ["in a thread"], "it came before what runs"
        go.set()
    assert sorted(done) == ["after", "before", "behind it", "early", "in a thread"]
    assert done.index("before") < done.index("behind it") < done.index("after")


async def until(true: Callable[[], object]) -> None:
    while not true():  # noqa: ASYNC110 - whoever calls limits it
        await asyncio.sleep(0)
