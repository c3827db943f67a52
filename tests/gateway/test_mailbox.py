"""Shows that a slow listener loses nothing that matters and costs the engine nothing."""

from __future__ import annotations

import asyncio
import time

from hypothesis import given
from hypothesis import strategies as st

from core.events import (
    Aggregating,
    AnswerDelta,
    AnswerReset,
    ReferenceDone,
    ReferenceProgress,
    ToolStarted,
    TurnFailed,
)
from core.outcomes import Advice
from core.types import ToolCall
from gateway.delivery.mailbox import Mailbox
from tests.fakes.loop import run_virtual
from tests.fakes.told import result

EVENTS = st.one_of(
    st.builds(AnswerDelta, text=st.text(max_size=3), reasoning=st.text(max_size=2)),
    st.just(AnswerReset()),
    st.builds(ReferenceProgress, position=st.integers(1, 3), words=st.integers(0, 99)),
    st.builds(
        ReferenceDone,
        advice=st.builds(
            Advice, position=st.integers(1, 3), label=st.just("m"), outcome=st.just("ok")
        ),
    ),
)


def told(events, *, reasoning=True):
    mailbox = Mailbox(reasoning=reasoning)
    for event in events:
        mailbox.tell(event)
    return list(mailbox.take_nowait())


@given(st.lists(EVENTS, max_size=30))
def test_text_order_and_outcomes_survive_whatever_is_merged(events):
    """MOA-31: done events never drop, text keeps its order and its resets."""
    taken = told(events)

    def essence(many):
        out = [""]
        for event in many:
            if isinstance(event, AnswerDelta):
                out[-1] += event.text
            elif isinstance(event, AnswerReset):
                out.append("")
        return out, [event for event in many if isinstance(event, ReferenceDone)]

    assert essence(taken) == essence(events)
    thought = "".join(event.reasoning for event in events if isinstance(event, AnswerDelta))
    assert "".join(e.reasoning for e in taken if isinstance(e, AnswerDelta)) == thought


def test_only_the_newest_progress_of_an_advisor_waits():
    taken = told([ReferenceProgress(position=p, words=w) for w in range(50) for p in (1, 2)])
    assert taken == [
        ReferenceProgress(position=1, words=49),
        ReferenceProgress(position=2, words=49),
    ]


def test_a_listener_that_shows_no_thoughts_is_not_told_them():
    assert told([AnswerDelta(reasoning="hm")], reasoning=False) == []


def test_ten_thousand_tool_calls_do_not_fill_the_memory_and_the_end_still_arrives():
    calls = [ToolStarted(call=ToolCall(id=str(n), name="t", arguments="")) for n in range(10_000)]
    taken = told([*calls, TurnFailed(error="broken", result=result())])
    assert len(taken) < 1100
    assert isinstance(taken[-1], TurnFailed)


def test_taking_waits_for_the_first_event():
    async def scenario():
        mailbox = Mailbox()
        asyncio.get_running_loop().call_later(3, mailbox.tell, Aggregating(label="m"))
        return await mailbox.take(), mailbox.take_nowait()

    assert run_virtual(scenario()) == ([Aggregating(label="m")], [])


def test_a_delta_costs_almost_nothing():
    mailbox = Mailbox(reasoning=False)
    delta = AnswerDelta(text="word ")
    start = time.process_time()
    for _ in range(100_000):
        mailbox.tell(delta)
    assert time.process_time() - start < 1
    assert len(mailbox.take_nowait()) == 1
