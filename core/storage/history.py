"""What was said, as a protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from core.records import Conversation, StoredTurn
from core.types import Address, Line


class History(Protocol):
    """What was said in a session, and what its members chose."""

    async def lines(self, session: str, *, upto: int | None = None) -> Sequence[tuple[int, Line]]:
        """Give the history as (number, line), oldest first; `upto` is inclusive.

        It is what the epoch in force begins with: see `core.storage.Epochs`.
        """
        ...

    async def has_read(self, session: str, place: str, message_id: str) -> bool:
        """Tell whether a message stands in a session's history: as a question, or as an answer."""
        ...

    async def turns(self, session: str, *, last: int = 50) -> Sequence[StoredTurn]:
        """Give the last turns of a session, oldest first; removed ones are left out."""
        ...

    async def newest_at(self, place: Address, *, asker: str, own: bool) -> StoredTurn | None:
        """Find the newest turn that was asked at a place, or of `asker` alone if `own`.

        Where there is none, in the threads of a channel: of `asker`, else of anybody.
        """
        ...

    async def conversations(self, platform: str, *, owner: str) -> Sequence[Conversation]:
        """List the sessions of one platform in which `owner` asked, newest first."""
        ...

    async def remove(self, turn_id: str) -> None:
        """Take a turn's lines out of the history and mark the turn as removed.

        A summary that stands for any of them is gone: what it stood for is told again.
        """
        ...
