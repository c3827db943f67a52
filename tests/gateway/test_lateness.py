"""An advisor that is late in half of its last 20 turns earns one notice (MOA-10)."""

from __future__ import annotations

from structlog.testing import capture_logs

from core.events import ReferencesDone
from core.outcomes import Advice, Outcome
from gateway.turn.lateness import Lateness


def fan_out(outcome: Outcome, label: str = "fake:slow") -> ReferencesDone:
    return ReferencesDone(advice=(Advice(position=1, label=label, outcome=outcome),))


def warned(lateness: Lateness, *outcomes: tuple[Outcome, int]) -> list[str]:
    with capture_logs() as logs:
        for outcome, times in outcomes:
            for _ in range(times):
                lateness.tell(fan_out(outcome))
    return [entry["advisor"] for entry in logs if entry["event"] == "advisor_often_late"]


def test_half_of_the_last_twenty_earns_one_notice() -> None:
    lateness = Lateness()
    assert warned(lateness, ("ok", 10), ("late", 9)) == []
    assert warned(lateness, ("late", 1)) == ["fake:slow"]
    assert warned(lateness, ("late", 15)) == []


def test_who_was_on_time_again_may_earn_another_notice() -> None:
    lateness = Lateness()
    assert warned(lateness, ("late", 20)) == ["fake:slow"]
    assert warned(lateness, ("ok", 20)) == []
    assert warned(lateness, ("late", 10)) == ["fake:slow"]


def test_who_is_late_about_every_other_time_earns_one_notice_moa_10() -> None:
    lateness = Lateness()
    assert warned(lateness, ("ok", 10), ("late", 10)) == ["fake:slow"]
    assert warned(lateness, ("ok", 11), ("late", 10)) == []


def test_a_skipped_advisor_is_not_counted() -> None:
    lateness = Lateness()
    assert warned(lateness, ("late", 10), ("skipped", 30)) == []
