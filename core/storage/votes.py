"""What people thought of answers, as a protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from core.records import Vote, Voted


class Votes(Protocol):
    """What people thought of answers (MOA-38)."""

    async def vote(self, turn_id: str, person: str, vote: Vote, *, at: int) -> None:
        """Keep somebody's vote on an answer, at `at` (ms).

        Each person has one for each answer, and the last one counts.
        """
        ...

    async def voted(self) -> Sequence[Voted]:
        """Give every answer that anybody has voted on, oldest first."""
        ...
