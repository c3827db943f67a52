"""Shows which budgets a turn is held to, and when their days and months end (MOA-30)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.budget import Allowance, Budgets, Spender, left_text, limits_of, window
from core.records import Whose
from tests.fakes.turns import start

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def daily(dollars: str) -> Allowance:
    return Allowance(daily=Decimal(dollars))


def names(budgets: Budgets, session: str, asker: str = "u1") -> list[str]:
    spender = Spender.of(start("t1", session=session, asker=asker))
    return [limit.name for limit in limits_of(budgets, spender, NOON, UTC)]


EVERY = Budgets(
    allowances={
        "total": Allowance(daily=Decimal(20), monthly=Decimal(300)),
        "user": daily("2"),
        "channel": daily("5"),
        "preset": daily("10"),
        "key": daily("3"),
    },
    keys={"ci": Allowance(monthly=Decimal(9))},
)


def test_a_person_s_turn_is_held_to_their_own_budget_the_channel_s_the_preset_s_and_all():
    assert names(EVERY, "telegram/-100/7") == [
        "your daily budget",
        "the daily budget of this channel",
        "the daily budget of the preset review",
        "the daily budget of this gateway",
        "the monthly budget of this gateway",
    ]


def test_a_program_s_turn_is_held_to_its_key_s_budget_and_to_no_person_s():
    assert names(EVERY, "v1/ci", "ci") == [
        "the daily budget of the key ci",
        "the monthly budget of the key ci",
        "the daily budget of the preset review",
        "the daily budget of this gateway",
        "the monthly budget of this gateway",
    ]


def test_what_a_key_says_itself_wins_over_what_every_key_has():
    budgets = Budgets(allowances={"key": daily("5")}, keys={"ci": daily("1")})
    assert budgets.amount("key", "daily", "ci") == 1
    assert budgets.amount("key", "daily", "other") == 5
    assert budgets.amount("user", "daily", "ci") is None


def test_threads_share_their_channel_s_budget():
    spenders = [Spender.of(start("t", session=each)) for each in ("slack/C1/1.5", "slack/C1")]
    limits = {limits_of(EVERY, each, NOON, UTC) for each in spenders}
    assert len(limits) == 1
    assert Whose(channel="slack/C1") in {limit.whose for limit in limits.pop()}


@pytest.mark.parametrize(
    ("budgets", "apply"),
    [
        (Budgets(), False),
        (Budgets(unpriced=Decimal(1), refuse=True), False),
        (Budgets(turn=Decimal(0)), True),
        (Budgets(keys={"ci": daily("1")}), True),
        (EVERY, True),
    ],
)
def test_a_budget_applies_where_a_figure_says_so(budgets, apply):
    assert budgets.apply is apply


# --- days and months --------------------------------------------------------------------------


def test_a_day_ends_at_midnight_where_the_operator_lives():
    begin, end = window("daily", datetime(2026, 11, 28, 23, 30, tzinfo=UTC), BERLIN)
    assert (begin.isoformat(), end.isoformat()) == (
        "2026-11-29T00:00:00+01:00",
        "2026-11-30T00:00:00+01:00",
    )


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_a_day_on_which_clocks_change_is_as_long_as_it_is(day, hours):
    begin, end = window("daily", datetime.fromisoformat(f"{day}T12:00Z"), BERLIN)
    assert end.astimezone(UTC) - begin.astimezone(UTC) == timedelta(hours=hours)


def test_where_there_is_no_midnight_a_day_begins_with_its_first_moment():
    santiago = ZoneInfo("America/Santiago")
    begin, end = window("daily", datetime(2026, 9, 6, 12, tzinfo=UTC), santiago)
    assert (begin.hour, end.hour) == (1, 0)
    assert end.astimezone(UTC) - begin.astimezone(UTC) == timedelta(hours=23)


def test_a_month_ends_with_its_last_day():
    begin, end = window("monthly", datetime(2026, 12, 31, 23, 30, tzinfo=UTC), BERLIN)
    assert (begin.date().isoformat(), end.date().isoformat()) == ("2027-01-01", "2027-02-01")


@given(
    st.integers(946_684_800, 2_840_140_800),  # 2000 to 2060
    st.sampled_from(["UTC", "Europe/Berlin", "America/Santiago", "Asia/Beirut", "Pacific/Apia"]),
    st.sampled_from(["daily", "monthly"]),
)
def test_every_moment_lies_in_one_period_and_the_next_one_follows_at_once(seconds, name, period):
    at, zone = datetime.fromtimestamp(seconds, UTC), ZoneInfo(name)
    begin, end = window(period, at, zone)
    assert begin.astimezone(UTC) <= at < end.astimezone(UTC)
    assert window(period, end, zone)[0].astimezone(UTC) == end.astimezone(UTC)


def test_what_is_left_is_told_with_the_moment_when_it_starts_anew():
    (limit,) = limits_of(
        Budgets(allowances={"user": daily("2")}), Spender.of(start("t1")), NOON, BERLIN
    )
    assert left_text(limit, Decimal("1.62")) == (
        "Your daily budget: $0.380 of $2.00 left. "
        "It starts anew on Sunday 29 November at 00:00 (Europe/Berlin)."
    )
    assert "$0 of $2.00 left" in left_text(limit, Decimal(3))
