"""Breaks a turn at every point at which it waits: cancelled, or by an error that nobody foresaw.

Each time the program starts again afterwards, and everything is answered once (P1, P2, P3, P4).
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from itertools import count

import pytest
from structlog.testing import capture_logs

from core.errors import StoreError
from tests.chaos.injection import OURS, Breaking
from tests.chaos.twice_started import FIRST, SECOND, World, nothing_runs
from tests.fakes.loop import VirtualLoop
from tests.gateway.guarded import Scene

CANCELLED, FOREIGN, ERROR = None, asyncio.CancelledError(), OSError("it broke")


def play(breaking: Breaking, *, cut: bool = False, seed: int | None = None) -> World:
    """Ask twice while something breaks, start again, and hold the outcome to the promises.

    `cut`: at that point the program ends, as at the deadline of a graceful stop. `seed` draws the
    order in which ready tasks run.
    """
    world = World()

    async def story() -> None:
        loop = asyncio.get_running_loop()
        over = asyncio.Event()
        if cut:
            breaking.how = over.set
        async with world.started() as scene:
            loop.set_task_factory(breaking.factory)
            await offered(scene, FIRST)
            await offered(scene, SECOND)
            await either(scene.parts.idle(), over.wait())
            loop.set_task_factory(None)
        nothing_runs(world)
        await world.again()
        nothing_runs(world)
        await world.hold()

    with capture_logs(), asyncio.Runner(loop_factory=lambda: VirtualLoop(seed)) as runner:
        runner.run(story())
    return world


async def offered(scene: Scene, text: str) -> None:
    """Say something, and again as a platform does if it is not acknowledged."""
    number = next(scene.numbers)
    for _ in range(2):
        scene.numbers = count(number)
        try:
            await scene.say(text)
        except (StoreError, OSError):
            continue
        return
    raise AssertionError("it is not taken in")


async def either(*waits: Coroutine[None, None, object]) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(each, name=OURS) for each in waits]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()


EACH_WAY = pytest.mark.parametrize(
    ("how", "cut"),
    [(CANCELLED, False), (FOREIGN, False), (ERROR, False), (CANCELLED, True)],
    ids=["cancelled", "cancelled by others", "an error", "the program ends"],
)


@EACH_WAY
def test_broken_at_every_point_at_which_it_waits(how, cut):
    unbroken = Breaking(how=ERROR if cut else how)
    play(unbroken)
    assert unbroken.count > 100
    for at in range(1, unbroken.count + 1):
        breaking = Breaking(at=at, how=how)
        try:
            play(breaking, cut=cut)
        except BaseException as failure:
            failure.add_note(f"broken at point {at} of {unbroken.count}, in {breaking.struck}")
            raise


APART = 11
"""Points from one that breaks to the next, where each is played in an order of its own."""


@EACH_WAY
def test_broken_here_and_there_in_any_order_of_ready_tasks(how, cut):
    unbroken = Breaking(how=ERROR if cut else how)
    play(unbroken)
    for at in range(1, unbroken.count + 1, APART):
        breaking = Breaking(at=at, how=how)
        try:
            play(breaking, cut=cut, seed=at)
        except BaseException as failure:
            failure.add_note(f"broken at point {at} in the order {at}, in {breaking.struck}")
            raise
