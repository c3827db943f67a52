"""One row for each figure, and the two ways to print them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rich import box
from rich.console import Console
from rich.table import Table

WHOLE = 100
"""From here on a figure is printed without decimals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure. `limit` is what the target comes to in this run, None where there is none.

    `least` says that the target is reached from below.
    """

    what: str
    unit: str
    ours: float
    floor: float | None = None
    target: str = "-"
    limit: float | None = None
    least: bool = False

    @property
    def ratio(self) -> float | None:
        """How many times the floor."""
        return self.ours / self.floor if self.floor else None

    @property
    def verdict(self) -> str:
        """Whether the target holds in this run."""
        if self.limit is None:
            return ""
        held = self.ours >= self.limit if self.least else self.ours <= self.limit
        return "ok" if held else "MISSED"


def print_table(rows: Sequence[Row], console: Console) -> None:
    """Print for people, as Markdown: README.md holds such a table."""
    table = Table("figure", "floor", "ours", "ratio", "target", "verdict", box=box.MARKDOWN)
    for row in rows:
        table.add_row(
            row.what,
            "" if row.floor is None else _figure(row.floor, row.unit),
            _figure(row.ours, row.unit),
            "" if row.ratio is None else f"{row.ratio:.2f}",
            row.target,
            row.verdict,
        )
    console.print(table)


def print_json(rows: Sequence[Row]) -> None:
    """Print for programs."""
    figures = [asdict(row) | {"ratio": row.ratio, "verdict": row.verdict} for row in rows]
    print(json.dumps(figures, indent=2))


def _figure(value: float, unit: str) -> str:
    digits = 2 if unit == "s" else 0 if value >= WHOLE or not unit else 1
    return f"{value:.{digits}f} {unit}".rstrip()
