"""Cuts a text into parts that fit into messages. Loses nothing but white space at a cut.

Decides where: between paragraphs, lines, sentences, words, and in the end between whole
characters as people see them. A fence that is cut is closed, and opened again with its
language; a table that is cut has its heading again. The place of a cut depends only on the text
before it, so all parts but the last of a growing text are final the moment they exist.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final, Literal, TypeAlias

from core.markup.fences import Fence, Scan, only_fences, open_fence
from core.markup.tables import heading_above

Measure: TypeAlias = Callable[[str], int]
"""Counts a text in a platform's unit; never less than its characters."""

_SENTENCE = re.compile(r"[.!?…][\"')\]”’»*_]*(?= )|[。！？](?!\n)")

_WORST: Final = "\U0001d165"  # joins what stands before it; one character, two UTF-16 units
_CLUSTER: Final = 32
"""Characters of what people see as one: what is longer is cut."""
# The last line, as long as it may become one that opens or closes a fence.
_UNSETTLED = re.compile(
    r"[ \t>]*+(?:[-*+]|\d{1,9}[.)]?)?[ \t]*+(?:`{0,2}|~{0,2}|`{3,}[^`]{0,120}|~{3,}.{0,120})\Z"
)
_BLANK_LINES = re.compile(r"\A(?:[ \t]*\n)+")


def utf16(text: str) -> int:
    """Count UTF-16 units, as Telegram does."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def measure_of(unit: Literal["characters", "utf16"]) -> Measure:
    """Give the measure for a platform's unit."""
    return utf16 if unit == "utf16" else len


def split(text: str, limit: int, measure: Measure = len) -> tuple[str, ...]:
    """Cut a whole text; no part is longer than `limit`, none is empty or only a fence."""
    splitter = Splitter(limit, measure)
    splitter.add(text)
    last = splitter.last
    return (*splitter.frozen, last) if last else tuple(splitter.frozen)


class Splitter:
    """Cuts a text while it grows. `frozen` parts never change; `tail` is still open.

    `limit` should leave room for a fence's lines: 64 or more.
    """

    def __init__(self, limit: int, measure: Measure = len) -> None:
        self.frozen: list[str] = []
        self.tail = ""
        self._limit = limit
        self._measure = measure
        self._reopened: Fence | None = None
        self._inline = False  # the tail begins in the middle of a line
        self._step = 4 * limit
        self._sure = 0

    def add(self, text: str) -> None:
        """Let the text grow."""
        for at in range(0, len(text), self._step):
            self.tail += text[at : at + self._step]
            self._tidy()
            while self._too_long():
                self._freeze()
                self._tidy()

    @property
    def last(self) -> str:
        """The last part as it would be if nothing came after it; may be empty."""
        text = self.tail.rstrip()
        whole_text = not self.frozen and self._reopened is None
        return text if whole_text or not only_fences(text) else ""

    @property
    def sure(self) -> int:
        """How much of the tail stays in this part, whatever comes; white space goes with it.

        It never becomes less before the part ends, nor does what it counts ever change.
        """
        line = self.tail.rfind("\n") + 1
        settled = line if _UNSETTLED.match(self.tail, line) else len(self.tail)
        if settled > self._sure:
            self._sure = max(self._sure, self._stays(settled))
        return self._sure

    def _stays(self, settled: int) -> int:
        """Say how much stays of so much, whose last line opens and closes no fence any more."""
        end = settled
        if 8 * settled >= self._limit:
            # Nothing ends a part earlier than what is wide, never ends, and joins what stands
            # last: no line, no sentence and no word ends there, and the fewest characters fit.
            worst = self.tail[:settled] + _WORST * self._limit
            end = min(settled, _least(worst, self._limit, self._measure))
        if only_fences(self.tail[:end]):
            return 0
        return settled - len(self.tail[end:settled].lstrip())

    def _too_long(self) -> bool:
        if len(self.tail) <= self._limit and self._measure(self.tail) <= self._limit:
            return False
        text = self.tail.rstrip()
        return len(text) > self._limit or self._measure(text) > self._limit

    def _freeze(self) -> None:
        self._sure = 0
        end, fence = _cut(self.tail, self._limit, self._measure)
        before, rest = self.tail[end - 1], self.tail[end:]
        left = self.tail[:end].rstrip()
        if not only_fences(left):
            self.frozen.append(f"{left}\n{fence.closer}" if fence else left)
        if fence is None:
            self._reopened, self.tail = None, rest
            self._inline = rest[:1] != "\n" and before != "\n"
            if rest.startswith("\n|"):
                self.tail = self._heading(left) + rest
            return
        head = fence.reopener + "\n"
        if self._measure(head) > self._limit // 4:
            head = fence.marker + "\n"
        self.tail = head + rest.removeprefix("\n")
        self._reopened = Scan.of(head).fence

    def _heading(self, left: str) -> str:
        """Give what stands above the rest of a table, whose first rows are left behind."""
        head = heading_above(left)
        return head if self._measure(head) <= self._limit // 4 else ""

    def _tidy(self) -> None:
        """Begin a part with text: no blank lines, no fence that ends as it is opened again."""
        before = len(self.tail)
        self._begin()
        self._sure = max(0, self._sure - before + len(self.tail))

    def _begin(self) -> None:
        fence = self._reopened
        if fence is not None:
            line, newline, rest = self.tail[fence.body :].partition("\n")
            if not (newline and fence.closed_by(line)):
                return
            self._reopened, self.tail, self._inline = None, rest, False
        if self._inline:
            self.tail = self.tail.lstrip(" \n")
        elif self.tail[:1] in {" ", "\t", "\n"}:
            self.tail = _BLANK_LINES.sub("", self.tail)


def _cut(text: str, limit: int, measure: Measure) -> tuple[int, Fence | None]:
    """Give where the first part ends, and the fence that is open there."""
    end = _fit(text, limit, measure)
    return _outside(text, _place(text, 0, end), end, limit, measure)


def _least(text: str, limit: int, measure: Measure) -> int:
    """Give where the first part ends at the earliest, if as many characters fit or more."""
    end = _fit(text, limit, measure)
    place = _place(text, 0, end)
    cut, fence = _outside(text, place, end, limit, measure)
    # It may be behind a fence that is not cut then, which another place is not in.
    return cut if fence else min(cut, place)


def _outside(
    text: str, place: int, end: int, limit: int, measure: Measure
) -> tuple[int, Fence | None]:
    """Move a cut that is in a fence to where there is room to close it, or before it."""
    fence = _fence_at(text, place)
    if fence is None:
        return place, None
    if fence.start > end // 2 or (fence.start and place <= fence.body):
        return fence.start, None
    end = _fit(text, limit - measure("\n" + fence.closer), measure)
    if end <= fence.body:
        return (fence.start, None) if fence.start else (place, None)
    place = _place(text, fence.body, end)
    there = _fence_at(text, place)
    if there is not None and there.start != fence.start:
        return there.start, None
    return place, there


def _fence_at(text: str, place: int) -> Fence | None:
    """Give what is open at a cut there; the line that ends at the cut counts."""
    return open_fence(text, place + (text[place : place + 1] == "\n"))


def _fit(text: str, limit: int, measure: Measure) -> int:
    """Give how many characters fit."""
    high = min(len(text), max(limit, 1))
    if measure(text[:high]) <= limit:
        return high
    low = 1
    while low < high:
        middle = (low + high + 1) // 2
        if measure(text[:middle]) <= limit:
            low = middle
        else:
            high = middle - 1
    return low


def _place(text: str, low: int, end: int) -> int:
    """Give the best place to cut in the later part of `text[low:end]`."""
    half = low + (end - low) // 2
    for mark in ("\n\n", "\n"):
        place = text.rfind(mark, half, end + 1)
        if place > half and text[low:place].strip():
            return place
    for found in reversed(list(_SENTENCE.finditer(text, half, end + 1))):
        if found.end() <= end and whole(text, found.end()):
            return found.end()
    return _space(text, low, half, end) or _character(text, low, end)


def _space(text: str, low: int, half: int, end: int) -> int | None:
    place = end + 1
    while (place := text.rfind(" ", half + 1, place)) >= 0:
        if whole(text, place + 1) and text[low:place].strip():
            return place
    return None


def _character(text: str, low: int, end: int) -> int:
    low = max(low, end - _CLUSTER)
    return next((place for place in range(end, low, -1) if whole(text, place)), end)


_ZWJ: Final = "\u200d"
_FLAG_A: Final = "\U0001f1e6"
_FLAG_Z: Final = "\U0001f1ff"


def _joins_back(char: str) -> bool:
    """Say whether this belongs to the character before it."""
    return char >= "\u0300" and (
        unicodedata.category(char)[0] == "M"
        or char in "\u200c\u200d\uff9e\uff9f\u0e33\u0eb3"
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or "\U000e0020" <= char <= "\U000e007f"
        or "\u1160" <= char <= "\u11ff"
    )


def _splits_flag(text: str, place: int) -> bool:
    run = place
    while run and _FLAG_A <= text[run - 1] <= _FLAG_Z:
        run -= 1
    return (place - run) % 2 == 1


def whole(text: str, place: int) -> bool:
    """Say whether a cut there leaves characters whole: emoji, flags, accents, syllables."""
    if place <= 0 or place >= len(text):
        return True
    before, after = text[place - 1], text[place]
    if "\n" in {before, after}:
        return True
    if _joins_back(after) or before == _ZWJ:
        return False
    if "\u1100" <= before <= "\u115f":  # a leading Hangul letter
        return not ("\u1100" <= after <= "\u115f" or "\uac00" <= after <= "\ud7a3")
    return not (_FLAG_A <= after <= _FLAG_Z and _splits_flag(text, place))
