"""Turns that are taken back while they run: their question is asked otherwise, or is gone.

Decides one thing: a turn either has its ending stored, or is taken back, and never both; and so
with an answer that is shown to its end. It neither stops a turn nor writes anything itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from gateway.lanes.one_by_one import OneByOne

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")


class Withdrawals:
    """Those of one process. A turn that nobody takes back leaves nothing here."""

    def __init__(self) -> None:
        """Begin with none."""
        self._one_by_one = OneByOne()
        self._gone: set[str] = set()

    async def take(self, turn_id: str, write: Callable[[], Awaitable[T | None]]) -> T | None:
        """Take a turn back: `write` keeps that, and gives None if it was too late."""
        async with self._one_by_one.held(turn_id):
            done = await write()
            if done is not None:
                self._gone.add(turn_id)
            return done

    async def end(self, turn_id: str, write: Callable[[], Awaitable[None]]) -> None:
        """Store the ending of a turn, or that it is shown, while nobody takes it back."""
        async with self._one_by_one.held(turn_id):
            await write()

    def __contains__(self, turn_id: str) -> bool:
        """Tell whether a turn was taken back."""
        return turn_id in self._gone

    def forget(self, turn_id: str) -> None:
        """Let go of a turn of which nothing is left."""
        self._gone.discard(turn_id)
