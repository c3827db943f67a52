"""Frames → Slack's blocks. Pure.

Decides what stands where in a message. Models' words are given as Markdown or plain text that
can call nobody; Slack's own markup is used only for what is written here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from adapters.chat.slack.actions import word_of
from adapters.chat.slack.manner import Manner
from adapters.chat.slack.text import escape, neutralise, pieces, shorten, within
from core.frames import Button, Frame, Notice, Panel, Part, Permission, Row
from core.types import Json
from core.wording import footer_text, panel_text, panel_title, row_text

Block: TypeAlias = dict[str, Json]

MARKDOWN: Final = 12_000
"""Characters of Markdown in one message."""
SECTION: Final = 3_000
TITLE: Final = 150
CHILDREN: Final = 10
LEAST: Final = 100
"""Characters of an advisor's text that are worth showing."""
LABEL: Final = 75
OPTIONS: Final = 100
BUTTONS: Final = 25
FALLBACK: Final = 3_900
"""Bytes of the text that notifications show; `chat.update` refuses more than 4,000."""
LINE: Final = 300
"""Characters of an error or a footer where Slack has refused a longer message."""
TIGHT: Final = 12_000
"""Characters of a whole message where Slack has refused a longer one."""

_PERSON: Final = re.compile(r"[UW][A-Z0-9]{2,20}")
_WAITING: Final = "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A whole message: its blocks, and the text for notifications and screen readers.

    Or `markdown` alone, which Slack takes together with neither.
    """

    blocks: list[Block]
    text: str
    markdown: str = ""


def whole(frame: Frame, manner: Manner) -> Body:
    """Render a message that stands by itself: posted, or replaced."""
    if manner.bare:
        return _bare(frame, manner)
    match frame.content:
        case Part() as part:
            return _part(part, frame, manner)
        case Panel() as panel:
            return _part(Part(turn_id=panel.turn_id, index=0, text="", panel=panel), frame, manner)
        case Notice(text=text) | Permission(text=text):
            blocks = [*_plain(text), *buttons_of(frame.buttons, rich=manner.rich)]
            return Body(blocks=blocks, text=fallback(text))
        case _:
            return Body(blocks=_plain(frame.content.name), text=fallback(frame.content.name))


def _bare(frame: Frame, manner: Manner) -> Body:
    """Say in one text what can be said without blocks."""
    match frame.content:
        case Part() as part:
            text = _in_one(part)
        case Panel() as panel:
            text = panel_title(panel)
        case Notice(text=text) | Permission(text=text):
            pass
        case _:
            text = frame.content.name
    if manner.plain:
        return Body(blocks=[], text=fallback(text))
    cut = text[: MARKDOWN - 100] if text.strip() else _WAITING
    return Body(blocks=[], text="", markdown=neutralise(cut))


def _in_one(part: Part) -> str:
    title = panel_title(part.panel) if part.panel else ""
    footer = footer_text(part.footer) if part.footer else ""
    return "\n\n".join(each for each in (part.text or title, part.error, footer) if each)


def below(part: Part, frame: Frame, manner: Manner) -> list[Block]:
    """Render what stands under an answer that is complete: advisors, error, footer, buttons."""
    blocks: list[Block] = []
    line = LINE if manner.tight else SECTION
    if part.error:
        blocks += _plain(shorten(part.error, line))
    if part.footer is not None:
        footer = shorten(footer_text(part.footer), line)
        blocks.append({"type": "context", "elements": [_text(footer)]})
    if frame.mention and _PERSON.fullmatch(frame.mention):
        blocks.append(
            {"type": "section", "text": {"type": "mrkdwn", "text": f"<@{frame.mention}>"}}
        )
    blocks += buttons_of(frame.buttons, rich=manner.rich)
    if part.panel is None or not any(row.text for row in part.panel.rows):
        return blocks
    room = TIGHT - len(part.text) - length(blocks) - TITLE
    room = room if manner.tight else CHILDREN * SECTION
    return [*_advisors(part.panel, room, rich=manner.rich), *blocks]


def length(value: Json) -> int:
    """Count the characters of all texts in blocks."""
    if isinstance(value, str):
        return 0
    if isinstance(value, Mapping):
        own = value.get("text")
        inside = sum(length(each) for each in value.values())
        return inside + (len(own) if isinstance(own, str) else 0)
    return sum(length(each) for each in value) if isinstance(value, Sequence) else 0


def fallback(text: str) -> str:
    """Give the text for notifications: escaped, so it calls nobody."""
    return within(text.strip() or _WAITING, FALLBACK, size=_bytes)


def _bytes(text: str) -> int:
    return len(text.encode())


def markdown(text: str) -> list[Block]:
    """Render a model's Markdown, which Slack reads natively."""
    return [
        {"type": "markdown", "text": neutralise(piece)} for piece in pieces(text, MARKDOWN - 100)
    ]


def _part(part: Part, frame: Frame, manner: Manner) -> Body:
    blocks: list[Block] = []
    panel = part.panel
    told = panel is not None and not part.streaming and any(row.text for row in panel.rows)
    if panel is not None and not told:
        room = TIGHT - len(part.text) - TITLE if manner.tight else CHILDREN * SECTION
        blocks += _plain(shorten(panel_text(panel), max(room, LEAST)))
    blocks += markdown(part.text)
    if part.streaming:
        blocks += buttons_of(frame.buttons, rich=manner.rich)
    else:
        blocks += below(part, frame, manner)
    words = part.text or part.error or (panel_title(panel) if panel is not None else "")
    return Body(blocks=blocks or _plain(_WAITING), text=fallback(words))


def _advisors(panel: Panel, room: int, *, rich: bool) -> list[Block]:
    """Fold the advisors' whole texts away; where that is refused, show their gists."""
    if not rich:
        return _plain(shorten(panel_text(panel), max(room, LEAST)))
    if room < LEAST * len(panel.rows):
        return _plain(shorten(panel_title(panel), TITLE))
    groups = [panel.rows[at : at + CHILDREN] for at in range(0, len(panel.rows), CHILDREN)]
    return [
        {
            "type": "container",
            "title": _text(shorten(panel_title(panel), TITLE)),
            "is_collapsible": True,
            "default_collapsed": True,
            "child_blocks": _children(rows, room // len(groups)),
        }
        for rows in groups
    ]


def _children(rows: Sequence[Row], room: int) -> list[Json]:
    """Render one group of advisors: sections, which every validator of containers takes."""
    each = CHILDREN // len(rows)
    share = min(each * (SECTION - 100), room // len(rows))
    children: list[Json] = []
    for row in rows:
        told = f"{row_text(row)}\n\n{row.text}" if row.text else row_text(row)
        cut = list(pieces(shorten(told, share), SECTION))
        children += [_section(piece) for piece in cut[:each]]
    return children


def _plain(text: str) -> list[Block]:
    return [_section(piece) for piece in list(pieces(text, SECTION))[:40]]


def _section(text: str) -> Block:
    return {"type": "section", "text": _text(text)}


def _text(text: str) -> Block:
    return {"type": "plain_text", "text": neutralise(text) or " ", "emoji": False}


def _label(text: str) -> Block:
    return {"type": "plain_text", "text": neutralise(shorten(text, LABEL)) or " ", "emoji": True}


def buttons_of(buttons: Sequence[Button], *, rich: bool) -> list[Block]:
    """Render buttons: choices as a menu, both thumbs as one element, the rest in a row."""
    picks = [button for button in buttons if button.action == "pick"][:OPTIONS]
    thumbs: dict[Literal["up", "down"], Button] = {
        each.action: each for each in buttons if each.action in {"up", "down"}
    }
    together = rich and len(thumbs) == 2
    row: list[Json] = [_menu(picks)] if picks else []
    row += [
        _button(button, number)
        for number, button in enumerate(buttons)
        if button.action != "pick" and not (together and button.action in thumbs)
    ]
    blocks: list[Block] = []
    if together:
        blocks.append({"type": "context_actions", "elements": [_thumbs(thumbs)]})
    if row:
        blocks.append({"type": "actions", "elements": row[:BUTTONS]})
    return blocks


def _button(button: Button, number: int) -> Block:
    return {
        "type": "button",
        "action_id": f"moa_{button.action}_{number}",
        "text": _label(button.label),
        "value": word_of(button),
    }


def _menu(picks: Sequence[Button]) -> Block:
    return {
        "type": "static_select",
        "action_id": "moa_pick",
        "placeholder": _label("Choose a preset"),
        "options": [{"text": _label(each.label), "value": word_of(each)} for each in picks],
    }


def _thumbs(thumbs: Mapping[Literal["up", "down"], Button]) -> Block:
    def side(button: Button) -> Block:
        return {"text": _label(button.label), "value": word_of(button)}

    return {
        "type": "feedback_buttons",
        "action_id": "moa_feedback",
        "positive_button": side(thumbs["up"]),
        "negative_button": side(thumbs["down"]),
    }


def quote(name: str, text: str) -> Body:
    """Render the question of `/moa ask`, which nobody else would see."""
    lines = within(text.replace("\n", "\n>"), SECTION - 200).replace("\n&gt;", "\n>")
    asked = f"*{escape(shorten(name, LABEL))}* asked:\n>{lines}"
    block: Block = {"type": "section", "text": {"type": "mrkdwn", "text": asked}}
    return Body(blocks=[block], text=fallback(f"{name} asked: {text}"))
