"""Shows that the loop for tests jumps over waiting, keeps its order, and never hangs."""

from __future__ import annotations

import asyncio

import pytest

from tests.fakes.loop import run_virtual


async def race(*delays):
    loop = asyncio.get_running_loop()
    start, landed = loop.time(), list[tuple[int, float]]()

    async def run(number, delay):
        await asyncio.sleep(delay)
        landed.append((number, round(loop.time() - start, 6)))

    async with asyncio.TaskGroup() as group:
        for number, delay in enumerate(delays):
            group.create_task(run(number, delay))
    return landed


def test_an_hour_passes_at_once():
    assert run_virtual(race(3600, 0.5)) == [(1, 0.5), (0, 3600)]


def test_a_seed_draws_an_order_and_always_the_same():
    orders = {tuple(run_virtual(race(*[0] * 8), seed=seed)) for seed in range(10)}
    assert len(orders) > 5
    assert run_virtual(race(*[0] * 8), seed=7) == run_virtual(race(*[0] * 8), seed=7)
    assert run_virtual(race(0, 0, 0)) == [(0, 0), (1, 0), (2, 0)]


def test_timeouts_work():
    async def scenario():
        async with asyncio.timeout(5):
            await asyncio.sleep(100)

    with pytest.raises(TimeoutError):
        run_virtual(scenario())


def test_waiting_for_what_never_comes_is_an_error_and_no_hang():
    async def scenario():
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="for ever"):
        run_virtual(scenario())
