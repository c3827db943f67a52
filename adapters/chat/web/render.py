"""Frame → what the page gets as JSON. Pure: the same frame gives the same view.

Views carry finished HTML, so that the page needs no Markdown and makes no decision about safety.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypeAlias

import msgspec

from adapters.chat.web.markdown import blocks, settled_blocks
from core.frames import Action, Button, Detail, Footer, Frame, Notice, Panel, Part, Row, RowState


class ButtonView(msgspec.Struct, frozen=True, kw_only=True):
    """Something to press."""

    action: Action
    label: str


class RowView(msgspec.Struct, frozen=True, kw_only=True):
    """One advisor. `dollars` is written out, None where nothing was asked or nobody knows."""

    position: int
    label: str
    state: RowState
    role: str
    words: int
    seconds: float | None
    dollars: str | None
    reason: str
    gist: str
    blocks: tuple[str, ...]


class PanelView(msgspec.Struct, frozen=True, kw_only=True, tag="panel", tag_field="kind"):
    """The reference panel."""

    key: str
    turn_id: str
    preset: str
    rows: tuple[RowView, ...]
    settled: bool
    round: int
    detail: Detail
    buttons: tuple[ButtonView, ...]


class FooterView(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer took. `dollars` None: the price is unknown."""

    preset: str
    used: int
    asked: int
    tokens: int
    cached: int
    estimated: bool
    dollars: str | None
    seconds: float
    notes: tuple[str, ...]


class PartView(msgspec.Struct, frozen=True, kw_only=True, tag="part", tag_field="kind"):
    """A share of the answer. `text` is the Markdown, for copying, once it is whole."""

    key: str
    turn_id: str
    index: int
    blocks: tuple[str, ...]
    text: str
    streaming: bool
    footer: FooterView | None
    error: str | None
    buttons: tuple[ButtonView, ...]


class NoticeView(msgspec.Struct, frozen=True, kw_only=True, tag="notice", tag_field="kind"):
    """A sentence of the program's own."""

    key: str
    blocks: tuple[str, ...]
    buttons: tuple[ButtonView, ...]


View: TypeAlias = PanelView | PartView | NoticeView


def view(frame: Frame) -> View:
    """Give the page's view of a frame."""
    match frame.content:
        case Panel() as panel:
            return _panel(frame, panel)
        case Part() as part:
            return _part(frame, part)
        case Notice(text=text):
            return NoticeView(
                key=frame.key, blocks=settled_blocks(text), buttons=_buttons(frame.buttons)
            )


def turn_of(frame: Frame) -> str | None:
    """Give the turn that a frame belongs to; None for a notice of no turn."""
    match frame.content:
        case Panel(turn_id=turn_id) | Part(turn_id=turn_id):
            return turn_id
        case Notice():
            return None


def money(dollars: Decimal) -> str:
    """Write dollars: cents from a dollar up, else as many digits as tell something."""
    if not dollars:
        return "$0"
    if dollars < Decimal("0.0001"):
        return "<$0.0001"
    digits = 2 if dollars >= 1 else 3 if dollars >= Decimal("0.01") else 4
    return f"${dollars:.{digits}f}"


def _panel(frame: Frame, panel: Panel) -> PanelView:
    shown = panel.detail in {"summary", "full"}
    return PanelView(
        key=frame.key,
        turn_id=panel.turn_id,
        preset=panel.preset,
        rows=tuple(_row(row, texts=shown) for row in panel.rows),
        settled=panel.settled,
        round=panel.round,
        detail=panel.detail,
        buttons=_buttons(frame.buttons),
    )


def _row(row: Row, *, texts: bool) -> RowView:
    return RowView(
        position=row.position,
        label=row.label,
        state=row.state,
        role=row.role,
        words=row.words,
        seconds=row.seconds,
        dollars=None if row.dollars is None else money(row.dollars),
        reason=row.reason,
        gist=row.gist if texts else "",
        blocks=settled_blocks(row.text) if texts and row.text else (),
    )


def _part(frame: Frame, part: Part) -> PartView:
    render = blocks if part.streaming else settled_blocks
    return PartView(
        key=frame.key,
        turn_id=part.turn_id,
        index=part.index,
        blocks=render(part.text),
        text="" if part.streaming else part.text,
        streaming=part.streaming,
        footer=None if part.footer is None else _footer(part.footer),
        error=part.error,
        buttons=_buttons(frame.buttons),
    )


def _footer(footer: Footer) -> FooterView:
    usage = footer.usage
    return FooterView(
        preset=footer.preset,
        used=footer.used,
        asked=footer.asked,
        tokens=usage.input + usage.output,
        cached=round(100 * usage.cache_read / usage.input) if usage.input else 0,
        estimated=usage.estimated,
        dollars=money(footer.dollars) if footer.priced else None,
        seconds=footer.seconds,
        notes=footer.notes,
    )


def _buttons(buttons: tuple[Button, ...]) -> tuple[ButtonView, ...]:
    return tuple(ButtonView(action=each.action, label=each.label) for each in buttons)
