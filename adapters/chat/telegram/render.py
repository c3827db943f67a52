"""A frame → the text, the entities and the keyboard of one Telegram message. Pure.

Decides how a panel, a part and a notice look within 4,096 UTF-16 units and 100 entities. Where
formatting does not fit, formatting goes and words stay. It never fails and never mentions
anybody but the one person whom a frame names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from adapters.chat.telegram.buttons import Keyboard, keyboard
from adapters.chat.telegram.markdown import markdown
from adapters.chat.telegram.styled import LIMIT, Styled, joined
from core.frames import Content, File, Frame, Notice, Panel, Part, Permission, Row
from core.markup import split, strip, utf16
from core.wording import footer_text, panel_title, row_text

CURSOR: Final = " ▌"
QUOTE: Final = 1000
"""UTF-16 units of an advisor's text in the panel; all of it comes with a button."""
NOTHING: Final = "…"
"""Stands where there is nothing to show, since a message cannot be empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A message as Telegram takes it."""

    body: Styled
    keys: Keyboard | None = None

    def values(self, *, plain: bool = False) -> dict[str, object]:
        """Give what sendMessage and editMessageText want; `plain` without formatting."""
        entities = [] if plain else [each.json() for each in self.body.entities]
        return {
            "text": self.body.text,
            "entities": entities or None,
            "link_preview_options": {"is_disabled": True},
            "reply_markup": self.keys,
        }


def render(frame: Frame, *, cursor: bool = True, name: str = "") -> Rendered:
    """Render a frame that is no file.

    `cursor`: whether a part that is being written ends in one. `name` is that of the person whom
    the frame mentions.
    """
    body = _body(frame.content, _mention(frame, name), cursor=cursor)
    return Rendered(body=_fit(body), keys=keyboard(frame.buttons))


def code_messages(text: str) -> list[Rendered]:
    """Make messages of the text of a file, as code."""
    longest = max((len(each) for each in re.findall("`+", text)), default=0)
    fence = "`" * max(longest + 1, 3)
    parts = split(f"{fence}\n{text}\n{fence}", LIMIT, utf16) if text.strip() else ()
    bodies = [markdown(each) for each in parts] or [Styled(text).within("pre")]
    return [Rendered(body=_fit(each)) for each in bodies]


def _body(content: Content, mention: Styled, *, cursor: bool) -> Styled:
    match content:
        case Panel():
            return _panel(content)
        case Part():
            return _part(content, mention, cursor=cursor)
        case Notice() | Permission():
            return joined([Styled(strip(content.text)).inert(), mention])
        case File():
            return Styled(strip(content.name)).inert()


def _fit(body: Styled) -> Styled:
    """Make it a message in any case."""
    body = body.trimmed().few().inert()  # code that lost its entity may hold mentions
    if body.size > LIMIT:
        body = Styled(cut(body.text, LIMIT)).inert()
    return body if body.text.strip() else Styled(NOTHING)


def cut(text: str, room: int) -> str:
    """Cut a text to `room` UTF-16 units, between words; "…" says that there was more."""
    if utf16(text) <= room:
        return text
    return "".join(split(text, max(room - 2, 1), utf16)[:1]) + " …"


def _mention(frame: Frame, name: str) -> Styled:
    if frame.mention is None or not frame.mention.isdecimal():
        return Styled()
    return Styled(strip(name) or "↑").inert().within("text_mention", user=int(frame.mention))


# --- the answer -----------------------------------------------------------------------------


def _part(part: Part, mention: Styled, *, cursor: bool) -> Styled:
    error = Styled(strip(part.error or "")).inert()
    footer = Styled(strip(footer_text(part.footer)) if part.footer else "").inert()
    below = joined([error, footer.within("italic"), mention])
    writing = CURSOR if part.streaming and cursor else ""
    body = joined([markdown(part.text) + writing, below])
    if body.size <= LIMIT:
        return body
    room = max(LIMIT - below.size - utf16(writing) - 4, LIMIT // 4)
    return joined([Styled(cut(strip(part.text), room)).inert() + writing, below])


# --- the panel ------------------------------------------------------------------------------


def _panel(panel: Panel) -> Styled:
    title = Styled(strip(panel_title(panel))).inert().within("bold")
    if panel.detail == "line":
        return title
    lines = [Styled(strip(row_text(row))).inert() for row in panel.rows]
    if not panel.settled:
        return joined([title, *lines], "\n")
    quoted = [row for row in panel.rows if row.gist or row.text]
    taken = joined([title, *lines], "\n").size
    room = (LIMIT - 64 - taken) // len(quoted) - 2 if quoted else 0
    kind = "blockquote" if panel.detail == "full" else "expandable_blockquote"
    pieces = [title]
    for row, line in zip(panel.rows, lines, strict=True):
        pieces += [line, _quote(row, min(room, QUOTE)).within(kind)]
    return joined(pieces, "\n")


def _quote(row: Row, room: int) -> Styled:
    """Give the beginning of an advisor's text, without its formatting."""
    if room < len(NOTHING) * 40:
        return Styled()
    # More than what is shown need not be rendered, and may be very long.
    shown = Styled(markdown(row.text[: 3 * room // 2]).text).inert().text
    gist = Styled(strip(row.gist)).inert().text
    if " ".join(gist.split()) not in " ".join(shown.split()):
        shown = f"{gist}\n\n{shown}"  # it says the most, and stands below a table, say
    return Styled(cut(shown, room).strip())
