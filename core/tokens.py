"""Guesses how many tokens text takes, and where a history that is too long is cut.

Only for windows and for estimates that are marked as such; a figure that a provider reports
always wins (MOA-27). Nothing here depends on when it is asked: the same lines give the same cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from core.presets import Slot
from core.types import Line

BYTES_PER_TOKEN = 3
"""On the careful side: English prose has about four bytes to a token, code and CJK about three."""

PER_LINE = 4
"""What a chat template adds around a message."""

IMAGE = 1_000
"""About what vendors charge for a picture of ordinary size."""

PINNED = 0.5
"""The most of a room that what stands at its head may take; where it takes more it is cut, too."""

KEEP = 0.6
"""What is left of a window after a cut: rarely cutting keeps prompt caches warm (MOA-18)."""


def estimate_text(text: str) -> int:
    """Guess the tokens of a text."""
    size = len(text) if text.isascii() else len(text.encode(errors="replace"))
    return size // BYTES_PER_TOKEN + 1 if text else 0


def estimate_line(line: Line) -> int:
    """Guess the tokens of a line, pictures, tool calls and what is sealed included."""
    match line.parts:
        case (str() as words,) if not (line.tool_calls or line.sealed):  # as most are
            return estimate_text(words) + PER_LINE
    calls = sum(
        estimate_text(call.name) + estimate_text(call.arguments) for call in line.tool_calls
    )
    kept = sum(estimate_text(each.data) for each in line.sealed)
    return estimate_text(line.text) + IMAGE * len(line.images) + calls + kept + PER_LINE


def estimate(lines: Sequence[Line]) -> int:
    """Guess the tokens of a whole request."""
    return sum(map(estimate_line, lines))


def cut(lines: Sequence[Line], window: int | None) -> int:
    """Find the line at which a history starts that has to fit a window of so many tokens.

    The history is read as it grew: whenever it had outgrown the window it lost its oldest side
    down to 60 %, starting on a user line and keeping the last two user turns. So the place moves
    rarely, and a longer history never moves it back (MOA-18).
    """
    if window is None:
        return 0
    sizes = [estimate_line(line) for line in lines]
    if sum(sizes) <= window:
        return 0
    starts = [index for index, line in enumerate(lines) if line.role == "user"]
    start, size = 0, 0
    for end, added in enumerate(sizes):
        size += added
        if size > window:
            start, size = _moved(starts, sizes, start=start, end=end, target=int(window * KEEP))
    return start


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How an aggregator's window is shared out, in tokens; its answer has its part already.

    `total` is for the request, `history` what the transcript may take of it: the rest is always
    there for advice, so that a long history never silences the references (MOA-20).
    """

    total: int
    history: int

    @classmethod
    def of(cls, slot: Slot, *, advised: bool) -> Room | None:
        """Share the window out; None where nobody knows it."""
        window = slot.context_window
        if window is None:
            return None
        total = window - min(slot.max_tokens or window // 4, window // 2)
        return cls(total=total, history=total * 3 // 4 if advised else total)


def fitting(lines: Sequence[Line], room: int) -> tuple[Line, ...]:
    """Cut a transcript that has outgrown its room; what the operator wrote or pinned stays."""
    head = tuple(takewhile(_stays, lines))
    if estimate(head) > room * PINNED:
        head = tuple(takewhile(_instructs, lines))
    body = lines[len(head) :]
    start = cut(body, room - estimate(head))
    return (*head, *filter(_instructs, body[:start]), *body[start:])


def _instructs(line: Line) -> bool:
    return line.role in {"system", "developer"}


def _stays(line: Line) -> bool:
    return line.pinned or _instructs(line)


def _moved(
    starts: Sequence[int], sizes: Sequence[int], *, start: int, end: int, target: int
) -> tuple[int, int]:
    candidates = [index for index in starts if index <= end][:-1]
    later = [index for index in candidates if index > start]
    for index in later:
        size = sum(sizes[index : end + 1])
        if size <= target or index == later[-1]:
            return index, size
    return start, sum(sizes[start : end + 1])
