"""What was posted, as a protocol."""

from __future__ import annotations

from typing import Literal, Protocol


class Outbox(Protocol):
    """Messages of ours: a row before the send, the platform's id after it (P2)."""

    async def attempting(self, turn_id: str, key: str) -> None:
        """Note that a message is about to be posted. Commits before it returns."""
        ...

    async def posted(self, turn_id: str, key: str, message_id: str) -> None:
        """Note the id under which it can be edited."""
        ...

    async def unposted(self, turn_id: str, key: str, state: Literal["unknown", "failed"]) -> None:
        """Note that it was not posted, or that nobody can tell."""
        ...
