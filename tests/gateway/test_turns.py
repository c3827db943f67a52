"""Shows that a turn can be stopped however early, and what is kept of it."""

from __future__ import annotations

import asyncio

from adapters.llm.script import parse
from adapters.llm.scripted import Scripted
from core.asking import World
from core.engine import TurnRequest
from core.events import TurnStopped
from core.ports import Provider
from core.types import Line
from gateway.clock import SystemClock
from gateway.turn.advice_cache import SharedAdvice
from gateway.turn.turns import TurnRunner
from tests.fakes.memory_store import MemoryStore
from tests.fakes.turns import PRESET, start


async def test_a_turn_that_is_stopped_before_its_first_step_has_an_ending():
    clock = SystemClock()
    stalling = Provider(name="p", model=Scripted(parse({"*": {"stall": True}}, where="test")))
    begun = start("t1")
    request = TurnRequest(turn_id="t1", preset=PRESET, lines=(Line.of("user", "Why?"),), scope="s")
    store = MemoryStore()
    await store.begin(begun)
    async with asyncio.TaskGroup() as group:
        runner = TurnRunner(
            world=World(providers={"p": stalling}, pricer=lambda _slot, _usage: None, clock=clock),
            cache=SharedAdvice(group, clock),
            store=store,
            sinks=(),
            listeners=(),
            running={},
        )
        running = group.create_task(runner.run(request, begun, lambda _event: None))
        while not runner.stop("t1"):  # noqa: ASYNC110 - as early as can be
            await asyncio.sleep(0)
    assert isinstance(running.result(), TurnStopped)
    stored = await store.turn("t1")
    assert stored is not None
    assert stored.end is not None
    assert stored.end.ending == "stopped"
