"""Frames of a turn, as the presenter makes them for Slack."""

from __future__ import annotations

from decimal import Decimal

from core.frames import Button, Footer, Frame, Panel, Part, Row, RowState
from core.types import Usage

TURN = "0123456789abcdef01234567"


def panel(*states: RowState, settled: bool = False, text: str = "") -> Panel:
    rows = tuple(
        Row(
            position=number,
            label=f"model-{number}",
            state=state,
            seconds=3.1 if state == "ok" else None,
            dollars=Decimal("0.0042") if state == "ok" else None,
            gist="Use Postgres." if state == "ok" else "",
            text=(text or "Use Postgres. It is **boring**.") if state == "ok" else "",
        )
        for number, state in enumerate(states, 1)
    )
    return Panel(turn_id=TURN, preset="review", rows=rows, settled=settled)


FOOTER = Footer(
    preset="review",
    used=2,
    asked=3,
    usage=Usage(input=1000, output=234),
    dollars=Decimal("0.031"),
    priced=True,
    seconds=11.2,
)


def button(action, label, value=""):
    return Button(action=action, label=label, turn_id=TURN, value=value)


ENDING = (
    button("retry", "🔁 Retry"),
    button("preset", "🎛 Preset"),
    button("up", "👍 Good"),
    button("down", "👎 Bad"),
    button("remove", "🗑 Remove"),
)


def streaming(text: str, of: Panel | None = None, *, index: int = 0) -> Frame:
    part = Part(turn_id=TURN, index=index, text=text, streaming=True, panel=of)
    return Frame(
        key=f"answer/{index}", content=part, buttons=(button("stop", "⏹ Stop"),), notify=True
    )


def final(text: str, of: Panel | None = None, *, error: str | None = None, index=0) -> Frame:
    part = Part(turn_id=TURN, index=index, text=text, footer=FOOTER, panel=of, error=error)
    return Frame(key=f"answer/{index}", content=part, buttons=ENDING, final=True, notify=True)
