"""Shows what a turn takes, counted and not timed: requests, tasks, writes, and what it leaves.

The runner, the store and the codec are the real ones, over HTTP to a provider on loopback.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from stat import S_ISSOCK

import pytest
from typing_extensions import override

from adapters.llm.chat_completions import ChatCompletions
from adapters.llm.compose import Options, compose
from adapters.llm.wire import Endpoint, open_session
from adapters.store.sql import SqlStore
from adapters.store.sqlite import SQLite
from core.asking import World
from core.engine import TurnRequest
from core.events import AnswerDelta, Terminal, TurnEvent, TurnFinished, TurnStopped
from core.ports import Provider
from core.presets import Preset, ReferenceSlot, Slot
from core.types import Line
from gateway.clock import SystemClock
from gateway.turn.advice_cache import SharedAdvice
from gateway.turn.turns import TurnRunner
from tests.fakes.counted import Counted
from tests.fakes.turns import start
from tests.simulators.provider import ProviderSimulator
from tests.simulators.provider_reply import Reply

REFERENCES = ("a", "b", "c")
PRESET = Preset(
    name="review",
    references=tuple(ReferenceSlot(provider="p", model=name) for name in REFERENCES),
    aggregator=Slot(provider="p", model="agg"),
)
MANY = 500
ROOT = str(Path(__file__).parents[2])
OURS = tuple(f"{ROOT}/{name}/" for name in ("core", "adapters", "gateway"))


class Crowded(ProviderSimulator):
    """Counts no tokens: with every prompt it compares all that came before."""

    @override
    def usage(self, reply, body, lines):
        return {"prompt_tokens": 10, "completion_tokens": 3}


@dataclass(slots=True)
class Stage:
    """A runner with all that it needs."""

    runner: TurnRunner
    store: SqlStore
    writes: Counted
    talking: set[str] = field(default_factory=set)

    async def turn(self, name: str, aggregator: str = "agg") -> Terminal:
        preset = replace(PRESET, aggregator=Slot(provider="p", model=aggregator))
        begun = replace(start(name, session=f"web:{name}"), preset=preset)
        await self.store.begin(begun)
        request = TurnRequest(
            turn_id=name, preset=preset, lines=(Line.of("user", f"Why {name}?"),), scope=name
        )

        def tell(event: TurnEvent) -> None:
            if isinstance(event, AnswerDelta):
                self.talking.add(name)

        return await self.runner.run(request, begun, tell)


@asynccontextmanager
async def stage(base_url: str, path) -> AsyncIterator[Stage]:
    clock = SystemClock()
    writes = Counted(await SQLite.open(path / "counts.db"))
    try:
        async with open_session() as session, asyncio.TaskGroup() as group:
            model = compose(
                ChatCompletions(session, Endpoint(base_url=base_url)), options=Options()
            )
            world = World(
                providers={"p": Provider(name="p", model=model)},
                pricer=lambda _slot, _usage: None,
                clock=clock,
            )
            runner = TurnRunner(
                world=world,
                cache=SharedAdvice(group, clock),
                store=(store := SqlStore(writes)),
                sinks=(),
                listeners=(),
                running={},
            )
            yield Stage(runner, store, writes)
    finally:
        await writes.close()


def ours(work) -> bool:
    """Tell whether a task runs the program's own code."""
    return bool(work.cr_code.co_filename.startswith(OURS))


async def until(true: Callable[[], bool]) -> None:
    """Return once it is so; the test's own limit is all that bounds it."""
    while not true():  # noqa: ASYNC110 - nobody sets an event for it
        await asyncio.sleep(0.01)


@pytest.fixture
async def born():
    """Every task that our own code makes, by what it runs."""
    names: Counter[str] = Counter()

    def make(loop, work, **options):
        if ours(work):
            names[work.__qualname__] += 1
        return asyncio.Task(work, loop=loop, **options)

    asyncio.get_running_loop().set_task_factory(make)
    yield names
    asyncio.get_running_loop().set_task_factory(None)


def sockets() -> int:
    """Count the sockets that this process has open."""
    open_now = 0
    for each in Path("/dev/fd").iterdir():
        with suppress(OSError):  # the listing itself is one, and closed by now
            open_now += S_ISSOCK(os.fstat(int(each.name)).st_mode)
    return open_now


async def test_a_turn_makes_a_request_for_each_slot_and_few_tasks_and_writes(tmp_path, born):
    async with ProviderSimulator() as simulator, stage(simulator.base_url, tmp_path) as on:
        assert isinstance(await on.turn("t1"), TurnFinished)
        assert len(simulator.seen) == len(REFERENCES) + 1
    # One that asks, one that keeps, one for the fan-out that others may share, one for each.
    assert born.total() == len(REFERENCES) + 3, born
    assert on.writes.statements <= 8 + len(REFERENCES)
    assert on.writes.transactions <= 3 + len(REFERENCES)


async def test_a_crowd_of_turns_leaves_no_task_and_no_socket(tmp_path):
    """Every second one is stopped in mid-answer, and its stream ends with it (MOA-11)."""
    replies = {"*": Reply(text="Look twice."), "endless": Reply(text="word " * 99, stall_after=999)}
    outside = sockets()
    async with Crowded(replies) as simulator, stage(simulator.base_url, tmp_path) as on:
        within = asyncio.all_tasks()
        async with asyncio.TaskGroup() as group:
            whole = [group.create_task(on.turn(f"w{n}")) for n in range(MANY // 2)]
            cut = [group.create_task(on.turn(f"c{n}", "endless")) for n in range(MANY // 2)]
            await until(lambda: len(on.talking) == MANY)
            for number in range(MANY // 2):
                assert on.runner.stop(f"c{number}")
        assert {type(each.result()) for each in whole} == {TurnFinished}
        assert {type(each.result()) for each in cut} == {TurnStopped}
        assert on.runner.running == {}
        # It hears of the cut streams by its sockets.
        await until(lambda: simulator.in_flight == 0)
        assert [*filter(ours, (task.get_coro() for task in asyncio.all_tasks() - within))] == []
    # A transport closes in one of the next rounds of the loop.
    await until(lambda: sockets() <= outside)
