"""Brings along what a question refers to and the bot has not seen: a reply's message, a thread.

Decides what is new to the session. Only what the readers of the place see anyway is asked for, and
it is kept as a part of the question alone. Whatever goes wrong, the question is asked without it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from core import quotes
from core.errors import ChatError, ChatUnknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from core.ports import ChatAdapter
    from core.records import Accepted
    from core.storage import Store
    from core.types import Message, Quote, Said

SECONDS: Final = 3.0
"""How long a question waits for what was said before it."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoting:
    """Quotes what came before a question. Reads alone."""

    store: Store
    chats: Mapping[str, ChatAdapter]

    async def of(self, accepted: Accepted, message: Message) -> tuple[Quote, ...]:
        """Give what comes along with a message that asks."""
        thread = await self._thread(accepted, message)
        told = {each.message_id for each in thread}
        reply = await self._replied(accepted, message, told)
        found = (quotes.thread(thread), reply)
        return tuple(each for each in found if each is not None)

    async def _replied(
        self, accepted: Accepted, message: Message, told: set[str | None]
    ) -> Quote | None:
        said = message.answers
        if said is None or said.message_id is None or said.message_id in told:
            return None
        place = message.address.session
        if message.text.strip() and await self.store.has_read(
            accepted.session, place, said.message_id
        ):
            return None
        return quotes.replied(said)

    async def _thread(self, accepted: Accepted, message: Message) -> Sequence[Said]:
        """Read what was said in a thread since something was asked there; not before its root."""
        address = message.address
        if message.direct or address.thread in {None, message.message_id}:
            return ()
        after = await self.store.last_message(accepted.session, address.session, accepted.seq)
        try:
            async with asyncio.timeout(SECONDS):
                found = await self.chats[address.platform].earlier(message, after=after)
        except ChatUnknown:
            return ()
        except (ChatError, TimeoutError) as error:
            log.info("thread_not_read", platform=address.platform, error=type(error).__name__)
            return ()
        return [each for each in found if not each.own]
