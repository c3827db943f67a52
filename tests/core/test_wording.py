"""Shows how figures and states read; a state is always said in words too."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from core.frames import Footer, Panel, Row
from core.types import Usage
from core.wording import dollars_text, footer_text, panel_text, row_text

FOOTER = Footer(
    preset="review",
    used=2,
    asked=3,
    usage=Usage(input=1000, cache_read=580, output=234),
    dollars=Decimal("0.0042"),
    priced=True,
    seconds=6.1,
)


def test_a_footer_names_preset_advisors_tokens_money_and_time():
    assert footer_text(FOOTER) == (
        "review · advisors 2/3 · 1,234 tokens (58 % cached) · $0.0042 · 6.1 s"
    )


def test_an_estimate_is_marked_and_an_unknown_price_is_never_zero():
    guess = replace(FOOTER, usage=replace(FOOTER.usage, estimated=True), notes=("by fallback",))
    assert "~1,234 tokens" in footer_text(guess)
    assert "~$0.0042" in footer_text(guess)
    assert footer_text(guess).endswith("by fallback")
    unknown = replace(FOOTER, priced=False)
    assert "$0.0042 + unknown prices" in footer_text(unknown)
    assert " · price unknown · " in footer_text(replace(unknown, dollars=Decimal(0)))


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "$0"),
        ("0.00001", "< $0.0001"),
        ("0.0042", "$0.0042"),
        ("0.5", "$0.500"),
        ("1234.5", "$1,234.50"),
    ],
)
def test_amounts(amount, text):
    assert dollars_text(Decimal(amount)) == text


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (Row(position=1, label="m"), "… m · waiting"),
        (Row(position=1, label="m", state="writing", words=1), "… m · writing (1 word)"),
        (
            Row(position=1, label="m", state="ok", seconds=3.1, dollars=Decimal("0.004")),
            "✓ m · done · 3.1 s · $0.0040",
        ),
        (Row(position=1, label="m", state="ok", seconds=75), "✓ m · done · 75 s · price unknown"),
        (
            Row(position=1, label="m", role="skeptic", state="failed", reason="busy"),
            "✗ m (skeptic) · failed: overloaded or out of order",
        ),
        (Row(position=1, label="m", state="timed_out", seconds=30), "✗ m · timed out after 30.0 s"),
        (Row(position=1, label="m", state="late"), "– m · late, unused"),
        (Row(position=1, label="m", state="skipped", reason="no key"), "– m · skipped: no key"),
        (Row(position=1, label="m", state="empty"), "✗ m · gave no answer"),
        (Row(position=1, label="m", state="cancelled"), "– m · stopped"),
    ],
)
def test_rows(row, text):
    assert row_text(row) == text


def test_a_panel_of_detail_line_is_one_line():
    rows = (Row(position=1, label="m", state="ok", gist="Yes."), Row(position=2, label="n"))
    panel = Panel(turn_id="t", preset="review", rows=rows, round=2, detail="line")
    assert panel_text(panel) == "review · round 2 · asking 2 advisors, 1 answered"
    settled = replace(panel, settled=True, detail="summary", round=1)
    assert panel_text(settled).startswith("review · 1 of 2 advisors answered\n✓ m")
    assert "    Yes." in panel_text(settled)
