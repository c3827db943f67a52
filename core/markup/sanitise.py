"""Makes text that a model wrote harmless. Never changes code, and never makes text longer.

What mentions are called is the platforms' affair; they neutralise them when they render.
"""

from __future__ import annotations

import html
import itertools
import re
from collections import defaultdict
from typing import Final

from core.markup.fences import segments

_SAFE: Final = frozenset({"http", "https", "mailto"})

# C0 without tab and newline, DEL and C1, bidi overrides and isolates, the byte order mark,
# and halves of surrogate pairs, which no encoder takes.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_DEEP = re.compile(r"^( {0,3}#{3})(#{1,3})(?=[ \t])", re.MULTILINE)
_PARAGRAPH = re.compile(r"(\n[ \t]*\n)")
_BACKTICKS = re.compile("`+")
# Targets are only looked ahead at: one may stand inside another that turns out to be none.
_SUSPECT = re.compile(
    r"\\."
    r"|(?P<ticks>`+)"
    r"|\](?P<link>\()(?=\s*<?(?P<to>[^\s)>]{0,200}))"
    r"|(?P<auto><)(?=(?P<there>[^\s<>]*)>)"
    r"|^(?=[ >]*\[[^\]\n]*\](?P<colon>:)\s*<?(?P<where>[^\s>]{0,200}))",
    re.MULTILINE | re.DOTALL,
)
_SCHEME = re.compile(r"([a-z][a-z0-9+.\-]*):", re.IGNORECASE)
_INVISIBLE = re.compile(r"[\x00-\x20]")


def whole(text: str) -> str:
    """Join the halves of characters that pieces cut apart; a half that stays alone becomes U+FFFD.

    No store and no wire takes half a character.
    """
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def strip(text: str) -> str:
    """Drop control characters, bidi overrides and lone surrogates. Works piece by piece."""
    return _CONTROL.sub("", text.replace("\u2028", "\n").replace("\u2029", "\n"))


def neutralise(text: str) -> str:
    """Take the link out of links with other schemes than http, https and mailto.

    Headings deeper than three become of depth three. The length stays the same: one
    character of the link's syntax becomes a space, so it is shown as the text that it is.
    """
    if not any(mark in text for mark in ("](", "<", "]:", "####")):
        return text
    return "".join(piece if code else _prose(piece) for code, piece in segments(text))


def sanitise(text: str) -> str:
    """Do both, for a whole text."""
    return neutralise(strip(text))


def _prose(text: str) -> str:
    flat = _DEEP.sub(lambda found: found[1] + " " * len(found[2]), text)
    return "".join(_paragraph(piece) for piece in _PARAGRAPH.split(flat))


def _paragraph(text: str) -> str:
    runs: dict[int, list[int]] = defaultdict(list)
    for run in _BACKTICKS.finditer(text):
        runs[len(run[0])].append(run.start())
    for starts in runs.values():
        starts.reverse()
    marks, at = set[int](), 0
    while found := _SUSPECT.search(text, at):
        at = max(found.end(), found.start() + 1)
        if found["ticks"]:
            at = _after_code(runs, found)
        elif (place := _unsafe(found)) is not None:
            marks.add(place)
    edges = [-1, *sorted(marks), len(text)]
    return " ".join(text[left + 1 : right] for left, right in itertools.pairwise(edges))


def _after_code(runs: dict[int, list[int]], ticks: re.Match[str]) -> int:
    """Give the end of the code span that these backticks open, or theirs if they open none."""
    starts = runs[len(ticks["ticks"])]
    while starts and starts[-1] <= ticks.start():
        starts.pop()
    return starts[-1] + len(ticks["ticks"]) if starts else ticks.end()


def _unsafe(found: re.Match[str]) -> int | None:
    """Give the place of the character that makes it a link, if the link must not be one."""
    for mark, target in (("link", "to"), ("auto", "there"), ("colon", "where")):
        if found[mark]:
            plain = html.unescape(re.sub(r"\\(.)", r"\1", found[target]))
            scheme = _SCHEME.match(_INVISIBLE.sub("", plain))
            if scheme and scheme[1].lower() not in _SAFE:
                return found.start(mark)
    return None
