"""The reference panel → components, Discord's own layout; or plain text where there are none.

Decides how much of each advisor fits. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from adapters.chat.discord.inert import plain
from adapters.chat.discord.markdown import render_line
from adapters.chat.discord.shapes import JsonObject
from core.frames import Panel, Row
from core.wording import panel_title, row_text

TEXT: Final = 4000
"""Characters of all texts of a message made of components."""

_SPARE: Final = 200
_MOST_TEXTS: Final = 25
_BLURPLE, _GREEN, _AMBER, _RED = 0x5865F2, 0x57F287, 0xFEE75C, 0xED4245
_CONTAINER, _TEXT = 17, 10


def container(panel: Panel, rows: Sequence[JsonObject]) -> JsonObject:
    """Give the panel as one container; `rows` are its rows of buttons."""
    texts = panel_texts(panel, TEXT - _SPARE)
    if len(texts) > _MOST_TEXTS:
        texts = ["\n".join(texts)]
    children: list[JsonObject] = [{"type": _TEXT, "content": each} for each in texts]
    return {"type": _CONTAINER, "accent_color": _colour(panel), "components": [*children, *rows]}


def panel_texts(panel: Panel, limit: int) -> list[str]:
    """Write title and advisors, one text each, together within `limit` characters."""
    texts = [f"**{plain(panel_title(panel))}**"[:limit]]
    rows = () if panel.detail in {"off", "line"} else panel.rows
    heads = [plain(row_text(row)) for row in rows]
    room = limit - len(texts[0]) - sum(len(head) + 1 for head in heads)
    said = [row for row in rows if row.gist]
    share = room // len(said) if said else 0
    for head, row in zip(heads, rows, strict=True):
        gist = _gist(row, share)
        texts.append(f"{head}\n{gist}" if gist else head)
    return _within(texts, limit)


def _gist(row: Row, share: int) -> str:
    """Write what an advisor said in a line, in small letters; nothing if there is no room."""
    text = render_line(row.gist)
    room = share - len("-# \n")
    return f"-# {text}" if text and len(text) <= room else ""


def _within(texts: list[str], limit: int) -> list[str]:
    """Leave out advisors at the end that do not fit, and say how many."""
    kept: list[str] = []
    used = 0
    for index, text in enumerate(texts):
        used += len(text) + 1
        if used > limit - 40:
            return [*kept, f"… and {len(texts) - index} more"]
        kept.append(text)
    return kept


def _colour(panel: Panel) -> int:
    if not panel.settled:
        return _BLURPLE
    answered = sum(row.state == "ok" for row in panel.rows)
    if answered == len(panel.rows):
        return _GREEN
    return _AMBER if answered else _RED
