"""Frame → the body of Discord's call. Pure: the same frame gives the same body.

Decides that nothing of it can mention, unfurl or ring unless the frame says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from adapters.chat.discord.handles import custom_id
from adapters.chat.discord.inert import inert, plain
from adapters.chat.discord.markdown import render
from adapters.chat.discord.panel import container, panel_texts
from adapters.chat.discord.shapes import JsonObject
from core.frames import Button, File, Frame, Notice, Panel, Part, Permission
from core.markup import close, split, strip
from core.wording import footer_text

CONTENT: Final = 2000
"""Characters of a message's content."""
LIMIT: Final = 1900
"""Characters of an answer's part: room is left for what escaping adds."""

SUPPRESS_EMBEDS: Final = 1 << 2
EPHEMERAL: Final = 1 << 6
SILENT: Final = 1 << 12
COMPONENTS_V2: Final = 1 << 15

_ROW, _BUTTON, _SELECT = 1, 2, 3
_GREY, _RED = 2, 4
_IN_ROW: Final = 5
_ROWS: Final = 5
_OPTIONS: Final = 25
_LABEL: Final = 80
_NOTHING: Final = "…"
_BROKEN, _WIDE = "@\u200b", "＠"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that goes with a call."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What is sent. `layout`: it is made of components, and has no content."""

    json: JsonObject
    file: Upload | None = None
    layout: bool = False


def post_body(
    frame: Frame, *, delivery_id: str, reply_to: str | None = None, layout: bool = True
) -> Body:
    """Give the body of a new message; without `layout` a panel is plain text."""
    body = _body(frame, delivery_id=delivery_id, layout=layout)
    silent = 0 if frame.notify or frame.mention else SILENT
    extra: JsonObject = {"flags": _flags(body) | silent, "nonce": delivery_id[:25]}
    extra["enforce_nonce"] = True
    if reply_to is not None:
        extra["message_reference"] = {"message_id": reply_to, "fail_if_not_exists": False}
    return replace(body, json={**body.json, **extra})


def edit_body(frame: Frame, *, delivery_id: str | None = None, layout: bool = True) -> Body:
    """Give the body of an edit."""
    body = _body(frame, delivery_id=delivery_id, layout=layout)
    return replace(body, json={**body.json, "flags": _flags(body)})


def whisper_bodies(frame: Frame) -> tuple[Body, ...]:
    """Give the messages that one person alone reads; a long text takes several."""
    bodies = [_body(each, delivery_id=None, layout=True) for each in _pieces(frame)]
    return tuple(
        replace(body, json={**body.json, "flags": _flags(body) | EPHEMERAL}) for body in bodies
    )


def quoting(question: str) -> JsonObject:
    """Give the public message that shows what somebody asked with a command."""
    shown = plain(question)
    if len(shown) > LIMIT:
        shown = plain(question[: LIMIT // 2]) + " …"
    quoted = "\n".join(f"> {line}" for line in shown.split("\n"))
    return {
        "content": quoted[:CONTENT],
        "flags": SUPPRESS_EMBEDS,
        "allowed_mentions": allowed(None),
    }


def allowed(mention: str | None) -> JsonObject:
    """Say whom a message may ping: nobody, or this one."""
    pinged: JsonObject = {"parse": [], "replied_user": False}
    return pinged if mention is None else {**pinged, "users": [mention]}


def _flags(body: Body) -> int:
    return SUPPRESS_EMBEDS | (COMPONENTS_V2 if body.layout else 0)


def _pieces(frame: Frame) -> list[Frame]:
    """Cut what is longer than a message; the buttons stand under the last one."""
    content = frame.content
    if isinstance(content, Panel | File | Permission) or len(content.text) <= LIMIT:
        return [frame]
    texts = split(content.text, LIMIT)
    cut = [replace(frame, content=replace(content, text=text), buttons=()) for text in texts]
    cut[-1] = replace(cut[-1], buttons=frame.buttons)
    return cut


# --- what it says ---------------------------------------------------------------------------


def _body(frame: Frame, *, delivery_id: str | None, layout: bool) -> Body:
    rows = button_rows(frame.buttons, delivery_id)
    said: JsonObject = {"allowed_mentions": allowed(frame.mention)}
    match frame.content:
        case Panel() as panel if layout:
            return Body(json={**said, "components": [container(panel, rows)]}, layout=True)
        case File() as file:
            upload = Upload(name=file.name, data=file.text.encode("utf-8", "replace"))
            named: JsonObject = {"attachments": [{"id": 0, "filename": file.name}]}
            return Body(json={**said, **named, "components": rows}, file=upload)
        case Panel() | Part() | Notice() | Permission() as written:
            content = _content(written, frame.mention) or _NOTHING
            return Body(json={**said, "content": content, "components": rows})


def _content(content: Panel | Part | Notice | Permission, mention: str | None) -> str:
    match content:
        case Panel():
            return "\n".join(panel_texts(content, CONTENT))
        case Part():
            return _part(content, mention)
        case Notice(text=text) | Permission(text=text):
            return _fitting(plain(text), text)


def _part(part: Part, mention: str | None) -> str:
    """Write an answer's share with what stands below it."""
    below = []
    if part.error:
        below.append(plain(part.error))
    if part.footer is not None:
        below.append("-# " + plain(footer_text(part.footer).replace("\n", " ")))
    tail = "\n".join(below)[: CONTENT - 40]
    if mention:
        tail = f"{tail}\n<@{mention}>".strip()
    room = CONTENT - len(tail) - 2
    shown = render(part.text)
    if len(shown) > room:  # tables with many columns are mostly blanks
        shown = render(part.text, aligned=False)
    text = _fitting(shown, part.text, room)
    return "\n\n".join(each for each in (text, tail) if each)


def _fitting(shown: str, source: str, room: int = CONTENT) -> str:
    """Give what fits: rendered, else as it was written, else with signs of the same length."""
    if len(shown) <= room:
        return shown
    raw = inert(source)
    if len(raw) > room:
        raw = raw.replace(_BROKEN, _WIDE).replace("<\u200b", "‹")
    return raw if len(raw) <= room else close(raw[: room - 8])[:room]


# --- buttons --------------------------------------------------------------------------------


def button_rows(buttons: Sequence[Button], delivery_id: str | None) -> list[JsonObject]:
    """Lay out buttons in rows; choices become a list to pick from."""
    picks = [each for each in buttons if each.action == "pick"]
    others = [each for each in buttons if each.action != "pick"]
    rows = [_select(picks[:_OPTIONS])] if picks else []
    for start in range(0, len(others), _IN_ROW):
        row = [_button(each, delivery_id) for each in others[start : start + _IN_ROW]]
        rows.append({"type": _ROW, "components": row})
    return rows[:_ROWS]


def _button(button: Button, delivery_id: str | None) -> JsonObject:
    return {
        "type": _BUTTON,
        "style": _RED if button.action == "stop" else _GREY,
        "label": _label(button, _LABEL),
        "custom_id": custom_id(button, delivery_id),
    }


def _label(button: Button, limit: int) -> str:
    return strip(button.label).strip()[:limit] or _NOTHING


def _select(picks: Sequence[Button]) -> JsonObject:
    options = [
        {"label": _label(each, 100), "value": custom_id(each, None)} for each in _distinct(picks)
    ]
    select: JsonObject = {
        "type": _SELECT,
        "custom_id": f"pick:{picks[0].turn_id}:"[:100],
        "placeholder": "Choose",
        "options": options,
    }
    return {"type": _ROW, "components": [select]}


def _distinct(picks: Sequence[Button]) -> list[Button]:
    """Drop what would be the same choice twice, which Discord refuses."""
    return list({custom_id(each, None): each for each in picks}.values())
