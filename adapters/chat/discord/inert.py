"""Makes text harmless in Discord: nothing in it can mention anybody or pass for markup.

Decides only about characters; pings are switched off on every call besides.
"""

from __future__ import annotations

import re
from typing import Final

from core.markup import whole

_BREAK: Final = "\u200b"
_EVERYBODY: Final = re.compile(r"@(?=everyone|here)", re.IGNORECASE)
_POINTED: Final = re.compile(r"<(?=@[!&]?\d|#\d|/[^<>\n]{1,100}:\d|id:)")
_SPECIAL: Final = re.compile(
    r"\\(?=[^\w\s])"  # a backslash that would take the next character's meaning away
    r"|`"
    r"|\*(?=\S)|(?<=\S)\*"
    r"|_(?![A-Za-z0-9])|(?<![A-Za-z0-9])_"
    r"|~(?=~)|(?<=~)~"
    r"|\|(?=\|)|(?<=\|)\|"
    r"|(?<=\])(?=\()"
)
_ADDRESS: Final = re.compile(r"(https?://[^\s<>]+)")
# Within one line: over blank lines each would be looked at anew from all before it.
_LINE_START: Final = re.compile(r"^([^\S\n]*+)(?=(?:-?#{1,3}|[-*+]|>{1,3})\s|-#)", re.MULTILINE)
_NUMBER: Final = re.compile(r"^([^\S\n]*+\d++)(?=\.\s)", re.MULTILINE)


def inert(text: str) -> str:
    """Take the power out of every mention; else only half characters change."""
    return _POINTED.sub("<" + _BREAK, _EVERYBODY.sub("@" + _BREAK, whole(text)))


def escape(text: str) -> str:
    """Write plain text so that Discord shows it as it is; addresses stay whole."""
    pieces = _ADDRESS.split(text)
    for index in range(0, len(pieces), 2):
        pieces[index] = _SPECIAL.sub(r"\\\g<0>", pieces[index])
    for index in range(1, len(pieces), 2):
        if pieces[index].endswith(")") or "_" in pieces[index] or "*" in pieces[index]:
            pieces[index] = f"<{pieces[index]}>"
    return "".join(pieces)


def escape_lines(text: str) -> str:
    r"""Keep lines from beginning a heading, a list, a quote or a subtext: `\# so`."""
    return _NUMBER.sub(r"\1\\", _LINE_START.sub(r"\1\\", text))


def plain(text: str) -> str:
    """Write a sentence of ours, or a name, as it is."""
    return inert(escape_lines(escape(text)))
