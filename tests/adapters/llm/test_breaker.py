# Shows who is left alone after which failures, and how it comes back (P11, ADR 0030). Time is
# virtual.

import asyncio

import pytest

from adapters.llm.breaker import FIRST, LONGEST, ROW, Circuits, Guarded
from adapters.llm.compose import Options, compose
from core.calls import Chunk
from core.errors import (
    ContextOverflow,
    ModelBroken,
    ModelBusy,
    ModelError,
    ModelForbidden,
    ModelRefused,
    ModelStalled,
    ModelUnreachable,
)
from tests.adapters.llm.asking import Played, call, hear
from tests.fakes.loop import run_virtual

FINE = [Chunk(), Chunk(text="word"), Chunk(finish="stop")]
AWAY = [Chunk(), ModelUnreachable("no connection", connected=False)]
TORN = [Chunk(), ModelUnreachable("it broke")]
BUSY: list[Chunk | Exception] = [Chunk(), ModelBusy("busy (503)")]


class Stage:
    """Two models of one provider behind its circuits."""

    def __init__(self, **plans):
        self.plans = {name: Played(*plan) for name, plan in plans.items()}
        self.circuits = Circuits("p")
        self.model = Guarded(self, self.circuits)

    def stream(self, call):
        return self.plans[call.slot.model].stream(call)

    async def ask(self, name="a"):
        """Give the text or the error."""
        try:
            return (await hear(self.model, call(name))).text
        except ModelError as error:
            return error

    async def fail(self, name="a", times=ROW):
        return [await self.ask(name) for _ in range(times)]

    def asked(self, name="a"):
        return len(self.plans[name].calls)


def play(story):
    return run_virtual(story())


@pytest.mark.parametrize("plan", [AWAY, TORN, BUSY], ids=["away", "torn", "busy"])
def test_who_failed_five_times_in_a_row_is_not_asked_p11(plan, caplog):
    async def story():
        stage = Stage(a=[plan])
        await stage.fail(times=ROW)
        refused = await stage.ask()
        assert stage.asked() == ROW
        assert type(refused) is type(plan[1])
        assert str(refused) == (
            f"It failed 5 times in a row and is left alone for 10 s; the last time: {plan[1]}"
        )
        (name,) = stage.circuits.left_alone()
        assert name == ("p" if plan is AWAY else "p:a")
        assert [each.message for each in caplog.records] == [
            f"{name} is left alone for 10 s: it failed 5 times"
        ]

    play(story)


def test_one_success_between_failures_is_enough_to_go_on_p11():
    async def story():
        stage = Stage(a=[BUSY, BUSY, BUSY, BUSY, FINE, BUSY, BUSY, BUSY, BUSY, FINE])
        for _ in range(10):
            await stage.ask()
        assert stage.asked() == 10

    play(story)


@pytest.mark.parametrize(
    "error",
    [
        ModelRefused("no such model (404)", status=404),
        ModelForbidden("wrong key (401)", status=401),
        ContextOverflow("too long"),
        ModelBroken("HTML"),
    ],
    ids=lambda each: type(each).__name__,
)
def test_what_a_provider_answers_is_no_outage(error):
    async def story():
        stage = Stage(a=[[Chunk(), error]])
        assert await stage.fail(times=20) == [error] * 20
        assert stage.circuits.left_alone() == {}

    play(story)


@pytest.mark.parametrize(
    ("words", "stage_name", "counts"),
    [
        ([], "connect", True),
        ([], "first_token", True),
        ([], "total", True),
        ([Chunk(text="word")], "between_tokens", True),
        ([Chunk(text="word")], "total", False),
    ],
)
def test_a_stall_is_an_outage_and_a_short_timeout_is_none_p12(words, stage_name, counts):
    async def story():
        stage = Stage(a=[[Chunk(), *words, ModelStalled("slow", stage=stage_name)]])
        await stage.fail(times=ROW + 1)
        assert stage.asked() == ROW + (not counts)

    play(story)


@pytest.mark.parametrize("plan", [BUSY, TORN], ids=["busy", "torn"])
def test_one_bad_model_of_a_provider_blocks_no_other(plan):
    async def story():
        stage = Stage(a=[plan], b=[FINE])
        await stage.fail("a", 20)
        assert stage.asked("a") == ROW
        assert await stage.ask("b") == "word"

    play(story)


def test_a_provider_that_cannot_be_reached_is_left_alone_as_a_whole():
    async def story():
        stage = Stage(a=[AWAY], b=[FINE])
        await stage.fail("a")
        assert isinstance(await stage.ask("b"), ModelUnreachable)
        await asyncio.sleep(FIRST)
        assert await stage.ask("b") == "word"
        assert stage.circuits.left_alone() == {}

    play(story)


def test_after_the_wait_one_call_tries_and_the_others_are_still_refused(caplog):
    async def story():
        slow = [Chunk(), Chunk(text="word"), Chunk(finish="stop")]
        stage = Stage(a=[*[BUSY] * ROW, slow])
        await stage.fail()
        await asyncio.sleep(FIRST)
        trying = stage.model.stream(call("a"))
        assert await anext(trying) == Chunk()
        assert isinstance(await stage.ask(), ModelBusy)
        assert stage.asked() == ROW + 1
        assert (await anext(trying)).text == "word"
        assert await stage.ask() == "word"  # whoever tried was answered: the others may, too
        await trying.aclose()
        assert [each.message for each in caplog.records][1:] == ["p:a answers again"]

    play(story)


def test_each_failed_try_doubles_the_wait_up_to_a_minute():
    async def story():
        stage = Stage(a=[BUSY])
        await stage.fail()
        waits = []
        for _ in range(5):
            (left,) = stage.circuits.left_alone().values()
            waits.append(left)
            await asyncio.sleep(left)
            assert isinstance(await stage.ask(), ModelBusy)
        assert waits == [10, 20, 40, LONGEST, LONGEST]
        assert stage.asked() == ROW + 5

    play(story)


def test_a_wish_to_wait_longer_is_kept_within_reason():
    async def story():
        for wish, wait in [(25, 25), (3600, LONGEST), (1, FIRST)]:
            stage = Stage(a=[[Chunk(), ModelBusy("later", retry_after=wish)]])
            await stage.fail()
            assert list(stage.circuits.left_alone().values()) == [wait]

    play(story)


def test_whoever_tried_and_went_away_lets_the_next_one_try():
    async def story():
        stage = Stage(a=[*[BUSY] * ROW, FINE])
        await stage.fail()
        await asyncio.sleep(FIRST)
        trying = stage.model.stream(call("a"))
        await anext(trying)
        await trying.aclose()
        assert await stage.ask() == "word"

    play(story)


def test_failures_of_calls_that_were_on_their_way_do_not_make_the_wait_longer():
    async def story():
        stage = Stage(a=[BUSY])
        streams = [stage.model.stream(call("a")) for _ in range(30)]
        for each in streams:
            await anext(each)
        for each in streams:
            with pytest.raises(ModelBusy):
                await anext(each)
        assert list(stage.circuits.left_alone().values()) == [FIRST]

    play(story)


def test_a_break_after_some_words_counts_once_for_each_call():
    async def story():
        stage = Stage(a=[[Chunk(), Chunk(text="half"), ModelUnreachable("it broke")]])
        await stage.fail(times=ROW + 3)
        assert stage.asked() == ROW

    play(story)


def test_retries_are_made_before_a_failure_is_counted_and_never_after_it_is_left_alone():
    async def story():
        played = Played(BUSY)
        model = compose(played, options=Options(circuits=Circuits("p")))
        clock = asyncio.get_running_loop().time
        for _ in range(ROW):
            with pytest.raises(ModelBusy):
                await hear(model, call())
        assert len(played.calls) == 3 * ROW
        began = clock()
        with pytest.raises(ModelBusy, match="left alone"):
            await hear(model, call())
        assert (len(played.calls), clock() - began) == (3 * ROW, 0)

    play(story)
