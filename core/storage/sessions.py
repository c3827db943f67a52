"""From where on a history is read, and what stands at its head, as protocols."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from core.facts import Fact, Recalled
from core.records import TurnEnd, TurnStart
from core.types import Author, Line


class Epochs(Protocol):
    """The histories of sessions: begun anew, condensed, and never shorter in the store."""

    async def recalled(self, session: str, channel: str, *, upto: int | None = None) -> Recalled:
        """Give a history and what is pinned in its channel, in one look; `upto` is inclusive."""
        ...

    async def last_exchange(self, session: str) -> str | None:
        """Name the newest turn since somebody began anew, one that runs included."""
        ...

    async def renew(self, session: str, *, by: str, at: int) -> int | None:
        """Begin anew, at `at` (ms): what was said stays, and is not read any more.

        Returns:
            The number by which it can be undone; None if there is nothing to leave behind.
        """
        ...

    async def unrenew(self, session: str, *, number: int | None = None, since: int) -> bool:
        """Go back to what was before a session began anew, at `since` (ms) or later.

        Without a `number` the last time is meant. Summaries that were made since go with it.

        Returns:
            Whether there was one.
        """
        ...

    async def condense(
        self, start: TurnStart, end: TurnEnd, summary: Line | None, *, lines: int
    ) -> bool:
        """Keep what a summary took, and let it stand for the history up to `start.history`.

        It does so only if there are still as many lines up to there, in one transaction with the
        cost; without a `summary` the cost is all there is.

        Returns:
            Whether it stands there now.
        """
        ...


class Facts(Protocol):
    """What members have pinned, for a channel with all of its threads."""

    async def facts(self, channel: str) -> Sequence[Fact]:
        """List them."""
        ...

    async def pin(
        self, channel: str, text: str, *, author: Author, at: int, most: int
    ) -> int | None:
        """Pin a fact; give its number, None if there are `most` already."""
        ...

    async def unpin(self, channel: str, place: int) -> bool:
        """Take a fact away for good; False if it is gone already."""
        ...
