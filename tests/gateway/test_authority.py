"""Shows that nothing runs which nobody allowed: over policies, people, time and tampering.

The executor, the approvals and the table of `core.authority` around a fake server.
"""

from __future__ import annotations

import ast
import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.authority import PATIENCE, authorise, grants, seal, understood
from core.events import ApprovalChanged, TurnEvent
from core.ports import ToolResult
from core.records import ToolRound, ToolStep
from core.types import Line, Tool, ToolCall
from gateway.tools.approvals import Approvals
from gateway.tools.executor import Executor
from gateway.tools.reach import Reach
from tests.fakes.loop import run_virtual
from tests.fakes.memory_store import MemoryStore
from tests.fakes.model import LoopClock
from tests.fakes.tools import FakeServer
from tests.fakes.turns import message, start

ROOT = Path(__file__).parents[2]
approves = st.sampled_from(["never", "always", "writes"])
askables = st.sampled_from(["nobody", "asker", "admins"])
names = st.sampled_from(["get", "delete"])
arguments = st.dictionaries(st.sampled_from("abc"), st.integers(0, 3) | st.text(max_size=3)).map(
    json.dumps
)


def step(name: str = "delete", said: str = "{}", position: int = 0) -> ToolStep:
    call = ToolCall(id=f"c{position}", name=f"files__{name}", arguments=said)
    return ToolStep(iteration=1, position=position, call=call)


class Bench:
    """A turn that runs, with its executor."""

    def __init__(self, approve="writes", askable="asker") -> None:
        self.server = FakeServer("files", "get", "delete")
        self.store = MemoryStore()
        self.told: list[TurnEvent] = []
        self.approvals = Approvals(LoopClock())
        self.reach = Reach(servers=[(self.server, approve)], askable=askable)

    async def begin(self, *steps: ToolStep) -> Executor:
        accepted = await self.store.accept(message("e1"))
        assert accepted is not None
        begun = start("t1", seq=accepted.seq)
        await self.store.begin(begun)
        line = Line(role="assistant", tool_calls=tuple(each.call for each in steps))
        round_ = ToolRound(iteration=1, line=line, steps=steps)
        await self.store.called("t1", round_, [])
        return await self.executor()

    async def executor(self) -> Executor:
        """Make one that is ready, as the engine has it before it calls anything."""
        executor = Executor(
            reach=self.reach,
            start=start("t1", seq=1),
            store=self.store,
            approvals=self.approvals,
            tell=self.told.append,
            settled=lambda: asyncio.sleep(0),
        )
        await executor.ready()
        return executor

    @property
    def asked(self) -> list[ApprovalChanged]:
        waiting = [each for each in self.told if isinstance(each, ApprovalChanged)]
        return [each for each in waiting if each.approval.decision == "waiting"]

    async def decide(self, number: int, decision) -> bool:
        done = await self.store.decide("t1", number, decision, by="Ann", at=self.approvals.now)
        if done and (event := self.approvals._waiting.get(("t1", number))) is not None:
            event.set()
        return done


def settle(result: ToolResult) -> str:
    return "ran" if result.ran else "refused"


@given(
    approve=approves,
    askable=askables,
    name=names,
    said=arguments,
    presses=st.lists(
        st.tuples(
            st.floats(0, 2 * PATIENCE),
            st.integers(0, 2),
            st.sampled_from(["approved", "refused"]),
        ),
        max_size=3,
    ),
)
def test_a_call_runs_only_where_the_table_says_so_or_somebody_said_yes_in_time(
    approve, askable, name, said, presses
):
    async def story() -> None:
        bench = Bench(approve, askable)
        wanted = step(name, said)
        executor = await bench.begin(wanted)
        yes = False
        async with asyncio.TaskGroup() as group:
            running = group.create_task(executor.call(wanted, nullcontext))
            for at, number, decision in sorted(presses):
                await asyncio.sleep(max(0.0, at - asyncio.get_running_loop().time()))
                decided = await bench.decide(number, decision)
                yes = yes or (decided and decision == "approved")
        free = approve == "never" or (approve == "writes" and name == "get")
        allowed = free or (askable != "nobody" and yes)
        assert settle(running.result()) == ("ran" if allowed else "refused")
        assert len(bench.server.calls) == allowed
        assert bool(bench.asked) == (askable != "nobody" and not free)

    run_virtual(story())


@given(shown=arguments, swapped=arguments, name=names)
def test_a_yes_to_one_call_never_runs_another(shown, swapped, name):
    async def story() -> None:
        bench = Bench("always")
        wanted = step("delete", shown)
        executor = await bench.begin(wanted)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(executor.call(wanted, nullcontext))
            while not bench.asked:  # noqa: ASYNC110 - virtual time
                await asyncio.sleep(0.01)
            await bench.decide(0, "approved")
            task.cancel()
        bench.server.calls.clear()
        turn = await bench.store.turn("t1")
        assert turn is not None
        (kept,) = turn.rounds[0].steps
        fresh = replace(kept, state="open")
        other = replace(fresh, call=step(name, swapped).call)
        await (await bench.executor()).call(other, nullcontext)
        same = understood(other.call, tools()) == understood(wanted.call, tools())
        assert same or bench.server.calls == []

    run_virtual(story())


def tools() -> dict[str, Tool]:
    return {f"files__{name}": Tool(name=f"files__{name}") for name in ("get", "delete")}


def test_a_yes_runs_one_call_once_however_often_it_is_tried():
    async def story() -> None:
        bench = Bench("always")
        wanted = step()
        executor = await bench.begin(wanted)
        async with asyncio.TaskGroup() as group:
            first = group.create_task(executor.call(wanted, nullcontext))
            await asyncio.sleep(1)
            assert await bench.decide(0, "approved")
        assert settle(first.result()) == "ran"
        turn = await bench.store.turn("t1")
        assert turn is not None
        (kept,) = turn.rounds[0].steps
        for _ in range(2):
            again = await (await bench.executor()).call(replace(kept, state="open"), nullcontext)
            assert settle(again) == "refused"
        assert len(bench.server.calls) == 1

    run_virtual(story())


def test_a_yes_that_was_given_in_time_counts_though_the_turn_waits_for_others_after_it():
    """What it let others have meanwhile, it may get back only when the yes would be too old."""

    @asynccontextmanager
    async def aside(_turn: str) -> AsyncIterator[None]:
        yield
        await asyncio.sleep(120)

    async def story() -> None:
        bench = Bench("always")
        wanted = step()
        executor = replace(await bench.begin(wanted), aside=aside)
        await executor.ready()
        async with asyncio.TaskGroup() as group:
            running = group.create_task(executor.call(wanted, nullcontext))
            await asyncio.sleep(PATIENCE - 60)
            assert await bench.decide(0, "approved")
        assert settle(running.result()) == "ran"

    run_virtual(story())


@given(approve=approves, reads=st.booleans(), askable=askables)
def test_nobody_to_ask_means_no(approve, reads, askable):
    ruling = authorise(approve, Tool(name="t", reads_only=reads), askable=askable)
    assert ruling != "ask" or askable != "nobody"
    assert (ruling == "run") == (approve == "never" or (approve == "writes" and reads))


@given(one=arguments, other=arguments, asker=st.sampled_from("ab"), position=st.integers(0, 1))
def test_the_seal_is_of_server_tool_arguments_place_and_asker(one, other, asker, position):
    def sealed(said: str, who: str, at: int) -> str:
        wanted = understood(step(said=said).call, tools())
        assert not isinstance(wanted, ToolResult)
        return seal(wanted, place=("t1", 1, at), asker=who)

    same = understood(step(said=one).call, tools()) == understood(step(said=other).call, tools())
    is_it = same and asker == "a" and position == 0
    assert (sealed(one, "a", 0) == sealed(other, asker, position)) == is_it


def test_an_approval_counts_for_nothing_once_it_has_expired():
    from tests.fakes.turns import approval  # noqa: PLC0415 - one use

    given_ = replace(approval(), decision="approved")
    assert grants(given_, "d0", now=1_999)
    assert not grants(given_, "d0", now=2_000)
    assert not grants(given_, "d1", now=1_000)
    assert not grants(replace(given_, decision="used"), "d0", now=1_000)


@pytest.mark.parametrize("folder", ["core", "gateway"])
def test_no_other_place_calls_a_tool(folder):
    calling = set()
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr == "call":
                calling.add((path.name, ast.unparse(node)))
    tools = {each for each in calling if any(word in each[1] for word in ("server", "toolbox"))}
    assert tools <= {
        ("toolrounds.py", "self._toolbox.call"),
        ("executor.py", "offered.server.call"),
    }
