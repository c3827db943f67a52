"""What came in, as a protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from core.records import Accepted
from core.types import Incoming


class Inbox(Protocol):
    """Messages, stored before they are acknowledged (P1)."""

    async def accept(self, incoming: Incoming, session: str = "") -> Accepted | None:
        """Store a message; None if it was here before. Commits before it returns.

        `session` is the one that it belongs to, "" for the one that its place has.
        """
        ...

    async def waiting(self) -> Sequence[Accepted]:
        """List what was accepted and belongs to no turn yet, oldest first."""
        ...

    async def accepted(self, seq: int) -> Accepted | None:
        """Find what was accepted under that number."""
        ...

    async def has_message(self, place: str, message_id: str) -> bool:
        """Tell whether this message of this place was accepted."""
        ...

    async def last_message(self, session: str, place: str, before: int) -> str | None:
        """Give what was said last at a place for a session, of what came in before that number.

        Last by when it was said: platforms may deliver an older message later.
        """
        ...

    async def drop(self, seq: int, reason: str) -> None:
        """Mark a message as done without a turn (a command, a press, a dead letter)."""
        ...
