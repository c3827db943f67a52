"""Shows that a chat's slots go on being given out, whoever stops waiting for one (P7)."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
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


class Asked:
    """Words that wait for a slot, and count how often they are asked how urgent they are."""

    def __init__(self) -> None:
        self.urgency = 0.0
        self.times = 0

    def __call__(self) -> float:
        self.times += 1
        return self.urgency


def test_p5_hundreds_of_chats_are_not_all_asked_for_every_slot():
    """Each slot asked all that waited: a tenth of the time that a flood left."""

    async def story() -> list[Asked]:
        account = Account(25.0)
        words = [Asked() for _ in range(450)]
        async with asyncio.TaskGroup() as group:
            for each in words:
                group.create_task(ChatBudget(1.1, account).slot(each))
        return words

    words = run_virtual(story())
    assert sum(each.times for each in words) < 25 * len(words)


def test_p5_who_has_less_waiting_by_now_goes_ahead_within_a_second():
    async def story() -> int:
        account, order = Account(10.0), list[int]()
        words = [Asked() for _ in range(50)]

        async def send(number: int) -> None:
            await ChatBudget(1.0, account).slot(words[number])
            order.append(number)

        async with asyncio.TaskGroup() as group:
            for number in range(50):
                group.create_task(send(number))
            await asyncio.sleep(1.0)
            words[49].urgency = 0.1
        return order.index(49)

    assert 10 <= run_virtual(story()) <= 20


def test_p7_what_becomes_a_final_while_it_waits_takes_the_very_next_slot():
    async def story() -> list[int]:
        account, order = Account(10.0), list[int]()
        words, chats = [Asked() for _ in range(9)], [ChatBudget(1.0, account) for _ in range(9)]

        async def send(number: int) -> None:
            await chats[number].slot(words[number])
            order.append(number)

        async with asyncio.TaskGroup() as group:
            for number in range(9):
                group.create_task(send(number))
            await asyncio.sleep(0.15)  # two are sent
            words[8].urgency = FINAL
            chats[8].ask_again()
        return order

    assert run_virtual(story()) == [0, 1, 8, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(("rate", "apart"), [(10.0, 0.09), (None, 0.0)])
def test_p7_what_the_store_held_up_together_is_posted_one_by_one(rate, apart):
    """Else thirty of an account's messages come within a second, each of which had its slot."""
    posted: list[float] = []

    async def post(budget: ChatBudget) -> None:
        await budget.leave()
        posted.append(asyncio.get_running_loop().time())

    async def scenario() -> None:
        account = Account(rate)
        async with asyncio.TaskGroup() as group:
            for _ in range(5):
                group.create_task(post(ChatBudget(1.0, account)))

    run_virtual(scenario())
    gaps = [later - earlier for earlier, later in pairwise(posted)]
    assert gaps == pytest.approx([apart] * 4)
