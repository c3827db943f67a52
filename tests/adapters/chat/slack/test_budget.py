"""Shows that a workspace's calls are spread over the minute and never exceed it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adapters.chat.slack.budget import Budget, Minute
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


@given(st.lists(st.tuples(st.floats(0, 4), st.booleans(), st.integers(0, 9)), max_size=300))
def test_no_minute_holds_more_than_was_kept_room_for_though_no_end_ever_waits(steps):
    clock = FakeClock()
    minute = Minute(clock, most=12)
    made: list[float] = []
    begun: list[str] = []
    for number, (pause, begins, which) in enumerate(steps):
        clock.advance(pause)
        if begins and not minute.wait():
            minute.owe(str(number))
            begun.append(str(number))
        elif not begins and which < len(begun):
            minute.make(begun.pop(which))
            made.append(clock.monotonic())
        elif not minute.wait(spare=3):
            minute.make()
            made.append(clock.monotonic())
    for at in made:
        assert sum(at <= each < at + 60 for each in made) <= 12


def test_room_that_is_kept_for_what_never_comes_is_free_again():
    clock = FakeClock()
    minute = Minute(clock, most=2)
    minute.owe("a")
    with minute.held("b"):
        assert minute.wait() > 0
    assert (minute.wait(), minute.wait(spare=1)) == (0, 5)
    minute.make("a")
    minute.make()
    clock.advance(57)
    assert minute.wait() == 3
    clock.advance(3)
    assert minute.wait() == 0
    minute.owe("c")
    minute.owe("d")
    clock.advance(900)
    assert minute.wait() == 0
