"""Names that people and models gave, inside a sentence of ours.

Decides how a name is written so that it says no more than who is meant: on one line, not too
long, nothing invisible in it, and where it reads from right to left it turns nothing around it.
"""

from __future__ import annotations

import unicodedata
from typing import Final

LONGEST: Final = 80
"""Characters of a name that are shown."""
_ISOLATE, _END = "\u2068", "\u2069"
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL", "AN"})
_JOINER: Final = "\u200d"
"""Holds a family of emoji together; it hides nothing."""


def named(name: str, otherwise: str = "somebody") -> str:
    """Give a name as it stands in a sentence; `otherwise` where nothing of it can be seen."""
    visible = "".join(each if each.isprintable() or each == _JOINER else " " for each in name)
    text = " ".join(visible.split())
    if not text.strip(_JOINER):
        return otherwise
    if len(text) > LONGEST:
        text = text[: LONGEST - 1].rstrip() + "…"
    turns = any(unicodedata.bidirectional(each) in _RIGHT_TO_LEFT for each in text)
    return f"{_ISOLATE}{text}{_END}" if turns else text
