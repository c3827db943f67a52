"""Keeps bots from talking among themselves: after a few messages a person has to speak.

Decides whose message counts as which. How many are too many is `core.policy`'s to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from core.policy import BOT_EXCHANGES
from core.recent import Recent

if TYPE_CHECKING:
    from core.ports import Clock
    from core.storage.presence import Presence
    from core.types import Command, Message, Press

DAY_MS = 86_400_000
MOST_REMEMBERED = 10_000

log = structlog.get_logger()


class BotLoops:
    """How long bots have been among themselves, by session; only those where they are."""

    def __init__(self, store: Presence, clock: Clock) -> None:
        """Know of none before `recall`."""
        self._store = store
        self._clock = clock
        self._runs = Recent[str, int](MOST_REMEMBERED)

    async def recall(self) -> None:
        """Learn how it was before the program started."""
        now = int(self._clock.now().timestamp() * 1000)
        for session, messages in (
            await self._store.recall_bots(since=now - DAY_MS, most=BOT_EXCHANGES)
        ).items():
            self._runs[session] = messages

    async def hushed(self, said: Message | Command | Press) -> bool:
        """Say whether it comes from a bot where a person has to speak first.

        A person who says anything there, to whomever, has spoken.
        """
        session = said.address.session
        messages = self._runs.get(session)
        if messages is None:
            return False
        if said.author.is_bot:
            return messages >= BOT_EXCHANGES
        self._runs.pop(session)
        await self._store.person_spoke(session)
        return False

    async def took(self, said: Message | Command | Press) -> None:
        """Count a message of a bot that was taken in; say so once when it was the last one."""
        if not said.author.is_bot:
            return
        session = said.address.session
        self._runs[session] = await self._store.bot_spoke(session, at=said.at)
        if self._runs.get(session) == BOT_EXCHANGES:
            log.warning(
                "bots_among_themselves",
                session=session,
                text=f"{BOT_EXCHANGES} messages of bots in a row: silent until a person speaks",
            )
