"""How long things are kept, and when the purge is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.retention import DAY, Terms, shorter, term_text, too_old, until_purge

NOW = 1_700_000_000_000


def test_what_nobody_speaks_of_is_not_kept_for_ever():
    assert Terms() == Terms(messages=90 * DAY, traces=14 * DAY, files=30 * DAY, audit=365 * DAY)


def test_a_term_ends_after_its_seconds_and_forever_never():
    assert too_old(90 * DAY, NOW) == NOW - 90 * DAY * 1000
    assert too_old(None, NOW) is None


def test_a_term_of_0_ends_at_once():
    cut = too_old(0, NOW)
    assert cut is not None
    assert cut > NOW


@pytest.mark.parametrize(
    ("one", "other", "first"),
    [(1, 2, 1), (None, 2, 2), (3, None, 3), (None, None, None), (0, 5, 0)],
)
def test_the_shorter_of_two_terms_is_the_one_that_ends_first(one, other, first):
    assert shorter(one, other) == first


@pytest.mark.parametrize(
    ("term", "text"),
    [
        (90 * DAY, "90 days"),
        (DAY, "1 day"),
        (12 * 3600, "12 hours"),
        (90, "90 seconds"),
        (0, "not after the answer"),
        (None, "for ever"),
    ],
)
def test_a_term_reads_like_one(term, text):
    assert term_text(term) == text


@given(st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2030, 1, 1)))  # noqa: DTZ001 - the strategy adds the zone
def test_the_purge_is_due_within_a_day_at_its_hour_and_never_at_once(moment):
    now = moment.replace(tzinfo=UTC)
    wait = until_purge(now)
    assert 0 < wait <= DAY
    assert (now + timedelta(seconds=wait)).hour == 4


def test_the_purge_goes_by_the_clocks_of_the_operator():
    tokyo = datetime(2026, 11, 28, 3, 30, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert until_purge(tokyo) == 1800
