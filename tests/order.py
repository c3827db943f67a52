"""In which order tests run where several run at once: what waits runs beside what computes.

Half of the suite waits for programs, browsers and the pace of messengers, half of it computes.
Left in the order of their folders, workers would first all compute, on fewer cores than there are
workers, and in the end all wait. So half of them begin with what waits, the longest first, and the
others with the rest; whoever is done takes over half of what another still has to do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

WAITING: Final = ("chaos", "promises", "transcripts", "browser", "security", "gateway")
"""Folders of tests that mostly wait, the longest tests first."""

T = TypeVar("T")


def ordered(tests: Sequence[T], folder: Callable[[T], str], *, workers: int) -> list[T]:
    """Give the order for so many workers; `folder` names the one that a test lies in."""
    waiting = [each for name in WAITING for each in tests if folder(each) == name]
    computing = [each for each in tests if folder(each) not in WAITING]
    return beside(waiting, computing, workers=workers) if workers > 1 else [*tests]


def beside(waiting: Sequence[T], computing: Sequence[T], *, workers: int) -> list[T]:
    """Give an order of which each worker gets an equal part, the first worker the first.

    `waiting` is dealt out one by one to half of the workers, each of which does its own first.
    """
    half = max(1, workers // 2)
    rest, left, parts = [*computing], len(waiting) + len(computing), list[T]()
    for worker in range(workers):
        size = left // (workers - worker)  # so many does `--dist worksteal` give it to begin with
        own = waiting[worker::half] if worker < half else ()
        more = max(0, size - len(own))
        parts += [*own, *rest[:more]]
        rest = rest[more:]
        left -= size
    return [*parts, *rest]
