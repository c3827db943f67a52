"""What was put aside until somebody says a word, and counted attempts, as a protocol."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal, Protocol, TypeAlias

from core.records import Accepted, Posted

AWAY = "away/"
"""What the key of a note about what was put aside begins with in the outbox; the chat follows."""

Why: TypeAlias = Literal["late", "broke"]
"""It came long ago, or it broke the program off again and again."""


class Aside(Protocol):
    """Messages that nobody works on until somebody says so (P8, P13)."""

    async def put_aside(self, seq: int, why: Why) -> None:
        """Let something that waits wait for somebody's word. Commits before it returns."""
        ...

    async def aside(self, why: Why) -> Sequence[Accepted]:
        """List what was put aside and has its text, oldest first."""
        ...

    async def wanted(self, seqs: Collection[int]) -> Sequence[int]:
        """Let what was put aside wait for its turn again, with all its attempts.

        Returns:
            The numbers of what does now.
        """
        ...

    async def tried(self, seqs: Collection[int]) -> int:
        """Count another attempt of what was accepted, before it is made; give the most."""
        ...

    async def forgive(self) -> None:
        """Take back the attempts that a stop in good order has cut. Joins the next transaction."""
        ...

    async def away_note(self, name: str) -> Posted | None:
        """Find what was posted under that name."""
        ...
