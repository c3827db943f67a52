"""Shows that nobody takes more than a rate gives, whenever they ask."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.limits import Rate, full, taken, wait

rates = st.builds(Rate, number=st.integers(1, 50), seconds=st.floats(1, 86_400))
gaps = st.lists(st.floats(0, 600), max_size=200)


def test_all_may_come_at_once_and_then_one_after_the_other():
    rate = Rate(number=2, seconds=60)
    bucket = full(rate, 0)
    for _ in range(2):
        after = taken(bucket, rate, 0)
        assert after is not None
        bucket = after
    assert taken(bucket, rate, 0) is None
    assert wait(bucket, rate, 0) == pytest.approx(30)
    assert taken(bucket, rate, 29.9) is None
    assert taken(bucket, rate, 30) is not None


@given(rates, gaps)
def test_over_any_time_no_more_is_taken_than_there_was_and_has_come(rate, waits):
    now, bucket, count = 0.0, full(rate, 0.0), 0
    for gap in waits:
        now += gap
        after = taken(bucket, rate, now)
        if after is not None:
            bucket, count = after, count + 1
        assert 0 <= bucket.left <= rate.number
    assert count <= rate.number + now * rate.number / rate.seconds + 1e-6


@given(rates, gaps)
def test_after_the_wait_that_was_named_there_is_one(rate, waits):
    now, bucket = 0.0, full(rate, 0.0)
    for gap in waits:
        now += gap
        after = taken(bucket, rate, now)
        if after is None:
            seconds = wait(bucket, rate, now)
            assert seconds > 0
            assert taken(bucket, rate, now + seconds + 1e-6) is not None
        else:
            bucket = after


def test_a_clock_that_stands_still_or_goes_back_gives_nothing():
    rate = Rate(number=1, seconds=10)
    bucket = taken(full(rate, 100), rate, 100)
    assert bucket is not None
    assert taken(bucket, rate, 50) is None
