"""Shows that a chat's slots go on being given out, whoever stops waiting for one (P7)."""

from __future__ import annotations

import asyncio

import uvloop

from gateway.delivery.pacing import APPROVAL_ASKED, FINAL, Account, ChatBudget
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


def test_p7_finals_go_first_then_what_somebody_is_asked_then_the_rest():
    async def story() -> None:
        budget = ChatBudget(1.0)
        await budget.slot(lambda: 0.0)
        order: list[float] = []

        async def send(urgency: float) -> None:
            await budget.slot(lambda: urgency)
            order.append(urgency)

        async with asyncio.TaskGroup() as group:
            for urgency in (0.0, APPROVAL_ASKED, 0.0, FINAL):
                group.create_task(send(urgency))
        assert order == [FINAL, APPROVAL_ASKED, 0.0, 0.0]

    run_virtual(story())


def test_p7_a_slot_that_comes_back_goes_to_the_next_on_the_programs_own_loop():
    """What is due already is no timer there, so none could be asked when it is due."""

    async def story() -> int:
        account = Account(10.0)
        first, second, third = (ChatBudget(1.0, account) for _ in range(3))
        slot = await first.slot(lambda: 0.0)
        async with asyncio.TaskGroup() as group:
            waiting = [group.create_task(each.slot(lambda: 0.0)) for each in (second, third)]
            await asyncio.sleep(0)
            waiting.append(group.create_task(second.slot(lambda: 0.0)))
            first.refund(slot)
        return len(waiting)

    assert uvloop.run(story()) == 3
