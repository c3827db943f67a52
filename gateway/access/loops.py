"""Keeps bots from talking among themselves: after a few messages a person has to speak.

Decides whose message counts as which. How many are too many is `core.policy`'s to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from core.policy import BOT_EXCHANGES, BOTS_IN_CHANNEL
from core.recent import Recent

if TYPE_CHECKING:
    from core.ports import Clock
    from core.storage.presence import Presence
    from core.types import Command, Message, Press

DAY_MS = 86_400_000
MOST_REMEMBERED = 10_000

log = structlog.get_logger()


class BotLoops:
    """How long bots have been among themselves, by place; only those where they are."""

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
        counted = _counted(said)
        if said.author.is_bot:
            return any((self._runs.get(key) or 0) >= most for key, most in counted)
        for key, _ in counted:
            if self._runs.pop(key) is not None:
                await self._store.person_spoke(key)
        return False

    async def took(self, said: Message | Command | Press) -> None:
        """Count a message of a bot that was taken in; say so once when it was the last one."""
        if not said.author.is_bot:
            return
        for key, most in _counted(said):
            self._runs[key] = await self._store.bot_spoke(key, at=said.at)
            if self._runs.get(key) == most:
                log.warning(
                    "bots_among_themselves",
                    session=key,
                    text=f"{most} messages of bots in a row: silent until a person speaks",
                )


def _counted(said: Message | Command | Press) -> Sequence[tuple[str, int]]:
    """Give what is counted, and how much of it is answered: the conversation, and its channel.

    Whoever opens a thread for each message would else begin anew each time.
    """
    address = said.address
    channel = replace(address, thread=None).session
    return (address.session, BOT_EXCHANGES), (f"{channel}/*", BOTS_IN_CHANNEL)
