"""Finds the heading of the table that a cut goes through. Changes nothing."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

_ROW: Final = re.compile(r" {0,3}\|")
_RULE: Final = re.compile(r" {0,3}\|(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*")


def heading_above(text: str) -> str:
    """Give a table's heading and the rule below it, a line each; "" if no table ends this text.

    Rows of it begin with a bar, as models write them.
    """
    lines = text.split("\n")
    top = len(lines)
    while top and _ROW.match(lines[top - 1]):
        top -= 1
    rows = lines[top:]
    for heading, rule in pairwise(rows):
        if _RULE.fullmatch(rule) and heading.count("|") == rule.count("|"):
            return f"{heading}\n{rule}"
    return ""
