"""Where the bot is, and with whom it talks there, as a protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Presence(Protocol):
    """Chats in which it has introduced itself, and how long bots have been among themselves."""

    async def introduce(self, platform: str, place: str, *, at: int) -> bool:
        """Note, before it does, that the bot introduces itself there, at `at` (ms).

        Returns:
            False if it was noted before. Commits before it returns.
        """
        ...

    async def bot_spoke(self, session: str, *, at: int) -> int:
        """Count one more message of a bot, at `at` (ms); give how many since a person has spoken.

        Commits before it returns.
        """
        ...

    async def person_spoke(self, session: str) -> None:
        """Begin to count anew there."""
        ...

    async def recall_bots(self, *, since: int, most: int) -> Mapping[str, int]:
        """Give the counts by session.

        Those below `most` are forgotten where no bot has spoken since `since` (ms).
        """
        ...
