"""What members have pinned for a channel, and a history as it is read. Values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.types import Author, Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A pinned fact. `place` is the number people call it by, `at` when it was pinned (ms)."""

    place: int
    text: str
    author: Author
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """A history as (number, line), oldest first, and the facts that stand before it.

    Where an older part was condensed, its summary is the first line, under the number of the last
    line that it stands for.
    """

    facts: tuple[Fact, ...] = ()
    lines: Sequence[tuple[int, Line]] = ()
