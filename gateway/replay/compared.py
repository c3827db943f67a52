"""Puts a turn and its replay side by side, as text and as JSON. Decides nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from core.events import TurnFailed, TurnFinished
from core.wording import dollars_text, seconds_text

if TYPE_CHECKING:
    from core.events import Terminal
    from core.types import Json
    from gateway.replay.traced import Traced


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """One of both. `dollars` None: the price of a part is unknown."""

    preset: str
    ending: str
    error: str | None
    answer: str
    aggregator: str | None
    used: int
    asked: int
    tokens: int
    dollars: Decimal | None
    seconds: float


def as_text(traced: Traced, ending: Terminal, *, compare: bool) -> Iterator[str]:
    """Give the lines for people; with `compare` the old answer stands before the new one."""
    old, new = _old(traced), _new(ending)
    at = datetime.fromtimestamp(traced.started / 1000, UTC)
    yield f"Turn {traced.turn_id} of {at:%Y-%m-%d %H:%M} UTC, asked again."
    if traced.tools:
        yield f"Tools are off in a replay; the old turn called {traced.tools} of them."
    yield ""
    rows = [("", "old", "new"), *_rows(old, new)]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for name, before, after in rows:
        yield f"{name:{widths[0]}}  {before:{widths[1]}}  {after}".rstrip()
    for title, side in (("old", old), ("new", new)) if compare else (("new", new),):
        yield f"\n--- {title} answer ({side.preset})\n\n{side.answer or side.error or ''}"


def as_json(traced: Traced, ending: Terminal) -> Json:
    """Give both sides for programs; unknown dollars are null."""
    return {
        "turn_id": traced.turn_id,
        "tools_left_out": traced.tools,
        "old": _fields(_old(traced)),
        "new": _fields(_new(ending)),
    }


def _rows(old: _Side, new: _Side) -> list[tuple[str, str, str]]:
    named: dict[str, Callable[[_Side], str]] = {
        "preset": lambda side: side.preset,
        "ending": lambda side: side.ending,
        "answered by": lambda side: side.aggregator or "nobody",
        "advisors": lambda side: f"{side.used} of {side.asked}",
        "tokens": lambda side: f"{side.tokens:,}",
        "dollars": lambda side: "unknown" if side.dollars is None else dollars_text(side.dollars),
        "seconds": lambda side: seconds_text(side.seconds),
        "characters": lambda side: f"{len(side.answer):,}",
    }
    return [(name, told(old), told(new)) for name, told in named.items()]


def _old(traced: Traced) -> _Side:
    return _Side(
        preset=traced.preset,
        ending=traced.ending,
        error=traced.error,
        answer=traced.answer,
        aggregator=traced.calls[-1].label if traced.calls else None,
        used=sum(each.outcome == "ok" for each in traced.references),
        asked=len(traced.references),
        tokens=traced.usage.input + traced.usage.output,
        dollars=traced.dollars if traced.priced else None,
        seconds=traced.seconds,
    )


def _new(ending: Terminal) -> _Side:
    result = ending.result
    return _Side(
        preset=result.preset,
        ending="finished" if isinstance(ending, TurnFinished) else "failed",
        error=ending.error if isinstance(ending, TurnFailed) else None,
        answer=result.text,
        aggregator=result.calls[-1].label if result.calls else None,
        used=sum(each.outcome == "ok" for each in result.advice),
        asked=len(result.advice),
        tokens=result.usage.input + result.usage.output,
        dollars=result.dollars if result.priced else None,
        seconds=result.seconds,
    )


def _fields(side: _Side) -> Json:
    return {
        "preset": side.preset,
        "ending": side.ending,
        "error": side.error,
        "answer": side.answer,
        "aggregator": side.aggregator,
        "advisors": {"used": side.used, "asked": side.asked},
        "tokens": side.tokens,
        "dollars": None if side.dollars is None else format(side.dollars, "f"),
        "seconds": round(side.seconds, 3),
    }
