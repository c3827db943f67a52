"""Shows whose figure counts for a call, and what a call takes that did not come to its end."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from core.asking import Ask
from core.calls import Chunk
from core.cost import bill, price
from core.frames import Row
from core.outcomes import CallReport
from core.ports import Provider
from core.presets import Slot
from core.types import Line, Usage
from core.wording import row_text
from tests.fakes.loop import run_virtual
from tests.fakes.model import ScriptedModel, world

MODEL = ScriptedModel()
PAID = Provider(name="p", model=MODEL)
LOCAL = replace(PAID, local=True)
SLOT = Slot(provider="p", model="m")
USAGE = Usage(input=100, output=20)
LISTED = Decimal("0.20")


def listed(_slot: Slot, _usage: Usage) -> Decimal | None:
    return LISTED


@pytest.mark.parametrize(
    ("provider", "reported", "known", "dollars"),
    [
        (PAID, "0.05", LISTED, "0.05"),
        (PAID, "0", LISTED, "0"),
        (LOCAL, "0.05", LISTED, "0.05"),
        (LOCAL, None, LISTED, "0"),
        (PAID, None, LISTED, "0.20"),
        (PAID, None, None, None),
    ],
)
def test_moa_28_what_the_provider_reports_wins_then_local_is_free_then_the_tables(
    provider, reported, known, dollars
):
    found = price(
        SLOT,
        USAGE,
        provider=provider,
        pricer=lambda _slot, _usage: known,
        reported=None if reported is None else Decimal(reported),
    )
    assert found == (None if dollars is None else Decimal(dollars))


def test_moa_29_a_sum_with_an_unknown_price_says_so_and_keeps_what_is_known():
    known = CallReport(label="p:m", usage=USAGE, dollars=Decimal("0.1"))
    total = bill([known, known, replace(known, dollars=None)])
    assert (total.dollars, total.priced) == (Decimal("0.2"), False)
    assert (total.usage.input, total.usage.output) == (300, 60)


def reported(*chunks: Chunk, error: str | None = None) -> CallReport:
    """Hear a call as far as it came."""

    async def heard() -> CallReport:
        ask = Ask(slot=SLOT, lines=(Line.of("user", "Why?"),), provider=PAID, world=world(MODEL))
        for chunk in (Chunk(), *chunks):
            ask.take(chunk)
        ask.error = error
        return ask.report()

    return run_virtual(heard())


def test_moa_27_a_call_that_was_cut_off_takes_what_the_provider_said_so_far():
    report = reported(Chunk(text="Be"), Chunk(usage=USAGE), error="cancelled")
    assert report.usage == USAGE


def test_moa_27_where_nobody_said_it_is_a_guess_that_is_marked_and_thinking_counts():
    report = reported(Chunk(reasoning="Hm. " * 30), Chunk(text="Because."), error="cancelled")
    assert report.usage.estimated
    assert report.usage.input > 0
    assert report.usage.output > report.usage.reasoning > 0
    assert report.dollars is not None


@pytest.mark.parametrize("error", ["unreachable", "busy", "refused", "auth", "context"])
def test_moa_27_a_request_that_no_model_worked_on_is_free(error):
    report = reported(error=error)
    assert (report.usage, report.dollars) == (Usage(), Decimal(0))


@pytest.mark.parametrize("error", ["stalled", "broken", "cancelled"])
def test_moa_27_one_that_somebody_may_have_worked_on_is_not(error):
    assert reported(error=error).usage.input > 0


def test_moa_27_an_advisor_that_only_thought_until_its_limit_says_so():
    row = Row(position=1, label="p:m", state="empty", reason="length")
    assert row_text(row) == "✗ p:m · gave no answer: it used up its tokens for thinking"
    assert row_text(replace(row, reason="")) == "✗ p:m · gave no answer"
