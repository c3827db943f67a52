"""What must hold of every run, whatever a test is about; called by tests of several layers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.advice import ADVISORY_REQUEST
from core.calls import ModelCall
from core.history import SUMMARY_REQUEST
from core.types import Line

BLOCK_OPENS = ("Preset '", "Other models advise (")


def is_trailing(line: Line) -> bool:
    """Tell whether a line is only ever appended: a reference block, or what is asked at the end."""
    return line.role == "user" and (
        line.text in {ADVISORY_REQUEST, SUMMARY_REQUEST} or line.text.startswith(BLOCK_OPENS)
    )


def without_block(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Take the appended line off a request."""
    return tuple(lines[:-1]) if lines and is_trailing(lines[-1]) else tuple(lines)


def assert_requests_extend(calls: Iterable[ModelCall]) -> None:
    """MOA-19: within an epoch the requests of a slot only extend each other, block apart.

    Slots are told apart by position; nowhere but at the end is a block or an appended request.
    """
    last: dict[int, tuple[Line, ...]] = {}
    for call in calls:
        lines = without_block(call.lines)
        assert not any(is_trailing(line) for line in lines), "a block before the end"
        before = last.get(call.position, ())
        assert lines[: len(before)] == before, f"position {call.position} broke its prefix"
        last[call.position] = lines
