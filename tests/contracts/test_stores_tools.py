"""What every store keeps of calls of tools: intents, results, and who allowed them (P4, MOA-21)."""

from __future__ import annotations

from dataclasses import replace

from core.records import ToolStep
from core.storage import Store
from core.types import Line
from tests.contracts.test_stores import one_turn
from tests.fakes.turns import CLOCK, ROOM, approval, end, report, start, tool_round, tool_step


async def called(store: Store) -> None:
    await one_turn(store, "t1")
    await store.called("t1", tool_round(), [report("p:big", "Let me see.")])


async def kept(store: Store) -> ToolStep:
    turn = await store.turn("t1")
    assert turn is not None
    return turn.rounds[0].steps[0]


async def test_p4_an_answer_that_calls_tools_is_kept_with_what_it_took(store: Store):
    await called(store)
    turn = await store.turn("t1")
    assert turn is not None
    assert turn.rounds == (tool_round(),)
    assert [each.text for each in turn.calls] == ["Let me see."]
    await store.called("t1", tool_round(), [report("p:big", "Let me see.")])
    assert await store.turn("t1") == turn


async def test_p4_a_call_is_intended_once_and_its_result_kept(store: Store):
    await called(store)
    assert await store.intend("t1", tool_step())
    assert (await kept(store)).state == "running"
    assert not await store.intend("t1", tool_step())
    await store.returned("t1", replace(tool_step(text="No."), failed=True))
    assert await kept(store) == replace(tool_step(), state="done", text="No.", failed=True)
    assert not await store.intend("t1", tool_step())


async def test_an_approval_allows_one_call_once(store: Store):
    await called(store)
    await store.ask("t1", tool_step(), approval())
    asked = tool_step(asked=0)
    assert await kept(store) == asked
    assert not await store.intend("t1", asked)
    assert not await store.intend("t1", tool_step())
    assert await store.decide("t1", 0, "approved", by="Anna", at=1_500)
    assert not await store.decide("t1", 0, "refused", by="Bob", at=1_600)
    tampered = replace(asked, approval=replace(approval(), digest="another"))
    assert not await store.intend("t1", tampered)
    assert await store.intend("t1", asked)
    assert not await store.intend("t1", asked)
    now = (await kept(store)).approval
    assert now == replace(approval(), decision="used", by="Anna")


async def test_a_yes_that_comes_too_late_counts_for_nothing(store: Store):
    await called(store)
    await store.ask("t1", tool_step(), approval())
    assert not await store.decide("t1", 0, "approved", by="Anna", at=2_000)
    assert await store.decide("t1", 0, "expired", by="", at=2_000)
    assert not await store.intend("t1", tool_step(asked=0))


async def test_nothing_is_decided_of_a_turn_that_is_over(store: Store):
    await called(store)
    await store.ask("t1", tool_step(), approval())
    await store.finish(end("t1", ending="stopped"))
    assert not await store.decide("t1", 0, "approved", by="Anna", at=1_500)
    assert not await store.decide("t2", 0, "approved", by="Anna", at=1_500)


async def test_moa_21_the_history_keeps_calls_and_results_and_undo_takes_them_out(store: Store):
    await called(store)
    lines = (
        tool_round().line,
        Line(role="tool", parts=("It is 4.",), tool_call_id=CLOCK.id, name=CLOCK.name),
        Line.of("assistant", "Four."),
    )
    await store.finish(replace(end("t1", "Let me see.\n\nFour."), lines=lines))
    said = [line for _, line in await store.lines(ROOM.session)]
    assert said == [Line.of("user", "Why?"), *lines]
    turn = await store.turn("t1")
    assert turn is not None
    assert turn.end is not None
    assert turn.end.answer == "Let me see.\n\nFour."
    await store.remove("t1")
    assert await store.lines(ROOM.session) == []


async def test_tool_lines_of_a_program_have_no_place_in_a_history(store: Store):
    await store.begin(start("t1"))
    await store.finish(replace(end("t1"), lines=(Line.of("assistant", "Four."),)))
    assert await store.lines(ROOM.session) == []
