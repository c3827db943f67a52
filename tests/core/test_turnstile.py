"""Shows that however much is ready at once, the loop comes round to everything else."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest

from core.turnstile import LATE, OF_THEM, PER_ROUND, Turnstile, my_turn, standing
from tests.fakes.loop import run_virtual


class Rounds:
    """Counts the rounds of the running loop, as anybody else who has something to do there."""

    def __init__(self):
        self.number = 0
        self._loop = asyncio.get_running_loop()
        self._round()

    def _round(self):
        self.number += 1
        self._handle = self._loop.call_soon(self._round)

    def stop(self):
        self._handle.cancel()


async def test_few_pass_in_one_round_and_in_the_order_in_which_they_came():
    stile, rounds, passed = Turnstile(3), Rounds(), []

    async def work(number):
        await stile.passed()
        passed.append((rounds.number, number))

    async with asyncio.TaskGroup() as group:
        for number in range(10):
            group.create_task(work(number))
    rounds.stop()
    assert [number for _, number in passed] == list(range(10))
    in_round = [round_ for round_, _ in passed]
    assert max(in_round.count(each) for each in in_round) == 3
    assert len(set(in_round)) == 4


async def test_whoever_need_not_wait_passes_at_once():
    stile, rounds = Turnstile(3), Rounds()
    for _ in range(3):
        await stile.passed()
    rounds.stop()
    assert rounds.number == 1


async def test_nobody_who_comes_later_overtakes_those_who_wait():
    stile, passed = Turnstile(1), []

    async def work(name):
        await stile.passed()
        passed.append(name)

    async def often():
        for number in range(3):
            await work(f"often {number}")

    async with asyncio.TaskGroup() as group:
        group.create_task(often())
        for name in ("a", "b", "c"):
            group.create_task(work(name))
    assert passed == ["often 0", "often 1", "a", "b", "c", "often 2"]


async def test_who_comes_behind_others_is_overtaken_and_yet_has_a_part_of_every_round():
    stile, passed = Turnstile(2 * OF_THEM), []

    async def work(name, *, behind):
        await stile.passed(behind=behind)
        passed.append(name)

    async with asyncio.TaskGroup() as group:
        for number in range(3 * OF_THEM):  # the first of them need not wait
            group.create_task(work(f"flood {number}", behind=True))
        for number in range(3 * OF_THEM):
            group.create_task(work(f"one {number}", behind=False))
    first, second = passed[: 2 * OF_THEM], passed[2 * OF_THEM : 4 * OF_THEM]
    assert all(each.startswith("flood") for each in first)
    assert sum(each.startswith("one") for each in second) == 2 * OF_THEM - 2
    assert second[:2] == [f"flood {2 * OF_THEM}", f"flood {2 * OF_THEM + 1}"]
    assert len(passed) == 6 * OF_THEM


async def test_what_is_done_for_somebody_comes_behind_in_tasks_that_are_born_of_it_too():
    passed, held = [], [2]

    async def work(name):
        await my_turn()
        passed.append(name)

    async def several(name):
        async with asyncio.TaskGroup() as group:
            for number in range(PER_ROUND):
                group.create_task(work(f"{name} {number}"))

    async with asyncio.TaskGroup() as group:
        group.create_task(several("before"))
        with standing(lambda: held[0] > 1):
            group.create_task(several("flood"))
        group.create_task(several("one"))
    behind = passed.index(f"flood {PER_ROUND - 1}")
    assert passed.index(f"one {PER_ROUND - 1}") < behind
    assert passed.index(f"before {PER_ROUND - 1}") < behind


async def test_nobody_overtakes_those_who_were_called_and_have_not_gone_through_yet():
    stile, passed = Turnstile(2), []

    async def work(name):
        await stile.passed()
        passed.append(name)

    async with asyncio.TaskGroup() as group:
        for name in ("a", "b", "c"):
            group.create_task(work(name))
        for name in (
            "d",
            "e",
            "f",
            "g",
        ):  # one in each of the next rounds, wherever c stands by then
            await asyncio.sleep(0)
            group.create_task(work(name))
    assert passed == ["a", "b", "c", "d", "e", "f", "g"]


async def test_whoever_is_stopped_while_waiting_takes_nobodys_place():
    stile, passed = Turnstile(1), []

    async def work(name):
        await stile.passed()
        passed.append(name)

    async with asyncio.TaskGroup() as group:
        first, second, third = (group.create_task(work(name)) for name in ("a", "b", "c"))
        while not first.done():  # noqa: ASYNC110 - the others wait by then
            await asyncio.sleep(0)
        second.cancel()
    assert second.cancelled()
    assert third.done()
    assert passed == ["a", "c"]


def test_every_loop_has_one_of_its_own():
    passed = []

    async def one():
        await my_turn()
        passed.append(asyncio.get_running_loop())

    async def crowd():
        async with asyncio.TaskGroup() as group:
            for _ in range(3 * PER_ROUND):
                group.create_task(one())

    for _ in range(2):
        run_virtual(crowd())
    assert len(passed) == 6 * PER_ROUND
    assert len(set(passed)) == 2


def test_a_loop_that_is_over_is_let_go_of():
    async def passed():
        await my_turn()
        return weakref.ref(asyncio.get_running_loop())

    loop = asyncio.run(passed())
    gc.collect()
    assert loop() is None


@pytest.mark.parametrize(("waiting", "crowded"), [(LATE * 3, False), (LATE * 3 + 1, True)])
async def test_it_is_crowded_while_more_waits_than_some_rounds_can_do(waiting, crowded):
    stile, seen = Turnstile(3), []
    async with asyncio.TaskGroup() as group:
        for _ in range(3 + waiting):
            group.create_task(stile.passed())
        await asyncio.sleep(0)
        seen.append(stile.crowded)
    seen.append(stile.crowded)
    assert seen == [crowded, False]
