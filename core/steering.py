"""Lines that come while a turn runs: before which answer they are put, and that they stay there.

Decides nothing about who may add one; where they come from, whoever runs the turn knows (MOA-23).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias

from core.records import Steered
from core.types import Line

CARRIED: Final = 0
"""Instead of an answer's number: it came while an earlier turn ran, which this one asks again."""

Steer: TypeAlias = Callable[[int], Awaitable[Sequence[Line]]]
"""Gives what has come by now, kept as belonging before that answer of the aggregator.

Raises:
    StoreError: it could not be kept; it comes with a later call, or is a question of its own.
"""


class Steering:
    """The lines that join one turn. `kept` are those that had before the turn was cut."""

    def __init__(self, kept: Sequence[Steered] = (), steer: Steer | None = None) -> None:
        """Take more from `steer`, if there is one."""
        self._kept = kept
        self._steer = steer

    async def before(self, iteration: int, *, asked: bool) -> tuple[Line, ...]:
        """Give what stands before an answer; more may come only where it is still to be `asked`.

        Raises:
            StoreError: as above.
        """
        lines = tuple(each.line for each in self._kept if each.iteration == iteration)
        if asked and self._steer is not None:
            lines = (*lines, *await self._steer(iteration))
        return lines
