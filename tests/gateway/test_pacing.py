"""Shows that a chat's slots go on being given out, whoever stops waiting for one (P7)."""

from __future__ import annotations

import asyncio

from gateway.pacing import ChatBudget
from tests.fakes.loop import run_virtual


def test_p7_one_who_leaves_as_the_slot_comes_does_not_keep_the_others_waiting():
    async def story() -> None:
        loop = asyncio.get_running_loop()
        budget = ChatBudget(1.0)
        due = 1.0 + await budget.slot(lambda: False)
        async with asyncio.TaskGroup() as group:
            leaving = group.create_task(budget.slot(lambda: False))
            staying = group.create_task(budget.slot(lambda: False))
            await asyncio.sleep(0)
            loop.call_at(due - 1e-10, leaving.cancel)  # in the same step of the loop
            async with asyncio.timeout(10.0):
                await staying
        assert leaving.cancelled()

    run_virtual(story())
