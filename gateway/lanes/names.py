"""Which lane a session has: a chat that goes on under another id keeps the one it had (P3).

Decides that alone. A start knows chats by their last id, so nothing is kept of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.scopes import moved_key

if TYPE_CHECKING:
    from core.types import Address


class Names:
    """The names of the lanes of one process: the first that a chat had since it started."""

    def __init__(self) -> None:
        """Begin with no chat that has moved."""
        self._moves: list[tuple[Address, Address]] = []

    def move(self, old: Address, new: Address) -> None:
        """Let a chat and all of its threads keep their lanes under another id."""
        if (old, new) not in self._moves:  # a platform may tell it in both chats
            self._moves.append((old, new))

    def of(self, session: str) -> str:
        """Name the lane of a session."""
        for old, new in reversed(self._moves):
            session = moved_key(session, new, old)
        return session
