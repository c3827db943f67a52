"""What Slack makes of the words that a person types: escaped text, and rich text beside it."""

from __future__ import annotations

import html
import re

from tests.simulators.slack.model import Json

TOKEN = re.compile(
    r"<(?:@(?P<user>[UW][A-Z0-9]+)|#(?P<channel>[CG][A-Z0-9]+)|!(?P<range>here|channel|everyone))"
    r"(?:\|[^>]*)?>"
    r"|(?P<url>https?://[^\s<>|]+)"
)


def escaped(text: str) -> str:
    """Write it as events carry it: `& < >` escaped, addresses in angle brackets."""
    return "".join(
        f"<{html.escape(part, quote=False)}>" if kind == "url" else part if kind else _plain(part)
        for kind, part in _parts(text)
    )


def _plain(text: str) -> str:
    return html.escape(text, quote=False)


def rich(text: str) -> Json:
    """Write it as the rich text block that comes with a person's message."""
    elements = [_element(kind, part) for kind, part in _parts(text)]
    section = {"type": "rich_text_section", "elements": elements}
    return {"type": "rich_text", "block_id": "typed", "elements": [section]}


def _element(kind: str, part: str) -> Json:
    found = TOKEN.fullmatch(part)
    match kind:
        case "user":
            return {"type": "user", "user_id": found["user"] if found else ""}
        case "channel":
            return {"type": "channel", "channel_id": found["channel"] if found else ""}
        case "range":
            return {"type": "broadcast", "range": found["range"] if found else ""}
        case "url":
            return {"type": "link", "url": part}
        case _:
            return {"type": "text", "text": part}


def _parts(text: str) -> list[tuple[str, str]]:
    """Cut a text into what means something, by its kind, and what is only words."""
    parts, at = [], 0
    for found in TOKEN.finditer(text):
        parts += [("", text[at : found.start()]), (found.lastgroup or "", found.group())]
        at = found.end()
    return [(kind, part) for kind, part in [*parts, ("", text[at:])] if part]
