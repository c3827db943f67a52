"""Turns to tell listeners about, in the words of the engine."""

from __future__ import annotations

from decimal import Decimal

from core.events import TurnResult, TurnStarted
from core.outcomes import Advice, CallReport, Outcome
from core.types import Usage


def started(*labels: str, turn_id: str = "t1") -> TurnStarted:
    return TurnStarted(turn_id=turn_id, preset="review", labels=labels, aggregator="boss")


def advice(position: int, outcome: Outcome = "ok", text: str = "", reason: str = "") -> Advice:
    call = (
        CallReport(label="m", seconds=3.1, dollars=Decimal("0.0042")) if outcome == "ok" else None
    )
    return Advice(
        position=position,
        label=f"m{position}",
        outcome=outcome,
        text=text,
        reason=reason,
        call=call,
    )


def result(text: str = "", *advices: Advice) -> TurnResult:
    return TurnResult(
        text=text,
        preset="review",
        advice=advices,
        calls=(),
        usage=Usage(input=1000, cache_read=580, output=234),
        dollars=Decimal("0.0042"),
        priced=True,
        seconds=6.1,
        finish="stop",
    )
