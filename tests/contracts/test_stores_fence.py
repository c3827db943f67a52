"""What a store lets be written for a turn that another run of the program has taken up (P3)."""

from __future__ import annotations

import pytest

from adapters.store.sql import SqlStore
from core.errors import TurnTaken
from core.records import Approval, ToolRound, ToolStep
from core.storage import Store
from core.types import Line, ToolCall
from tests.contracts.test_stores import accepted
from tests.fakes.memory_store import MemoryStore
from tests.fakes.turns import advice, end, start

CALL = ToolCall(id="c1", name="files__get", arguments="{}")
STEP = ToolStep(iteration=1, position=0, call=CALL)
LINE = Line(role="assistant", tool_calls=(CALL,))
ROUND = ToolRound(iteration=1, line=LINE, steps=(STEP,))
APPROVAL = Approval(number=0, server="s", tool="t", arguments="{}", digest="d", expires=9)
WRITES = {
    "landed": lambda store: store.landed("t1", 1, advice(1)),
    "references_done": lambda store: store.references_done("t1", 1, [advice(2)]),
    "no reference is left": lambda store: store.references_done("t1", 1, []),
    "called": lambda store: store.called("t1", ROUND, []),
    "intend": lambda store: store.intend("t1", STEP),
    "returned": lambda store: store.returned("t1", STEP),
    "ask": lambda store: store.ask("t1", STEP, APPROVAL),
    "steer": lambda store: store.steer("t1", 1, [(2, Line.of("user", "And?"))]),
    "finish": lambda store: store.finish(end("t1")),
    "attempting": lambda store: store.attempting("t1", "answer/0"),
    "posted": lambda store: store.posted("t1", "answer/0", "m1"),
    "unposted": lambda store: store.unposted("t1", "answer/0", "unknown"),
    "hold": lambda store: store.hold("t1"),
}


def beside(store: Store) -> Store:
    """Another run's store on the same data."""
    if isinstance(store, MemoryStore):
        return store.beside()
    assert isinstance(store, SqlStore)
    return SqlStore(store._database)


async def two(store: Store) -> Store:
    for number in (1, 2):
        await accepted(store, f"e{number}")
    await store.begin(start("t1", seq=1))
    return beside(store)


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
async def test_p3_who_lost_a_turn_writes_nothing_for_it(store: Store, write):
    other = await two(store)
    await write(store)
    assert await other.attempt("t1") == 2
    before = (await other.turn("t1"), await other.waiting(), await other.lines("test/room"))
    with pytest.raises(TurnTaken):
        await write(store)
    assert (await other.turn("t1"), await other.waiting(), await other.lines("test/room")) == before
    if write is not WRITES["finish"]:
        await other.landed("t1", 2, advice(3))
        await other.attempting("t1", "answer/1")


async def test_p3_who_lost_a_turn_does_not_mark_it_as_delivered(store: Store):
    other = await two(store)
    await store.finish(end("t1"))
    await other.attempt("t1")
    await store.delivered("t1")
    assert [each.start.turn_id for each in await other.unfinished()] == ["t1"]
    await other.delivered("t1")
    assert await other.unfinished() == []


async def test_p3_a_message_that_another_run_answers_begins_no_turn(store: Store):
    other = await two(store)
    with pytest.raises(TurnTaken):
        await other.begin(start("t2", seq=1))
    assert await store.turn("t2") is None


async def test_what_belongs_to_no_turn_is_posted_by_anybody(store: Store):
    other = await two(store)
    await store.attempting("line/1", "notice")
    await other.posted("line/1", "notice", "m1")
    await store.hold("line/1")
    assert [each.message_id for each in await other.line_notes()] == ["m1"]
