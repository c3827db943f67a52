"""Slack's text ↔ plain text, and what makes other people's text harmless. Pure.

Decides how mentions, links and entities read; never what is done about them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from core.markup import whole

_ENTITY = re.compile(r"<([^<>\n]*)>")
_USER = re.compile(r"<@([A-Z0-9]+)(?:\|[^<>\n]*)?>")
_PING = re.compile(
    r"<(?=!(?:channel|here|everyone|group|subteam)|@[UWB][A-Z0-9]|#[CG][A-Z0-9])"
    r"|(?<!\w)@(?=(?:channel|here|everyone)\b)",
    re.IGNORECASE,
)
_BEGUN = re.compile(r"(?:[<‹][!@#]?[a-z0-9]{0,8}|[@＠][a-z]{0,8})\Z", re.IGNORECASE)
_HARMLESS: Final = {"<": "‹", "@": "＠"}


def mentions(text: str) -> list[str]:
    """Give the ids of everybody whom a text mentions, in order."""
    return _USER.findall(text)


def without(text: str, me: str) -> str:
    """Take the mention of `me` out of Slack's text, and leave the rest as it is."""
    # From where blanks begin: else each of very many would be looked on from.
    return re.sub(rf"(?<![ \t])[ \t]*<@{re.escape(me)}(?:\|[^<>\n]*)?>[ \t]*[:,]?[ \t]*", " ", text)


def plain(text: str, me: str, names: Mapping[str, str]) -> str:
    """Read Slack's text as people read it: without the mention of `me`, with names and links."""
    text = _ENTITY.sub(lambda found: _entity(found[1], names), without(text, me))
    return unescape(text).strip()


def _entity(inside: str, names: Mapping[str, str]) -> str:
    target, _, label = inside.partition("|")
    match target[:1]:
        case "@":
            return "@" + (names.get(target[1:]) or label.removeprefix("@") or target[1:])
        case "#":
            return "#" + (label.removeprefix("#") or target[1:])
        case "!":
            return label or "@" + target[1:].partition("^")[0]
        case "":
            return f"<{inside}>"
        case _:
            return _link(target, label)


def _link(target: str, label: str) -> str:
    bare = target.removeprefix("mailto:").removeprefix("tel:")
    if not label or label == bare or bare.rstrip("/").endswith(f"://{label.rstrip('/')}"):
        return bare
    return f"{label} ({bare})"


def unescape(text: str) -> str:
    """Undo what Slack escapes: three characters, and nothing else."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def escape(text: str) -> str:
    """Make text safe inside mrkdwn that we author: it is shown as it is, and calls nobody."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return neutralise(text)


def neutralise(text: str) -> str:
    """Take away the power to ping from a text, in prose and code alike. Keeps its length."""
    return _PING.sub(lambda found: _HARMLESS[found[0]], whole(text))


def steady(text: str) -> str:
    """Give the beginning of a neutralised text that will not change however it goes on.

    It ends inside a word, because white space at the seams of a stream's chunks may get lost.
    """
    begun = _BEGUN.search(text)
    end = begun.start() if begun else len(text)
    while True:
        while end > 1 and (text[end - 1].isspace() or text[end - 2].isspace()):
            end -= 1
        end = max(end - 1, 0)
        ping = _PING.search(text[:end])  # only a cut can have made one
        if ping is None:
            return text[:end]
        end = ping.start()


def shorten(text: str, limit: int) -> str:
    """Cut a text to at most `limit` characters, showing that it was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def within(text: str, limit: int, size: Callable[[str], int] = len) -> str:
    """Give as much of the text as, once it is escaped, is of at most this size."""
    done = escape(text)
    while size(done) > limit:
        text = shorten(text, max(1, min(len(text) - 1, len(text) * limit // size(done))))
        done = escape(text)
    return done


def pieces(text: str, limit: int) -> Iterable[str]:
    """Cut a text into pieces of at most `limit` characters, at line ends where there are some."""
    while len(text) > limit:
        cut = text.rfind("\n", limit // 2, limit) + 1 or limit
        yield text[:cut].rstrip("\n") or " "
        text = text[cut:]
    if text.strip():
        yield text
