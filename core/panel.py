"""Decides what the reference panel says at each moment of a turn. Makes no messages of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from core.events import (
    ReferenceDone,
    ReferenceProgress,
    ReferencesDone,
    ReferenceStarted,
    TurnEvent,
    TurnStarted,
)
from core.frames import Detail, Panel, Row
from core.markup import gist, sanitise
from core.outcomes import Advice


class LivePanel:
    """The panel of one turn; `now` is None while there is nothing to show in it."""

    def __init__(self, turn_id: str, detail: Detail) -> None:
        self._turn = turn_id
        self._detail = detail
        self.now: Panel | None = None

    def tell(self, event: TurnEvent) -> None:
        """Take in what happened to the references; the rest concerns others."""
        match event:
            case TurnStarted() if event.labels and self._detail != "off":
                rows = tuple(Row(position=n, label=s) for n, s in enumerate(event.labels, 1))
                self.now = Panel(
                    turn_id=self._turn, preset=event.preset, rows=rows, detail=self._detail
                )
            case ReferenceStarted() if self.now and event.round > self.now.round:
                rows = tuple(Row(position=row.position, label=row.label) for row in self.now.rows)
                self.now = replace(self.now, rows=rows, round=event.round, settled=False)
            case ReferenceProgress() if self._detail != "line":
                self._writing(event.position, event.words)
            case ReferenceDone():
                self._land(event.advice)
            case ReferencesDone():
                for advice in event.advice:
                    self._land(advice)
                if self.now is not None:
                    self.now = replace(self.now, settled=True)
            case _:
                pass

    def end(self, used: Sequence[Advice]) -> None:
        """Close the panel at the turn's end; who has not landed by then never will.

        Of advice that was `used` again nobody was told while the turn ran (MOA-24).
        """
        if self.now is None:
            return
        open_ = {row.position for row in self.now.rows if row.state in {"waiting", "writing"}}
        for advice in used:
            if advice.position in open_:
                self._land(advice)
        rows = tuple(
            replace(row, state="cancelled") if row.state in {"waiting", "writing"} else row
            for row in self.now.rows
        )
        self.now = replace(self.now, rows=rows, settled=True)

    def _writing(self, position: int, words: int) -> None:
        """Show that an advisor writes, unless it has landed already."""
        if self.now is None:
            return
        rows = tuple(
            replace(row, state="writing", words=words)
            if row.position == position and row.state in {"waiting", "writing"}
            else row
            for row in self.now.rows
        )
        self.now = replace(self.now, rows=rows)

    def _land(self, advice: Advice) -> None:
        if self.now is not None:
            row = row_of(advice)
            if self._detail != "line" and advice.outcome == "ok":
                text = sanitise(advice.text)
                row = replace(row, gist=gist(text), text=text)
            rows = tuple(row if row.position == old.position else old for old in self.now.rows)
            self.now = replace(self.now, rows=rows)


def row_of(advice: Advice) -> Row:
    """Give an advisor's row, without what it said."""
    return Row(
        position=advice.position,
        label=advice.label,
        role=advice.role,
        state=advice.outcome,
        reason=advice.reason,
        in_place_of=advice.in_place_of,
        seconds=advice.call.seconds if advice.call else None,
        dollars=_dollars(advice),
    )


def _dollars(advice: Advice) -> Decimal | None:
    """Add up what all its calls took; None where nothing was asked, or a price is unknown."""
    known = [call.dollars for call in advice.calls if call.dollars is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(advice.calls) else None
