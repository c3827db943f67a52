"""Decides how much of a growing text will stand as it is, whatever comes after it.

For platforms where a text that streams can only be appended to. What is open waits until it is
closed: emphasis, code, links, tables without their rule. A fence stands open while it is written.
"""

from __future__ import annotations

import re
from typing import Final

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
    opened: list[tuple[str, int]] = []  # as in `close`: what stands open, where its inside begins
    at = 0
    while found := INLINE.search(text, at):
        if items and found.start() >= items[0]:
            items = [item for item in items if item > found.start()]
            opened.clear()
        at = found.end()
        if found["ticks"]:
            end = code_end(text, found)
            if end is None:
                return min(found.start(), _first(opened, text))
            at = end
        elif found["run"]:
            kept, at = emphasis(text, found, opened)
            if kept != text:  # a run at the very end, which closes nothing
                return min(len(kept), _first(opened, text))
        elif found["open"]:
            opened.append((found["open"], found.end()))
        elif found["shut"]:
            at = max(at, link_end(text, found))
            _take(opened)
    return len(text) if items else _first(opened, text)


def _first(opened: list[tuple[str, int]], text: str) -> int:
    return min((inside - len(mark) for mark, inside in opened), default=len(text))


def _take(opened: list[tuple[str, int]]) -> None:
    """Take off the innermost bracket and what stands open in it."""
    for place in range(len(opened) - 1, -1, -1):
        if opened[place][0].endswith("["):
            del opened[place:]
            return
