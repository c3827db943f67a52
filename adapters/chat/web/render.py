"""Frame → what the page gets as JSON. Pure: the same frame gives the same view.

Views carry finished HTML, so that the page needs no Markdown and makes no decision about safety.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

import msgspec

from adapters.chat.web.markdown import blocks, settled_blocks
from core.frames import (
    Action,
    Button,
    Detail,
    File,
    Footer,
    Frame,
    Notice,
    Panel,
    Part,
    Permission,
    Row,
    RowState,
)
from core.texts.turns import STOPPED
from core.wording import footer_text, row_text

SEPARATOR = " · "


class ButtonView(msgspec.Struct, frozen=True, kw_only=True):
    """Something to press."""

    action: Action
    label: str
    value: str = ""


class RowView(msgspec.Struct, frozen=True, kw_only=True):
    """One advisor. `said` is its state in words, with what it took."""

    position: int
    label: str
    state: RowState
    role: str
    said: str
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
    """What an answer took, in words, one fact each; `notes` are sentences."""

    facts: tuple[str, ...]
    notes: tuple[str, ...]


class PartView(msgspec.Struct, frozen=True, kw_only=True, tag="part", tag_field="kind"):
    """A share of the answer. `text` is the Markdown, for copying, once it is whole.

    `stopped`: the error is no failure, somebody wanted it so.
    """

    key: str
    turn_id: str
    index: int
    blocks: tuple[str, ...]
    text: str
    streaming: bool
    footer: FooterView | None
    error: str | None
    stopped: bool
    buttons: tuple[ButtonView, ...]


class FileView(msgspec.Struct, frozen=True, kw_only=True):
    """A file to be saved."""

    name: str
    text: str


class NoticeView(msgspec.Struct, frozen=True, kw_only=True, tag="notice", tag_field="kind"):
    """A sentence of the program's own, or a file that somebody asked for."""

    key: str
    blocks: tuple[str, ...]
    buttons: tuple[ButtonView, ...]
    file: FileView | None = None


class PermissionView(msgspec.Struct, frozen=True, kw_only=True, tag="permission", tag_field="kind"):
    """A call of a tool that somebody is asked about. Plain text, shown as it is."""

    key: str
    turn_id: str
    title: str
    arguments: str
    below: str
    buttons: tuple[ButtonView, ...]


View: TypeAlias = PanelView | PartView | NoticeView | PermissionView


def view(frame: Frame) -> View:
    """Give the page's view of a frame."""
    match frame.content:
        case Panel() as panel:
            return _panel(frame, panel)
        case Part() as part:
            return _part(frame, part)
        case Permission() as asked:
            return PermissionView(
                key=frame.key,
                turn_id=asked.turn_id,
                title=asked.title,
                arguments=asked.arguments,
                below=asked.below,
                buttons=_buttons(frame.buttons),
            )
        case File(name=name, text=text):
            file = FileView(name=name, text=text)
            return NoticeView(key=frame.key, blocks=(), buttons=(), file=file)
        case Notice(text=text):
            return NoticeView(
                key=frame.key, blocks=settled_blocks(text), buttons=_buttons(frame.buttons)
            )


def turn_of(frame: Frame) -> str | None:
    """Give the turn that a frame belongs to; None for a notice of no turn."""
    match frame.content:
        case Panel(turn_id=turn_id) | Part(turn_id=turn_id):
            return turn_id
        case File(turn_id=turn_id):
            return turn_id or None
        case Permission(turn_id=turn_id):
            return turn_id
        case Notice():
            return None


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
        said=_said(row),
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
        stopped=part.error == STOPPED,
        buttons=_buttons(frame.buttons),
    )


def _said(row: Row) -> str:
    """Say what became of an advisor; who it is stands beside it already."""
    return row_text(replace(row, label="", role="")).partition(SEPARATOR)[2]


def _footer(footer: Footer) -> FooterView:
    facts = footer_text(replace(footer, notes=())).split(SEPARATOR)
    return FooterView(facts=tuple(filter(None, facts)), notes=footer.notes)


def _buttons(buttons: tuple[Button, ...]) -> tuple[ButtonView, ...]:
    return tuple(
        ButtonView(action=each.action, label=_word(each.label), value=each.value)
        for each in buttons
    )


def _word(label: str) -> str:
    """Leave out the sign before a label: a page has room for words."""
    sign, _, word = label.partition(" ")
    return word if word and not sign.isalnum() else label
