"""Closes what a text leaves open while it is still being written, so that it can be shown.

Decides what to add at the end or to hold back for now; never touches what is finished, nor
a text that is whole. Looks only at what stands behind the last blank line outside a fence.
"""

from __future__ import annotations

import re

from core.markup.fences import Fence, Scan
from core.markup.sanitise import neutralise

# The last line, unfinished, which could still turn into something else: a heading's
# underline, a rule, a list's first item, a heading, a fence, a quote.
_UNDECIDED = re.compile(r"[ \t>]*(?:-[ \t-]*|=+|#{1,6}|[*+]|`{1,2}|~{1,2}|\d{1,9}[.)]?)?[ \t]*\Z")
_FENCE_LINE = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?(?:`{3,}[^`]*|~{3,}.*)\Z")
_TABLE_LINE = re.compile(r"[ \t>]*\|(?!\|)")
_TABLE_RULE = re.compile(r"[ \t>]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t:-]*)*\Z")
# Emphasis does not reach from one of these into the next.
ITEM = re.compile(r"^[ \t>]*(?:[-*+]|\d{1,9}[.)]|#{1,6})[ \t]", re.MULTILINE)

INLINE = re.compile(
    r"\\.|(?P<ticks>`+)|(?P<run>\*+|_+|~~|\|\|)|(?P<open>!?\[)|(?P<shut>\]\(|\])", re.DOTALL
)

_LONGEST_BLOCK = 16_384  # a longer paragraph is shown as it is
_DEEPEST = 32
_LONGEST_RUN = 3


class Closer:
    """Shows a growing text, closed and without unsafe links; old blocks are read once."""

    def __init__(self) -> None:
        self._scan = Scan()
        self._finished = ""
        self._upto = 0

    def show(self, text: str) -> str:
        """Give what can be shown of `text`, which begins with all that it was before."""
        self._scan.read(text)
        block = self._scan.block
        if block > self._upto:
            self._finished += neutralise(text[self._upto : block])
            self._upto = block
        fence = self._scan.fence
        tail = text[block:]
        if fence is not None:
            body = tail[fence.body - block :]
            head = tail[: fence.body - block]
            return (self._finished + _close_fence(fence, head, body)).rstrip()
        return (self._finished + _close_block(neutralise(tail))).rstrip()


def close(text: str) -> str:
    """Close one text as it stands."""
    return Closer().show(text)


def _close_fence(fence: Fence, head: str, body: str) -> str:
    line = body.rpartition("\n")[2]
    bare = line.strip(" \t>")
    closing = bool(bare) and not bare.strip(fence.marker[0])  # its last line, or half of it
    code = body[: len(body) - len(line)] if closing else body
    if not code.strip():
        return ""
    if fence.closed_by(line):
        return head + body
    return f"{head}{code.rstrip()}\n{fence.closer}"


def _close_block(text: str) -> str:
    if len(text) > _LONGEST_BLOCK:
        return text
    text = hold_back(text)
    start = 0
    for item in ITEM.finditer(text):
        start = item.start() if item.end() >= len(text) else item.end()
    shown = text[:start] + _close_inline(text[start:].rstrip())
    # What was held back may have been all that kept a row of ~ from being a fence.
    return "" if Scan.of(shown + "\n").fence else shown


def hold_back(text: str) -> str:
    """Leave out a last line that cannot be shown yet, and a table that has no rule yet."""
    *lines, last = text.split("\n")
    if not any(kind.match(last) for kind in (_UNDECIDED, _FENCE_LINE, _TABLE_LINE)):
        return text
    start = len(lines)
    while start and _TABLE_LINE.match(lines[start - 1]):
        start -= 1
    if not any(_TABLE_RULE.match(row) for row in lines[start:]):
        del lines[start:]
    return "\n".join(lines)


def _close_inline(text: str) -> str:
    """Close code, emphasis, spoilers and links in one paragraph."""
    opened: list[tuple[str, int]] = []  # what stands open, and where its inside begins
    at = 0
    while found := INLINE.search(text, at):
        at = found.end()
        if found["ticks"]:
            end = code_end(text, found)
            if end is None:
                return _close_all(opened, *_half_code(text, found))
            at = end
        elif found["run"]:
            text, at = emphasis(text, found, opened)
        elif found["open"]:
            opened.append((found["open"], found.start()))
        elif found["shut"]:
            text, at = _bracket(text, found, opened)
    return _close_all(opened, text, "")


def code_end(text: str, ticks: re.Match[str]) -> int | None:
    """Give the end of the code that these backticks open, None if nothing closes it."""
    size = len(ticks["ticks"])
    for run in re.compile("`+").finditer(text, ticks.end()):
        if run.end() - run.start() == size:
            return run.end()
    return None


def _half_code(text: str, ticks: re.Match[str]) -> tuple[str, str]:
    inside = text[ticks.end() :].rstrip("`")
    if not inside.strip():
        return text[: ticks.start()], ""
    return text[: ticks.end()] + inside, ticks["ticks"]


def emphasis(text: str, found: re.Match[str], opened: list[tuple[str, int]]) -> tuple[str, int]:
    """Open or close emphasis; a run at the very end that closes nothing waits for more."""
    run, at = found["run"], found.end()
    before, after = text[: found.start()][-1:] or " ", text[at : at + 1]
    word = run[0] == "_"  # inside a word, _ is a letter
    left = len(run)
    if not before.isspace() and not (word and after.isalnum()):
        left = _take_off(opened, run[0], left)
    if left and not after:
        return text[: at - left], at
    if not after.isspace() and not (word and before.isalnum()):
        _open(opened, run[0], left, at - left)
    return text, at


def _open(opened: list[tuple[str, int]], mark: str, size: int, inside: int) -> None:
    for each in _marks(mark, size):
        inside += len(each)
        opened.append((each, inside))


def _take_off(opened: list[tuple[str, int]], mark: str, left: int) -> int:
    """Close what this run of a mark closes; give how much of the run is left."""
    while left and (place := _innermost(opened, mark)) is not None:
        if len(opened[place][0]) > left:
            break
        left -= len(opened[place][0])
        del opened[place:]
    return left


def _marks(mark: str, size: int) -> list[str]:
    if mark in "~|":
        return [mark * 2]
    if size > _LONGEST_RUN:  # a row of stars is no emphasis
        return []
    return [mark] * (size % 2) + [mark * 2] * (size // 2)


def _innermost(opened: list[tuple[str, int]], mark: str) -> int | None:
    for place in range(len(opened) - 1, max(-1, len(opened) - _DEEPEST), -1):
        if opened[place][0][0] == mark:
            return place
        if opened[place][0].endswith("["):
            return None
    return None


def _bracket(text: str, found: re.Match[str], opened: list[tuple[str, int]]) -> tuple[str, int]:
    """Take the innermost bracket off; half a link becomes its text, and ends the text."""
    target = link_end(text, found)
    place = next((i for i in range(len(opened) - 1, -1, -1) if opened[i][0].endswith("[")), None)
    if place is None:
        return text, max(found.end(), target)
    mark, start = opened[place]
    del opened[place:]
    picture = mark == "![" and found.end() == len(text)
    if picture or target == -1:
        text = text[:start] + text[start + len(mark) : found.start()]
        return text, len(text)
    return text, target


def link_end(text: str, found: re.Match[str]) -> int:
    """Give the end of a link's target, -1 if it has none yet; targets may hold ( and ).

    No target has more than a few of them inside of one another, as CommonMark has it: each of very
    many that are open would be looked through to the end.
    """
    if found["shut"] == "]":
        return found.end()
    depth = 1
    for place in re.compile(r"[()\n]").finditer(text, found.end()):
        if place[0] == "\n":
            return found.end()
        depth += 1 if place[0] == "(" else -1
        if not depth:
            return place.end()
        if depth > _DEEPEST:
            return found.end()
    return -1


def _close_all(opened: list[tuple[str, int]], text: str, code: str) -> str:
    text += code
    for mark, start in reversed(opened):
        if mark.endswith("["):
            text = text[:start] + text[start + len(mark) :]
        elif not text[start:].strip():
            text = text[: start - len(mark)]
        else:
            text = text.rstrip() + mark
    return text
