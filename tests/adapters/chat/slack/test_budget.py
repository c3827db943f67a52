"""Shows that a workspace's calls are spread over the minute and never exceed it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adapters.chat.slack.budget import Budget
from tests.fakes.clock import FakeClock


@given(st.lists(st.floats(0, 5), min_size=80, max_size=160))
def test_no_minute_ever_holds_more_than_burst_and_rate(pauses):
    clock = FakeClock()
    budget = Budget(clock, per_minute=24, burst=8)
    taken: list[float] = []
    for pause in pauses:
        clock.advance(pause)
        if budget.wait() == 0:
            budget.take()
            taken.append(clock.monotonic())
    for at in taken[::7]:
        assert sum(at <= each < at + 60 for each in taken) <= 33


def test_the_wait_that_is_named_is_long_enough_and_no_longer():
    clock = FakeClock()
    budget = Budget(clock, per_minute=60, burst=2)
    budget.take()
    budget.take()
    assert 0.99 < budget.wait() <= 1
    clock.advance(0.5)
    assert 0.49 < budget.wait() <= 0.5
    clock.advance(0.51)
    assert budget.wait() == 0


def test_what_goes_out_of_turn_is_paid_for_later_but_not_for_ever():
    clock = FakeClock()
    budget = Budget(clock, per_minute=60, burst=2)
    for _ in range(100):
        budget.take()
    assert budget.wait() <= 3


def test_slack_s_own_wait_wins():
    clock = FakeClock()
    budget = Budget(clock, per_minute=60, burst=2)
    budget.block(30)
    clock.advance(10)
    assert budget.wait() == 20
