"""The table that a chaos run ends with."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.chaos.ledger import Count
    from tests.chaos.world import Report

ROWS: Sequence[tuple[str, Callable[[Count], int]]] = (
    ("asked", lambda each: each.asked),
    ("accepted", lambda each: each.accepted),
    ("answered", lambda each: each.answered),
    ("noted as uncertain", lambda each: each.uncertain),
    ("given up after 3 cuts", lambda each: each.given_up),
    ("stopped by the asker", lambda each: each.stopped),
    ("deleted meanwhile", lambda each: each.taken_back),
    ("lost", lambda each: len(each.lost)),
    ("doubled", lambda each: len(each.doubled)),
)


def table(report: Report) -> str:
    """Write it."""
    names = list(report.counts)
    lines = [_line("", [*names, "in all"])]
    for name, value in ROWS:
        found = [value(each) for each in report.counts.values()]
        lines.append(_line(name, [*map(str, found), str(sum(found))]))
    ready = report.ready or [0.0]
    facts = (
        ("paid twice", str(len(report.paid_twice))),
        ("calls of models", f"{report.calls}, {report.again} of them again after a cut"),
        (
            "kills",
            f"{report.kills}: {report.newborn} while it started, {report.terms} behind a SIGTERM",
        ),
        ("faults of platforms", str(report.faults)),
        ("seconds to recover", f"median {median(ready):.2f}, at most {max(ready):.2f}"),
    )
    lines += [f"{name:<24}{text}" for name, text in facts]
    return "\n".join([*lines, *report.broken])


def _line(name: str, cells: Sequence[str]) -> str:
    return f"{name:<24}" + "".join(f"{each:>10}" for each in cells)
