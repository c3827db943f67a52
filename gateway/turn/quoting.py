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
from core.types import Author

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from core.ports import ChatAdapter
    from core.records import Accepted
    from core.storage import Store
    from core.types import Message, Quote, Said
    from gateway.access.places import Places

SECONDS: Final = 3.0
"""How long a question waits for what was said before it."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoting:
    """Quotes what came before a question. Reads alone."""

    store: Store
    chats: Mapping[str, ChatAdapter]
    places: Places

    async def of(self, accepted: Accepted, message: Message) -> tuple[Quote, ...]:
        """Give what comes along with a message that asks."""
        thread = await self._thread(accepted, message)
        said = message.answers
        if said is not None and (
            self._denied(said, message) or await self._has_read(accepted, message, said, thread)
        ):
            said = None
        found = (quotes.thread(thread), quotes.replied(said) if said else None)
        return tuple(each for each in found if each is not None)

    async def _has_read(
        self, accepted: Accepted, message: Message, said: Said, thread: Sequence[Said]
    ) -> bool:
        """Tell whether models read that anyway: what stands in another chat they never do.

        Who says nothing but whom they mean asks about it, read or not.
        """
        if said.message_id is None or not message.text.strip():
            return False
        if any(each.message_id == said.message_id for each in thread):
            return True
        place = message.address.session
        return await self.store.has_read(accepted.session, place, said.message_id)

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
        return [each for each in found if not each.own and not self._denied(each, message)]

    def _denied(self, said: Said, message: Message) -> bool:
        """Tell whether the operator has closed the bot to whoever said it."""
        author = Author(id=said.speaker.id, name="")
        return self.places.role(author, message.address, direct=False) == "denied"
