"""Shows what a turn may still spend, and that budgets are overrun by one call at most (MOA-30)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from core.budget import Allowance, Budgets, Spender, limits_of
from core.calls import ModelCall
from core.errors import OverBudget
from core.outcomes import CallReport
from core.ports import Provider
from core.presets import Slot
from core.purse import Account, Hold, Purse, Tariff
from core.types import Line, Usage
from tests.fakes.model import ScriptedModel
from tests.fakes.turns import start

NONE = Decimal(0)
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
PAID = Provider(name="p", model=ScriptedModel({}))
LOCAL = replace(PAID, local=True)
SLOT = Slot(provider="p", model="m")
ADVISED = [("p:a", None), ("p:b", 500), ("p:c", None)]


def cents(_slot: Slot, usage: Usage) -> Decimal:
    """A cent for each token that comes out; input is free, so that tests can count."""
    return Decimal(usage.output) / 100


def call(cost: int = 10, *, position: int = 0) -> ModelCall:
    """A call that may cost so many cents."""
    return ModelCall(slot=SLOT, lines=(), position=position, max_tokens=cost)


def took(cost: int, *, error: str | None = None) -> CallReport:
    return CallReport(label="p:m", dollars=Decimal(cost) / 100, finish="stop", error=error)


def account(dollars: str = "1", *, spent: str = "0", scope: str = "user") -> Account:
    budgets = Budgets(allowances={scope: Allowance(daily=Decimal(dollars))})  # type: ignore[dict-item]
    (limit,) = limits_of(budgets, Spender.of(start("t1")), NOON, UTC)
    return Account(limit, Decimal(spent))


def purse(
    *accounts: Account, turn: str | None = None, refuse: bool = False, spent: str = "0", warn=None
) -> Purse:
    budgets = Budgets(turn=None if turn is None else Decimal(turn), refuse=refuse)
    return Purse(accounts, budgets=budgets, tariff=Tariff(cents), spent=Decimal(spent), warn=warn)


def hold(purse: Purse, cost: int = 10, *, position: int = 0) -> Hold:
    made = purse.reserve(call(cost, position=position), PAID)
    assert made is not None
    return made


# --- the lines --------------------------------------------------------------------------------


def test_what_is_reserved_counts_until_it_is_settled_to_what_it_took():
    books = account()
    held = hold(purse(books), 30)
    assert (books.spent, books.reserved) == (NONE, Decimal("0.3"))
    held.settle(took(12))
    assert (books.spent, books.reserved) == (Decimal("0.12"), NONE)
    held.settle(took(99))
    assert books.spent == Decimal("0.12")


def test_a_call_that_was_never_made_gives_its_reservation_back():
    books = account()
    hold(purse(books)).settle(None)
    assert (books.spent, books.reserved) == (NONE, NONE)


def test_over_100_percent_references_are_skipped_and_the_answer_is_given():
    turn = purse(account(spent="1.00"))
    turn.admit(call(), PAID)
    with pytest.raises(OverBudget) as refused:
        turn.reserve(call(position=1), PAID)
    assert refused.value.brief == "your daily budget is used up"
    assert turn.notes == ("advisors skipped: your daily budget is used up",)
    hold(turn).settle(took(10))


def test_at_125_percent_everything_is_refused_with_the_figure_and_the_reset_time():
    with pytest.raises(OverBudget) as refused:
        purse(account(spent="1.25")).admit(call(), PAID)
    assert str(refused.value) == (
        "Your daily budget is used up: $1.25 of $1.00. "
        "It starts anew on Sunday 29 November at 00:00 (UTC)."
    )


def test_where_on_exceeded_is_refuse_100_percent_refuses_a_new_turn_and_ends_none():
    books = account(spent="0.99")
    turn = purse(books, refuse=True)
    turn.admit(call(), PAID)
    hold(turn).settle(took(10))
    hold(turn).settle(took(10))
    with pytest.raises(OverBudget, match=r"\$1\.19 of \$1\.00"):
        purse(books, refuse=True).require(PAID)
    purse(books).require(PAID)


def test_an_answer_is_reserved_before_the_fan_out_and_advice_never_takes_its_place():
    books = account(spent="0.99")
    turn = purse(books)
    turn.admit(call(40), PAID)
    with pytest.raises(OverBudget):
        turn.reserve(call(position=1), PAID)  # with it 125 % are reached
    assert books.reserved == Decimal("0.4")
    hold(turn, 50).settle(took(50))
    assert (books.spent, books.reserved) == (Decimal("1.49"), NONE)


def test_advice_is_not_cut_by_what_its_own_answer_will_cost():
    turn = purse(account())
    turn.admit(call(100), PAID)
    hold(turn, 10, position=1)


def test_what_others_have_under_way_counts():
    books = account()
    hold(purse(books), 60)
    hold(purse(books), 60)
    with pytest.raises(OverBudget, match=r"\$0 of \$1\.00, and \$1\.20 reserved"):
        purse(books).reserve(call(position=1), PAID)


def test_the_tightest_of_several_budgets_decides_and_is_named():
    half, full = account("10", spent="13", scope="total"), account(spent="1.5")
    with pytest.raises(OverBudget, match="Your daily budget is used up"):
        purse(half, full).require(PAID)


def test_a_budget_of_nothing_lets_nothing_through():
    with pytest.raises(OverBudget):
        purse(account("0")).require(PAID)


def test_moa_28_what_runs_on_this_machine_is_never_held_up():
    turn = purse(account(spent="9"), turn="0")
    turn.require(LOCAL)
    turn.admit(call(), LOCAL)
    assert turn.reserve(call(), LOCAL) is None


def test_a_turn_that_ends_before_its_answer_gives_everything_back():
    books = account()
    turn = purse(books)
    turn.admit(call(50), PAID)
    turn.close()
    assert books.reserved == 0


# --- the notice -------------------------------------------------------------------------------


def test_at_80_percent_there_is_one_notice():
    warned: list[str] = []
    books = account()
    turn = purse(books, warn=warned.append)
    hold(turn).settle(took(79))
    assert not warned
    hold(turn).settle(took(3))
    told = (
        "82 % of your daily budget is used ($0.820 of $1.00). "
        "It starts anew on Sunday 29 November at 00:00 (UTC)."
    )
    assert list(turn.notes) == [told]
    assert warned == [told]
    other = purse(books, warn=warned.append)
    hold(other).settle(took(3))
    assert not other.notes
    assert warned == [told]


def test_after_a_restart_there_is_no_second_notice():
    turn = purse(account(spent="0.85"))
    hold(turn).settle(took(3))
    assert turn.notes == ()


# --- one turn ---------------------------------------------------------------------------------


def test_a_turn_s_own_limit_skips_the_advice_that_leaves_no_room_for_the_answer():
    turn = purse(turn="0.50")
    turn.admit(call(20), PAID)
    hold(turn, 20, position=1)
    with pytest.raises(OverBudget):
        turn.reserve(call(20, position=2), PAID)
    hold(turn, 10, position=3)
    assert turn.notes == ("advisors skipped: one question may cost $0.500",)


def test_a_turn_s_own_limit_never_forbids_its_first_answer():
    turn = purse(turn="0.01")
    turn.admit(call(20), PAID)
    hold(turn, 20).settle(took(0, error="busy"))
    hold(turn, 20)  # the fallback


def test_a_turn_s_own_limit_refuses_the_round_of_tools_that_would_exceed_it():
    turn = purse(turn="0.50")
    turn.admit(call(20), PAID)
    hold(turn, 20).settle(took(20))
    hold(turn, 30).settle(took(20))
    with pytest.raises(OverBudget, match=r"\$0\.400 of \$0\.500 are spent"):
        turn.reserve(call(20), PAID)


def test_p4_what_an_earlier_run_of_the_turn_took_counts():
    turn = purse(turn="0.50", spent="0.45")
    turn.admit(call(4), PAID)
    with pytest.raises(OverBudget):
        turn.reserve(call(10, position=1), PAID)


# --- what calls are taken to cost -------------------------------------------------------------


def estimate(tariff: Tariff, cap: int | None = None, *lines: Line) -> Decimal:
    return tariff.estimate(ModelCall(slot=SLOT, lines=lines, max_tokens=cap))


def test_a_call_is_taken_to_cost_its_input_and_its_cap_else_the_p95_else_1000_tokens():
    tariff = Tariff(cents)
    assert estimate(tariff, 7) == Decimal("0.07")
    assert estimate(tariff) == 10
    for length in range(1, 101):
        usage = Usage(output=length)
        tariff.charge(SLOT, CallReport(label="p:m", usage=usage, finish="stop"))
    assert estimate(tariff) == Decimal("0.96")
    assert tariff.estimate(ModelCall(slot=replace(SLOT, model="other"), lines=())) == 10
    advised = tariff.estimate(ModelCall(slot=SLOT, lines=(), max_tokens=7), ADVISED)
    assert advised == Decimal("0.07")
    by_input = Tariff(lambda _slot, usage: Decimal(usage.input))
    assert estimate(by_input, 7, Line.of("user", "Why is the sky blue?")) > 5
    assert by_input.estimate(ModelCall(slot=SLOT, lines=()), ADVISED) == 2_500


def test_calls_that_failed_say_nothing_of_how_long_answers_are():
    tariff = Tariff(cents)
    for _ in range(50):
        tariff.charge(SLOT, took(0, error="busy"))
    assert estimate(tariff) == 10


def test_moa_28_where_a_provider_reports_more_than_is_listed_the_next_call_is_taken_to_as_well():
    tariff = Tariff(cents)
    dear = CallReport(label="p:m", usage=Usage(output=5), dollars=Decimal("0.5"))
    assert tariff.charge(SLOT, dear) == Decimal("0.5")
    assert estimate(tariff, 7) == Decimal("0.5")
    assert estimate(tariff, 70) == Decimal("0.7")
    tariff.charge(SLOT, replace(dear, dollars=Decimal("0.01")))
    assert estimate(tariff, 7) == Decimal("0.07")


def test_advisors_are_asked_where_a_provider_reports_far_more_than_is_listed():
    """A small call for ten cents: a whole answer is not taken to cost a hundred times as much."""
    books, tariff = account("0.5"), Tariff(lambda _slot, usage: Decimal(usage.output) / 100_000)

    def opened() -> Purse:
        return Purse([books], budgets=Budgets(), tariff=tariff)

    for _ in range(3):
        turn = opened()
        turn.admit(ModelCall(slot=SLOT, lines=()), PAID, ADVISED)
        advice = turn.reserve(ModelCall(slot=SLOT, lines=(), position=1), PAID)
        assert advice is not None
        advice.settle(None)
        answer = turn.reserve(ModelCall(slot=SLOT, lines=()), PAID)
        assert answer is not None
        usage = Usage(input=100, output=10)
        dollars = Decimal("0.1")
        answer.settle(CallReport(label="p:m", usage=usage, dollars=dollars, finish="stop"))


def test_moa_28_a_price_that_nobody_knows_counts_as_the_operator_said():
    tariff = Tariff(lambda _slot, _usage: None, Decimal(10))
    assert estimate(tariff, 1_000) == Decimal("0.01")
    usage = Usage(input=600, output=400)
    assert tariff.charge(SLOT, CallReport(label="p:m", usage=usage)) == Decimal("0.01")


# --- concurrent turns -------------------------------------------------------------------------


class Concurrent(RuleBasedStateMachine):
    """Turns of two people who share a total; no call costs more than it was taken to cost."""

    turns = Bundle("turns")
    holds = Bundle("holds")

    def __init__(self) -> None:
        super().__init__()
        self.total = account("3", scope="total")
        self.own = {name: account("2") for name in ("anna", "ben")}
        self.largest = Decimal(0)

    @rule(target=turns, who=st.sampled_from(["anna", "ben"]), cost=st.integers(1, 90))
    def begin(self, who, cost):
        turn = purse(self.own[who], self.total)
        try:
            turn.admit(call(cost), PAID)
        except OverBudget:
            return purse()
        self.largest = max(self.largest, Decimal(cost) / 100)
        return turn

    @rule(target=holds, turn=turns, cost=st.integers(1, 90), position=st.integers(0, 3))
    def ask(self, turn, cost, position):
        admitted = turn._first
        if position == 0 and admitted is not None and admitted.open:
            cost = min(cost, int(100 * admitted.dollars))  # it is what it was taken to be
        self.largest = max(self.largest, Decimal(cost) / 100)
        try:
            return hold(turn, cost, position=position)
        except OverBudget:
            return hold(purse(), cost)

    @rule(held=consumes(holds), share=st.integers(0, 100))
    def settle(self, held, share):
        cost = held.dollars * share / 100
        held.settle(CallReport(label="p:m", dollars=cost))

    @rule(turn=turns)
    def end(self, turn):
        turn.close()

    @invariant()
    def overrun_is_one_call_at_most(self):
        for each in (self.total, *self.own.values()):
            most = Decimal("1.25") * each.limit.dollars
            assert each.used <= most + self.largest
            assert each.reserved >= 0


Concurrent.TestCase.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)
TestConcurrent = Concurrent.TestCase
