"""What was posted, as a protocol."""

from __future__ import annotations

from typing import Literal, Protocol


class Outbox(Protocol):
    """Messages of ours: a row before the send, the platform's id after it (P2).

    For a turn that another run of the program has taken up, all of this raises `TurnTaken` (P3).
    """

    async def attempting(self, turn_id: str, key: str, *, piece: bool = False) -> None:
        """Note that a message is about to be posted. Commits before it returns.

        `piece`: it is the beginning of an answer that is not whole yet. Whatever becomes of it,
        the whole is still owed.
        """
        ...

    async def posted(self, turn_id: str, key: str, message_id: str, *, shown: str = "") -> None:
        """Note the id under which it can be edited; `shown` is a digest of what it says now."""
        ...

    async def unposted(self, turn_id: str, key: str, state: Literal["unknown", "failed"]) -> None:
        """Note that it was not posted, or that nobody can tell."""
        ...

    async def hold(self, turn_id: str) -> None:
        """See that a turn is still this run's, before something is changed in its chat.

        Raises:
            TurnTaken: another run of the program has taken it up.
        """
        ...
