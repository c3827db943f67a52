# Shows that limits, deadlines and retries hold for any model; time is virtual.

import asyncio
from contextlib import aclosing

import pytest

from adapters.llm.compose import Options, compose
from adapters.llm.deadline import Deadlined, Timeouts
from adapters.llm.limit import Limited
from adapters.llm.retry import Retrying
from adapters.llm.script import parse
from adapters.llm.scripted import Scripted
from core.calls import Chunk
from core.errors import (
    ContextOverflow,
    ModelBroken,
    ModelBusy,
    ModelError,
    ModelRefused,
    ModelStalled,
    ModelUnreachable,
)
from tests.adapters.llm.asking import Played, call, hear
from tests.fakes.loop import run_virtual

DONE = Chunk(finish="stop")
WORD = Chunk(text="word")


def scripted(answer):
    return Scripted(parse({"m": answer}, where="test"))


def timed(model, request=None):
    """Hear a model out on a virtual loop; give what came and the seconds it took."""

    async def scenario():
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            heard = (await hear(model(), request or call())).text
        except ModelError as error:
            return error, clock() - began
        return heard, clock() - began

    return run_virtual(scenario())


async def test_whoever_looks_seldom_does_not_take_a_model_for_stalled():
    asked = Played([WORD, DONE])
    await hear(Deadlined(asked, Timeouts(between_tokens=0.2)), call(pace=0.25))
    await hear(Deadlined(asked, Timeouts()), call(pace=0.25))
    assert [each.pace for each in asked.calls] == [0.1, 0.25]


class Paced:
    """A model that waits before each chunk."""

    def __init__(self, *steps):
        self.steps = steps
        self.closed = False

    async def stream(self, call):
        try:
            for wait, chunk in self.steps:
                await asyncio.sleep(wait)
                yield chunk
        finally:
            self.closed = True


# --- deadlines (P12) ------------------------------------------------------------------------

LIMITS = Timeouts(first_token=5, between_tokens=2, total=60)


@pytest.mark.parametrize(
    ("steps", "stage", "after"),
    [
        ([(0, Chunk()), (9, WORD)], "first_token", 5),
        ([(0, Chunk()), (4.9, WORD), (9, DONE)], "between_tokens", 6.9),
        ([(0, Chunk()), *[(1, Chunk())] * 90], "first_token", 5),
        ([(0, Chunk()), (1, WORD), *[(1, Chunk())] * 90], "between_tokens", 3),
        ([(0, Chunk()), *[(1, WORD)] * 90], "total", 60),
        ([(0, Chunk()), *[(1, Chunk(progress=True))] * 90], "total", 60),
    ],
    ids=["silent", "stops", "only pings", "pings after a word", "endless", "endless tool call"],
)
def test_a_stalled_stream_is_noticed_p12(steps, stage, after):
    model = Paced(*steps)
    error, seconds = timed(lambda: Deadlined(model, LIMITS))
    assert isinstance(error, ModelStalled)
    assert (error.stage, seconds) == (stage, pytest.approx(after))
    assert model.closed


def test_the_calls_own_timeout_wins_over_the_providers():
    error, seconds = timed(lambda: Deadlined(Paced(*[(1, WORD)] * 90), LIMITS), call(timeout=7))
    assert isinstance(error, ModelStalled)
    assert seconds == pytest.approx(7)
    text, seconds = timed(
        lambda: Deadlined(Paced(*[(1, WORD)] * 90, (0, DONE)), LIMITS), call(timeout=100)
    )
    assert (text, seconds) == ("word" * 90, pytest.approx(90))


def test_a_slow_listener_is_not_the_models_fault():
    async def scenario():
        model = Deadlined(Paced((0, WORD), (1, WORD), (1, DONE)), LIMITS)
        heard = ""
        async with aclosing(model.stream(call())) as stream:
            async for chunk in stream:
                heard += chunk.text
                await asyncio.sleep(9)
        return heard

    assert run_virtual(scenario()) == "wordword"


def test_empty_chunks_after_the_first_are_not_passed_on():
    steps = [(0, Chunk()), (0, Chunk()), (0, WORD), (0, Chunk()), (0, DONE)]
    heard = run_virtual(hear(Deadlined(Paced(*steps), LIMITS), call()))
    assert heard.chunks == (Chunk(), WORD, DONE)


# --- retries (MOA-9, P11) -------------------------------------------------------------------

BUSY = ModelBusy("busy")


@pytest.mark.parametrize(
    ("position", "plans", "asked"),
    [
        (0, [[BUSY], [Chunk(), WORD, DONE]], 2),
        (0, [[Chunk(), ModelUnreachable("gone")], [BUSY], [WORD, DONE]], 3),
        (1, [[BUSY], [WORD, DONE]], 2),
    ],
)
def test_a_call_is_made_again_before_its_first_word_p11(position, plans, asked):
    model = Played(*plans)
    text, _ = timed(lambda: Retrying(model), call(position=position))
    assert (text, len(model.calls)) == ("word", asked)


@pytest.mark.parametrize(
    "plan",
    [
        [WORD, BUSY],
        [Chunk(reasoning="so"), BUSY],
        [Chunk(progress=True), BUSY],
        [ModelRefused("no")],
        [ContextOverflow("long")],
        [ModelBroken("what")],
        [ModelStalled("slow", stage="first_token")],
        [ModelBusy("busy", retry_after=0.3)],
    ],
    ids=["word", "thought", "tool", "refused", "context", "broken", "stalled", "long wait"],
)
def test_a_reference_is_not_asked_again_where_it_is_of_no_use_moa_9(plan):
    model = Played(plan)
    error, seconds = timed(lambda: Retrying(model), call(position=1))
    assert isinstance(error, ModelError)
    assert (len(model.calls), seconds) == (1, 0)


def test_a_reference_is_asked_again_once_within_250_ms_moa_9():
    model = Played([BUSY])
    error, seconds = timed(lambda: Retrying(model), call(position=2))
    assert error is BUSY
    assert len(model.calls) == 2
    assert 0 < seconds <= 0.25


@pytest.mark.parametrize(
    ("asked", "calls", "shortest", "longest"),
    [(3, 3, 6, 6), (15, 3, 30, 30), (60, 1, 0, 0), (None, 3, 0.7, 1.5), (0, 3, 0, 0)],
)
def test_an_aggregator_waits_as_it_is_asked_to_or_not_at_all(asked, calls, shortest, longest):
    model = Played([ModelBusy("busy", retry_after=asked)])
    error, seconds = timed(lambda: Retrying(model))
    assert isinstance(error, ModelBusy)
    assert len(model.calls) == calls
    assert shortest <= seconds <= longest


def test_the_log_says_once_who_failed_and_why(caplog):
    refusal = ModelRefused("The provider refused the request (404): no such model", status=404)
    timed(lambda: Retrying(Played([BUSY], [refusal])), call(position=2))
    assert [record.message for record in caplog.records] == [
        "p:m (reference 2) failed: The provider refused the request (404): no such model"
    ]
    caplog.clear()
    timed(lambda: Retrying(Played([BUSY], [WORD, DONE])))
    assert caplog.records == []


# --- limits (MOA-8) -------------------------------------------------------------------------


def test_no_more_calls_than_permits_are_in_flight_moa_8():
    async def scenario():
        running, most = 0, 0

        class Counted:
            async def stream(self, call):
                nonlocal running, most
                running += 1
                most = max(most, running)
                yield Chunk()
                await asyncio.sleep(1)
                running -= 1
                yield DONE

        model = Limited(Counted(), asyncio.Semaphore(2))
        began = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            for _ in range(6):
                group.create_task(hear(model, call()))
        return most, asyncio.get_running_loop().time() - began

    assert run_virtual(scenario()) == (2, pytest.approx(3))


def test_a_cancelled_call_gives_its_permit_back_at_once_moa_8():
    async def scenario():
        model = Limited(scripted([{"stall": True}, "next"]), asyncio.Semaphore(1))
        clock = asyncio.get_running_loop().time
        async with asyncio.TaskGroup() as group:
            stuck = group.create_task(hear(model, call()))
            await asyncio.sleep(1)
            waiting = group.create_task(hear(model, call()))
            gives_up = group.create_task(hear(model, call()))
            await asyncio.sleep(1)
            gives_up.cancel()
            stuck.cancel()
            left = clock()
            heard = await waiting
        return heard.text, clock() - left

    assert run_virtual(scenario()) == ("next", 0)


def test_timeouts_run_from_the_wire_and_not_from_the_queue_moa_8():
    async def scenario():
        options = Options(max_parallel=1, timeouts=Timeouts(total=3))
        model = compose(scripted({"text": "ok", "first": 2}), options=options)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(hear(model, call())) for _ in range(4)]
        return [task.result().text for task in tasks]

    assert run_virtual(scenario()) == ["ok"] * 4


def test_a_wait_that_takes_all_the_time_there_is_ends_in_the_failure_that_it_followed():
    """A busy machine sleeps longer than it is told to: no attempt has less than no time left."""
    busy = Played([ModelBusy("The provider is busy", retry_after=3)])
    error, seconds = timed(lambda: Retrying(busy, total=3.005))
    assert isinstance(error, ModelBusy)
    assert (seconds, len(busy.calls)) == (3, 1)


def test_all_attempts_together_share_one_deadline():
    busy = {"error": "busy", "retry_after": 4}
    model = scripted([busy, {"stall": True}])
    options = Options(timeouts=Timeouts(total=6))
    error, seconds = timed(lambda: compose(model, options=options))
    assert isinstance(error, ModelStalled)
    assert (seconds, len(model.calls)) == (6, 2)


def test_nobody_waits_for_an_attempt_that_the_deadline_leaves_no_time_for():
    model = scripted({"error": "busy", "retry_after": 4})
    options = Options(timeouts=Timeouts(total=6))
    error, seconds = timed(lambda: compose(model, options=options))
    assert isinstance(error, ModelBusy)
    assert (seconds, len(model.calls)) == (4, 2)
