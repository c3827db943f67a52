"""Shows who begins when the loop is late, and who has a place when there are few."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from gateway.lanes.workplaces import APART, KEPT, LATER, LOOK, NEW, WHILE, Workplaces
from tests.fakes.loop import run_virtual

MOST = 20


@dataclass
class Hall:
    """People who work for `seconds` each in places of a loop that is late, or not."""

    group: asyncio.TaskGroup
    late: bool = True
    seconds: float = 1.0
    at_work: int = 0
    most: int = 0
    began: dict[str, float] = field(default_factory=dict)
    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.places = Workplaces(MOST, lambda: self.late)

    def come(self, name: str, held: int = 5, *, new: bool = False) -> None:
        self.tasks[name] = self.group.create_task(self._work(name, lambda: held, new=new))

    async def _work(self, name: str, held: Callable[[], int], *, new: bool) -> None:
        loop = asyncio.get_running_loop()
        came = loop.time()
        async with self.places.taken(held, new=new):
            self.began[name] = loop.time() - came
            self.at_work += 1
            self.most = max(self.most, self.at_work)
            await asyncio.sleep(self.seconds)
            self.at_work -= 1


def played(scenario) -> Hall:
    async def told() -> Hall:
        async with asyncio.TaskGroup() as group:
            hall = Hall(group)
            await scenario(hall)
        return hall

    return run_virtual(told())


def test_while_the_loop_is_late_one_works_at_a_time_and_whoever_asks_one_thing_beside_it():
    async def scenario(hall: Hall) -> None:
        for number in range(5):
            hall.come(f"flood {number}")
        await asyncio.sleep(0.5)
        hall.come("newcomer", 1)

    hall = played(scenario)
    assert list(hall.began)[:2] == ["flood 0", "newcomer"]
    assert hall.began["newcomer"] == 0.0
    assert hall.most == 2


def test_of_many_who_ask_one_thing_few_begin_while_the_loop_is_late():
    """Those of a flood who were just answered ask one thing, too: all at once made it later."""

    async def scenario(hall: Hall) -> None:
        hall.seconds = 600.0
        hall.come("flood")
        await asyncio.sleep(0.5)
        for number in range(MOST):
            hall.come(f"newcomer {number}", 1)

    hall = played(scenario)
    waited = [hall.began[f"newcomer {number}"] for number in range(MOST - 1)]
    assert waited == sorted(waited)
    assert waited[0] == 0.0
    for earlier, later in pairwise(waited):
        assert APART - 1e-6 <= later - earlier <= APART + LOOK + 1e-6


def test_whoever_asks_one_thing_waits_a_while_at_most_though_the_loop_stays_late():
    async def scenario(hall: Hall) -> None:
        hall.seconds, hall.places = 600.0, Workplaces(10 * MOST, lambda: True)
        for number in range(5 * MOST):
            hall.come(f"newcomer {number}", 1)

    began = played(scenario).began
    assert len(began) == 5 * MOST
    assert WHILE < max(began.values()) < WHILE + 1.0


def test_they_go_on_as_soon_as_it_is_late_no_more_though_nobody_leaves():
    async def scenario(hall: Hall) -> None:
        hall.seconds = 600.0
        for number in range(MOST):
            hall.come(f"flood {number}")
        await asyncio.sleep(1.0)
        assert hall.at_work == 1
        hall.late = False
        await asyncio.sleep(10.0)
        assert hall.at_work == MOST - MOST // KEPT

    assert len(played(scenario).began) == MOST


def test_some_places_are_kept_for_whoever_asks_one_thing():
    async def scenario(hall: Hall) -> None:
        hall.late = False
        for number in range(2 * MOST):
            hall.come(f"flood {number}")
        await asyncio.sleep(0.5)
        for number in range(MOST // KEPT):
            hall.come(f"newcomer {number}", 1)
        await asyncio.sleep(0)
        assert hall.at_work == MOST

    hall = played(scenario)
    assert [hall.began[f"newcomer {number}"] for number in range(MOST // KEPT)] == [0.0, 0.0]
    assert len(hall.began) == 2 * MOST + MOST // KEPT


def test_whoever_asks_one_thing_has_a_kept_place_though_a_flood_came_first_and_nobody_overtakes():
    """Behind an old question of the flood, for which no place was kept, they waited for its end."""

    async def scenario(hall: Hall) -> None:
        hall.late, hall.seconds = False, 1_000.0
        for number in range(2 * MOST):
            hall.come(f"flood {number}")
        await asyncio.sleep(10 * LATER)
        hall.seconds = 10.0
        for name in ("one", "two", "three"):
            hall.come(name, 1)
            await asyncio.sleep(1.0)
        await asyncio.sleep(10.0)
        hall.come("four", 1)

    hall = played(scenario)
    waited = [hall.began[name] for name in ("one", "two", "three")]
    assert waited == pytest.approx([0.0, 0.0, 8.0])
    assert [each for each in hall.began if "flood" not in each] == ["one", "two", "three", "four"]


def test_of_those_who_wait_whoever_has_more_waiting_comes_later_but_comes():
    async def scenario(hall: Hall) -> None:
        hall.seconds = 10.0
        hall.come("at work")
        await asyncio.sleep(0)
        hall.come("much", 8)
        for number in range(30):
            hall.come(f"less {number}", 2)
            await asyncio.sleep(LATER / 10)

    hall = played(scenario)
    order = list(hall.began)
    assert order[1] == "less 0"
    assert 5 < order.index("much") < len(order) - 1


def test_whoever_is_cancelled_while_waiting_takes_nobodys_place():
    async def scenario(hall: Hall) -> None:
        hall.come("at work")
        await asyncio.sleep(0)
        hall.come("gone")
        hall.come("next")
        await asyncio.sleep(0)
        hall.tasks["gone"].cancel()

    hall = played(scenario)
    assert list(hall.began) == ["at work", "next"]


@pytest.mark.parametrize("late", [True, False])
def test_with_one_place_everybody_has_it_in_turn(late):
    async def told() -> list[str]:
        began: list[str] = []
        places = Workplaces(1, lambda: late)

        async def work(name: str, held: int) -> None:
            async with places.taken(lambda: held):
                began.append(name)
                await asyncio.sleep(1.0)

        async with asyncio.TaskGroup() as group:
            for name, held in (("a", 5), ("b", 5), ("c", 1)):
                group.create_task(work(name, held))
        return began

    assert run_virtual(told()) == ["a", "c", "b"]


def test_nobody_is_put_off_for_ever_by_people_who_ask_one_thing_each():
    async def scenario(hall: Hall) -> None:
        hall.seconds = 25.0
        hall.come("two questions", 2)
        for number in range(300):
            hall.come(f"one {number}", 1)
            if number == 30:
                hall.come("two more", 2)
            await asyncio.sleep(1.0)

    hall = played(scenario)
    assert hall.began["two more"] < 2 * LATER + hall.seconds


def test_of_a_crowd_that_is_new_nobody_begins_before_whoever_was_answered_before():
    """They all ask one thing, and cannot be told from each other by that."""

    async def scenario(hall: Hall) -> None:
        for number in range(3 * MOST):
            hall.come(f"new {number}", 1, new=True)
        await asyncio.sleep(NEW / 2)
        hall.come("known", 1)

    hall = played(scenario)
    assert hall.began["known"] <= APART + LOOK


def test_whoever_is_new_waits_little_longer_than_whoever_was_answered_before():
    async def scenario(hall: Hall) -> None:
        for number in range(100):
            hall.come(f"known {number}", 1)
            if number == 9:
                hall.come("new", 1, new=True)
            await asyncio.sleep(APART / 2)  # twice as often as one may begin

    hall = played(scenario)
    assert WHILE < hall.began["new"] <= NEW + WHILE + 2 * LOOK
