"""Decides how much of a growing text will stand as it is, whatever comes after it.

For platforms where a text that streams can only be appended to. What is open waits until it is
closed: emphasis, code, links, tables without their rule. A fence stands open while it is written.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final, TypeAlias

from core.markup.close import INLINE, ITEM, code_end, emphasis, hold_back, link_end
from core.markup.fences import Fence, Scan, only_fences
from core.markup.sanitise import neutralise

# The last word: a mark in it may still become another one. A longer one is shown in pieces.
_WORD = re.compile(r"[!-~]+\Z")
_LONGEST_WORD: Final = 80
# Links whose target is not there yet: it says whether they stay.
_TARGET = re.compile(
    r"\]\(\s*<?[^\s)>]*\Z|<[^\s<>]*\Z|^[ >]*\[[^\]\n]*\]:\s*<?[^\s>]*\Z", re.MULTILINE
)

Opened: TypeAlias = list[tuple[str, int]]
"""As in `close`: what stands open, and where its inside begins."""


def settled(text: str) -> str:
    """Give the safe beginning of `text` that every longer text begins with, made safe."""
    scan = Scan.of(text)
    end = len(text) if scan.fence is None else _code(text, scan.fence)
    if scan.fence is None:
        end = scan.block + _prose(text[scan.block :])
    shown = neutralise(text)[:end].rstrip()
    return "" if only_fences(shown) else shown


def _code(text: str, fence: Fence) -> int:
    """Give where the code ends that is no half of a line of fences."""
    start = text.rfind("\n") + 1
    bare = text[start:].strip(" \t>")
    end = start if not bare or bare[0] in "`~" else len(text)
    return end if text[fence.body : end].strip() else fence.start


def _prose(block: str) -> int:
    """Give how much of an unfinished paragraph, list or table stays."""
    end = len(hold_back(block))
    if end == len(block) and (word := _WORD.search(block, max(0, end - _LONGEST_WORD))):
        end = word.start()
    if target := _TARGET.search(block, 0, end):
        end = target.start()
    return _closed(block[:end])


def _closed(text: str) -> int:
    """Give where the first thing begins that is not closed yet, or the end."""
    items = [found.end() for found in ITEM.finditer(text)]
    opened: Opened = []
    at = passed = 0
    while found := INLINE.search(text, at):
        before = bisect_right(items, found.start())
        if before > passed:
            passed = before
            opened.clear()
        at, half = _beyond(text, found, opened)
        if half is not None:
            return min(half, _first(opened, text))
    return len(text) if passed < len(items) else _first(opened, text)


def _beyond(text: str, found: re.Match[str], opened: Opened) -> tuple[int, int | None]:
    """Give where to look on, and where something begins that nothing closes."""
    at = found.end()
    if found["ticks"]:
        end = code_end(text, found)
        return (at, found.start()) if end is None else (end, None)
    if found["run"]:
        kept, at = emphasis(text, found, opened)
        return at, None if kept == text else len(kept)  # a run at the very end
    if found["open"]:
        opened.append((found["open"], at))
    elif found["shut"]:
        at = max(at, link_end(text, found))
        _take(opened)
    return at, None


def _first(opened: Opened, text: str) -> int:
    return min((inside - len(mark) for mark, inside in opened), default=len(text))


def _take(opened: Opened) -> None:
    """Take off the innermost bracket and what stands open in it."""
    for place in range(len(opened) - 1, -1, -1):
        if opened[place][0].endswith("["):
            del opened[place:]
            return
