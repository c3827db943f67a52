"""P10: a clock that jumps, at work or between two runs, loses, doubles and reorders nothing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from core.backlog import LATE_MS, Ages
from core.retention import AGAIN, DAY, LEAP, STEADY, Seen, believed
from gateway.clock import SystemClock
from gateway.tools.approvals import Approvals
from tests.fakes.clock import FakeClock
from tests.fakes.memory_store import MemoryStore
from tests.fakes.turns import approval
from tests.gateway.harness import running_gateway
from tests.gateway.page import Page, answered, answers
from tests.patience import PATIENCE
from tests.transcripts.stages import MESSENGERS, opened

MODELS = {"a": "Take the train.", "b": "Walk.", "big": "Go by train."}
MS = 1000
YEAR = 365 * DAY


class Jumping(SystemClock):
    """The machine's clocks, of which the wall clock is set wrong by so many seconds."""

    def __init__(self, wrong: float = 0.0) -> None:
        self.wrong = wrong

    @override
    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.wrong)


@pytest.mark.parametrize("jump", [DAY, -DAY])
@pytest.mark.parametrize("messenger", MESSENGERS)
async def test_p10_a_day_while_it_runs_and_back_between_two_runs(tmp_path, messenger, jump):
    clock = Jumping()
    async with opened(messenger) as stage:
        text = stage.configured(MODELS)
        async with running_gateway(text, tmp_path, clock=clock) as running:
            await stage.ask("How do I get there?")
            await stage.answered("Go by train.")
            clock.wrong = jump
            for number in (2, 3):
                await stage.ask(f"And to place {number}?")
                await stage.answered("Go by train.", times=number)
            assert len(running.calls.of("big")) == 3
        async with running_gateway(text, tmp_path, clock=Jumping()) as running:
            await stage.ask("And back?")
            await stage.answered("Go by train.", times=4)
            assert await running.store.waiting() == []
            assert await running.store.aside("late") == []
            (call,) = running.calls.of("big")
            said = "\n".join(line.text for line in call.lines)
            places = [said.index(f"place {number}") for number in (2, 3)]
            assert places == sorted(places)
            assert places[1] < said.index("And back?")


async def test_p10_a_leap_of_a_year_purges_nothing_and_back_again(tmp_path):
    """Texts are kept for 90 days: by that clock all of them would be too old."""
    text = "platforms: {web: {}}\n" + _plain()
    async with running_gateway(text, tmp_path) as running, Page.of(running) as page:
        await page.say("How do I get there?")
        await page.until(answered(1))
    for wrong in (YEAR, YEAR + 60, 0, -YEAR, 0):
        clock = Jumping(wrong)
        async with (
            running_gateway(text, tmp_path, clock=clock) as running,
            Page.of(running) as page,
        ):
            assert answers(await page.look()) == ["Go by train."]


async def test_p10_a_leap_of_a_day_and_a_quarter_takes_out_nothing_early(tmp_path):
    text = "retention: {messages: 1d}\nplatforms: {web: {}}\n" + _plain()
    for number, wrong in enumerate((0, LEAP + 60, 0), start=1):
        clock = Jumping(wrong)
        async with (
            running_gateway(text, tmp_path, clock=clock) as running,
            Page.of(running) as page,
        ):
            if number == 1:
                await page.say("How do I get there?")
                await page.until(answered(1))
            assert answers(await page.look()) == ["Go by train."]


def test_p10_a_leap_of_a_day_in_the_night_is_not_believed_before_the_next_one():
    """Every night by its own clock; before the third one it is set a day ahead."""
    seen = Seen()
    for night in (1, 2):
        may, seen = believed(night * DAY * MS, seen)
        assert may
    may, seen = believed(4 * DAY * MS, seen)
    assert not may
    taken_back, _ = believed(4 * DAY * MS - 10 * MS, Seen(at=3 * DAY * MS))
    assert taken_back
    may, seen = believed(5 * DAY * MS, seen)  # it was no mistake: nobody has put it right
    assert may


@given(st.integers(STEADY, AGAIN))
def test_p10_however_seldom_it_runs_it_purges_at_every_second_start(pause):
    seen, made = Seen(at=0), []
    for start in range(1, 9):
        may, seen = believed(start * pause * MS, seen)
        made.append(may)
    assert all(one or other for one, other in pairwise(made))


async def test_p10_a_stop_of_months_only_delays_the_purge():
    seen = Seen(at=0)
    may, seen = believed(90 * DAY * MS, seen)
    assert not may
    may, seen = believed((90 * DAY + STEADY) * MS, seen)
    assert (may, seen) == (True, Seen(at=(90 * DAY + STEADY) * MS))


@given(st.lists(st.integers(0, LEAP * MS), max_size=9), st.integers(LEAP + 1, 9 * YEAR))
def test_p10_a_leap_that_is_taken_back_is_never_believed(nights, leap):
    """Whatever nights come before it, and however often it is started within that leap."""
    now = 1
    _, seen = believed(now, Seen())
    for night in nights:
        now += night
        may, seen = believed(now, seen)
        assert may
    for minutes in (0, 1, 600):
        may, seen = believed(now + leap * MS + minutes * 60 * MS, seen)
        assert not may
    may, seen = believed(now + 1, seen)
    assert (may, seen) == (True, Seen(at=now + 1))


@given(st.integers(-9 * YEAR, 9 * YEAR))
def test_p13_a_clock_that_is_wrong_from_the_start_is_learnt_from_what_comes(wrong):
    """However wrong it is, after a minute of messages only what is old is taken for old."""
    now = 1_790_000_000_000
    ages = Ages(now + wrong * MS, 0.0)
    for second in range(0, 70, 10):
        ages.late("telegram", now + second * MS - 200, second)
    assert not ages.late("telegram", now + 80 * MS, 80.0)
    assert ages.late("telegram", now + 90 * MS - LATE_MS - 60 * MS, 90.0)
    assert not Ages(now, 0.0).late("telegram", now + DAY * MS, DAY - 5.0)


@given(st.integers(2, 24), st.integers(2, 200))
def test_p13_a_backlog_is_never_taken_for_a_wrong_clock(hours, messages):
    """A day's messages that come one after the other within some minutes."""
    now = 1_790_000_000_000
    ages = Ages(now, 0.0)
    step = hours * 3600 * MS // messages
    for number in range(messages):
        at = now - hours * 3600 * MS + number * step
        late = ages.late("slack", at, number * 0.5)
        assert late == (now + number * 500 - at > LATE_MS)


async def test_p10_nobody_waits_longer_for_a_permission_because_the_clock_went_back():
    clock = FakeClock(datetime(2026, 11, 1, tzinfo=UTC))
    asked = approval()  # by that clock it expired decades ago: the one that asked was ahead
    store = MemoryStore()
    async with asyncio.timeout(PATIENCE):
        known = await Approvals(clock).decided("t1", asked, store)
    assert known.decision == "expired"


def _plain() -> str:
    return """
providers: {p: {api: scripted, answers: {"*": Go by train.}}}
moa:
  presets:
    review:
      reference_models: [{provider: p, model: a}]
      aggregator: {provider: p, model: big}
      fanout: user_turn
"""
