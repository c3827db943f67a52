"""Approvals that are got around, swapped, forged, used twice, or given by whoever may not.

The whole gateway around a fake messenger and a fake server, on the virtual loop: what is pressed
comes in as a platform would bring it. `tests/gateway/test_authority.py` holds the executor itself
over all policies and times, `tests/transcripts/test_approvals.py` the messengers and the page.
"""

from __future__ import annotations

import ast
import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.authority import understood
from core.errors import UserError
from core.ports import ToolResult
from core.types import Address, Author, Tool, ToolCall
from tests.fakes.loop import run_virtual
from tests.fakes.memory_store import MemoryStore
from tests.fakes.tools import FakeServer
from tests.gateway.guarded import ANN, BEN, DM, GROUP, Scene
from tests.gateway.test_tooling import DELETES, approvals, asked, scene, wants

ROOT = Path(__file__).parents[2]
EVE = Author(id="eve", name="Eve", circles=("T1",))
OTHER = Address(platform="fake", channel="G2")
PRIVATE = Address(platform="fake", channel="D2")

# --- there is one way ---------------------------------------------------------------------------


@cache
def _trees() -> Sequence[tuple[str, ast.Module]]:
    files = [
        each for folder in ("core", "gateway", "adapters") for each in (ROOT / folder).rglob("*.py")
    ]
    return [(str(each.relative_to(ROOT)), ast.parse(each.read_text())) for each in sorted(files)]


def test_only_the_executor_asks_and_only_it_reaches_a_server():
    """Whoever holds a server or a toolbox could go past `authorise`: these do, and no others."""
    authorise, executors, servers, below = set(), set(), set(), set()
    for path, tree in _trees():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            if called == "authorise":
                authorise.add(path)
            elif called == "Executor":
                executors.add(path)
            elif called.endswith("server.call"):
                servers.add(path)
            elif called.endswith(("CallToolRequest", "call_tool")):
                below.add(path)
    assert authorise == {"gateway/tools/executor.py", "gateway/tools/reach.py"}  # it offers less
    assert executors == {"gateway/tools/tooling.py"}
    assert servers == {"gateway/tools/executor.py"}
    assert below == {"adapters/tools/session.py"}


def test_in_the_executor_nothing_stands_before_the_question():
    """Read as it is written: `_run` is reached from `_called` alone, behind `authorise`."""
    tree = ast.parse((ROOT / "gateway" / "tools" / "executor.py").read_text())
    (executor,) = [each for each in tree.body if isinstance(each, ast.ClassDef)]
    methods = {each.name: each for each in executor.body if isinstance(each, ast.AsyncFunctionDef)}
    for name, method in methods.items():
        text = ast.unparse(method)
        assert ("offered.server.call" in text) == (name == "_run")
        assert ("self._run(" in text) == (name == "_called")
    told = ast.unparse(methods["_called"])
    assert told.index("authorise(") < told.index("self._run(")
    ran = ast.unparse(methods["_run"])
    assert ran.index("self.store.intend(") < ran.index("offered.server.call")


def test_advisors_and_those_who_condense_are_asked_without_tools():
    """In the code: a call has tools in one place alone, where the aggregator is asked."""
    giving = {
        path
        for path, tree in _trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "ModelCall"
        if any(each.arg == "tools" for each in node.keywords)
    }
    assert len(giving) == 1


# --- a press that is not what it seems ----------------------------------------------------------


async def _turn(here: Scene, **where: Any) -> str:
    await here.say("Delete it.", **where)
    return (await asked(here)).buttons[0].turn_id


def _refuses(press: dict[str, Any], *, where: Address = GROUP) -> None:
    """Nothing runs by this press, and the right one still counts afterwards."""

    async def story() -> None:
        server = FakeServer("files", "delete")
        async with scene(DELETES, server) as here:
            turn = await _turn(here, where=where, addressed=True)
            forged = {"turn_id": turn, "value": "0", "who": BEN, "where": where, **press}
            with suppress(UserError):  # a stranger is told so at the door
                await here.press("approve", **forged)
            await asyncio.sleep(5)
            assert server.calls == []
            assert (await asked(here)).buttons
            await here.press("approve", turn, value="0", who=BEN, where=where)
            await here.idle()
            assert len(server.calls) == 1

    run_virtual(story())


@pytest.mark.parametrize(
    "press",
    [
        {"who": ANN},
        {"who": EVE},
        {"who": Author(id="stranger", name="Ben")},
        {"who": Author(id="BEN", name="Ben", circles=("T1",))},
        {"who": Author(id="ann", name="ben", circles=("T1",))},
        {"where": OTHER},
        {"where": PRIVATE},
        {"where": replace(GROUP, thread="t9")},
        {"turn_id": "0123456789abcdef"},
        {"turn_id": ""},
        {"value": "1"},
        {"value": "-1"},
        {"value": ""},
        {"value": "0x0"},
        {"value": "00000000000000000000000001"},
        {"value": "²"},
    ],
    ids=str,
)
def test_a_press_of_another_or_for_another_thing_runs_nothing(press):
    _refuses(press)


def test_a_press_with_the_id_of_a_turn_that_waits_elsewhere_decides_nothing_there():
    """Ben decides in his own chats; that is no way to decide what Ann is asked in hers."""

    async def story() -> None:
        server = FakeServer("files", "delete")
        twice = {"big": [*DELETES["big"][:1], *DELETES["big"][:1], ["Gone."]]}
        async with scene(twice, server) as here:
            anns = await _turn(here)  # in private with the bot
            await here.press("approve", anns, value="0", who=BEN, where=PRIVATE)
            await here.press("approve", anns, value="0", who=BEN, where=GROUP)
            await asyncio.sleep(5)
            assert server.calls == []
            await here.press("refuse", anns, value="0", who=ANN, where=DM)
            await here.idle()
            assert server.calls == []

    run_virtual(story())


def test_one_yes_pressed_many_times_at_once_runs_one_call():
    async def story() -> None:
        server = FakeServer("files", "delete", seconds=3)
        async with scene(DELETES, server) as here:
            turn = await _turn(here, where=GROUP, addressed=True)
            async with asyncio.TaskGroup() as group:
                for _ in range(20):
                    group.create_task(here.press("approve", turn, value="0", who=BEN, where=GROUP))
            await here.idle()
            await here.press("approve", turn, value="0", who=BEN, where=GROUP)
            await here.idle()
            assert len(server.calls) == 1

    run_virtual(story())


def test_a_yes_and_a_no_at_once_are_one_of_them():
    async def story() -> None:
        server = FakeServer("files", "delete")
        async with scene(DELETES, server) as here:
            turn = await _turn(here, where=GROUP, addressed=True)
            async with asyncio.TaskGroup() as group:
                for action in ("refuse", "approve", "refuse"):
                    group.create_task(here.press(action, turn, value="0", who=BEN, where=GROUP))
            await here.idle()
            allowed = "was allowed" in approvals(here)[0].content.text  # type: ignore[union-attr]
            assert len(server.calls) == allowed

    run_virtual(story())


def test_of_the_same_call_three_times_at_once_each_needs_its_own_yes():
    async def story() -> None:
        server = FakeServer("files", "delete")
        same = ("delete", '{"path": "/a"}')
        async with scene({"big": [wants(same, same, same), ["Done."]]}, server) as here:
            await here.say("Delete it.")
            turn = (await asked(here, 3)).buttons[0].turn_id
            await here.press("approve", turn, value="1")
            await here.until(lambda: server.calls)
            await asyncio.sleep(5)
            assert len(server.calls) == 1
            await here.press("refuse", turn, value="0")
            await here.press("refuse", turn, value="2")
            await here.idle()
            assert len(server.calls) == 1

    run_virtual(story())


def test_a_yes_of_an_earlier_turn_is_none_in_the_next():
    async def story() -> None:
        server = FakeServer("files", "delete")
        again = [wants(("delete", '{"path": "/a"}')), ["Done."]]
        async with scene({"big": [*again, *again]}, server) as here:
            first = await _turn(here)
            await here.press("approve", first, value="0")
            await here.idle()
            await here.say("Once more.")
            await asked(here)
            await here.press("approve", first, value="0")
            await asyncio.sleep(5)
            assert len(server.calls) == 1

    run_virtual(story())


def test_a_yes_that_is_kept_from_a_cut_run_is_bound_to_its_arguments():
    """The row in the database is changed while the program is down: the seal does not fit."""

    async def story() -> None:
        server, store = FakeServer("files", "delete"), MemoryStore()
        async with scene(DELETES, server, store=store) as here:
            turn = await _turn(here)
        stored = await store.turn(turn)
        assert stored is not None
        (step,) = stored.rounds[0].steps
        assert step.approval is not None
        other = ToolCall(id=step.call.id, name=step.call.name, arguments='{"path": "/home"}')
        line = replace(stored.rounds[0].line, tool_calls=(other,))
        round_ = replace(stored.rounds[0], line=line, steps=(replace(step, call=other),))
        store._turns[turn] = replace(stored, rounds=(round_,))
        async with scene(DELETES, server, store=store) as here:
            await here.parts.recover()
            await asked(here)
            await here.press("approve", turn, value="0")
            await here.idle()
            assert server.calls == []

    run_virtual(story())


# --- what was shown is what runs ----------------------------------------------------------------

KEYS = st.sampled_from(["a", "b", "é", "e\u0301", "ａ", "a\u200b", "__proto__"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.text(max_size=3) | KEYS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=2),
    max_leaves=4,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=3)
TOOLS = {"files__delete": Tool(name="files__delete", server="files")}


def canonical(said: str) -> str:
    wanted = understood(ToolCall(id="c", name="files__delete", arguments=said), TOOLS)
    assert not isinstance(wanted, ToolResult)
    return wanted.arguments


@given(value=OBJECTS, other=OBJECTS, plain=st.booleans(), data=st.data())
@settings(max_examples=200)
def test_the_same_arguments_written_otherwise_are_the_same_and_no_others(value, other, plain, data):
    order = data.draw(st.permutations(sorted(value)))
    shuffled = {key: value[key] for key in order}
    one = canonical(json.dumps(value))
    assert canonical(json.dumps(shuffled, ensure_ascii=plain, indent=2)) == one
    assert json.loads(one) == value
    assert (canonical(json.dumps(other)) == one) == (_exact(other) == _exact(value))


def _exact(value: object) -> str:
    """True and 1 are two things, and so are two ways to write é."""
    return json.dumps(value, sort_keys=True)


def test_a_key_that_stands_twice_is_shown_as_it_runs():
    """Servers take the first or the last of two: it must not matter which."""
    assert canonical('{"path": "/tmp/x", "path": "/home"}') == '{"path":"/home"}'


@pytest.mark.parametrize("levels", [100, 970, 980, 990, 5_000, 40_000])
def test_arguments_that_are_nested_without_end_are_refused_and_not_kept(levels):
    """Somebody is shown them, they are stored, and read again where texts are taken out."""
    deep = '{"path":' + "[" * levels + "1" + "]" * levels + "}"
    refused = understood(ToolCall(id="c", name="files__delete", arguments=deep), TOOLS)
    assert isinstance(refused, ToolResult)
    assert refused.failed
    canonical(deep.replace("[" * levels, "[" * 90).replace("]" * levels, "]" * 90))
