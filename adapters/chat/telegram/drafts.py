"""Drafts: a text that is being written, shown in a private chat without being posted.

Decides when a draft is shown again (Telegram lets it pass after 30 s) and where there are none:
a chat that refused one, for a while a chat where they fail, and every chat of a server that does
not know the method. A message that the bot posts takes the draft away.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
from dataclasses import dataclass, field
from typing import Final

from telegram.error import (
    BadRequest,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)

from adapters.chat.telegram.account import Account
from adapters.chat.telegram.errors import chat_error, misformed
from adapters.chat.telegram.render import Rendered
from core.ports import Clock
from core.recent import Recent
from core.types import Address

AGAIN_SECONDS: Final = 14.0
"""Age at which a draft is shown again; looked at every `LOOK_SECONDS`, so before it is 20."""
LOOK_SECONDS: Final = 5.0
LONGEST_SECONDS: Final = 900.0
"""For how long a draft is kept up to which nothing is added."""
PATIENCE: Final = 3.0
"""Seconds to wait for an answer: whatever comes next in the chat waits, too."""
TRIES: Final = 2
"""Failures in a row after which a chat does without drafts for `FAILED_SECONDS`."""
FAILED_SECONDS: Final = 600.0

_REMEMBERED: Final = 2000


@dataclass(slots=True, kw_only=True)
class _Draft:
    values: dict[str, object]
    shown: float
    changed: float
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)


class Drafts:
    """What is being written in each private chat."""

    def __init__(self, account: Account, clock: Clock) -> None:
        """Show nothing yet; `keep` has to run for drafts to stay."""
        self._account = account
        self._clock = clock
        self._drafts: dict[Address, _Draft] = {}
        self._without = Recent[str, float](_REMEMBERED)  # chats that have none until then
        self._failures = Recent[str, int](_REMEMBERED)
        self._unknown = False

    def possible(self, address: Address) -> bool:
        """Say whether a draft may be shown there: private chats alone have them."""
        if address.channel.startswith("-") or self._unknown:
            return False
        return self._clock.monotonic() >= (self._without.get(address.channel) or 0.0)

    async def show(
        self, address: Address, rendered: Rendered, *, delivery_id: str, stoppable: bool
    ) -> bool:
        """Show a draft, or change it; False if there is none in this chat.

        Raises:
            ChatError: it was not shown, for now.
        """
        if not self.possible(address):
            return False
        body = rendered.body
        now = self._clock.monotonic()
        values: dict[str, object] = {
            "chat_id": address.channel,
            "message_thread_id": address.thread,
            "draft_id": draft_id(delivery_id),
            "text": body.text,
            "entities": [each.json() for each in body.entities] or None,
            "can_stop": stoppable or None,
            "keep_on_stop": stoppable or None,
        }
        try:
            await self._send(values)
        except TelegramError as error:
            if self._given_up(address.channel, error):
                return False
            raise chat_error(error) from None
        self._failures.pop(address.channel)
        known = self._drafts.get(address)
        if known is None:
            self._drafts[address] = _Draft(values=values, shown=now, changed=now)
        else:
            known.values, known.shown, known.changed = values, now, now
        return True

    def _given_up(self, chat: str, error: TelegramError) -> bool:
        """Say whether there are no drafts there from now on."""
        if isinstance(error, RetryAfter):
            return False
        if isinstance(error, InvalidToken | EndPointNotFound):
            self._unknown = True
        elif isinstance(error, BadRequest | Forbidden):
            # Whether the chat is closed altogether is for the message to find out.
            self._without[chat] = math.inf
        else:
            failures = (self._failures.pop(chat) or 0) + 1
            if failures < TRIES:
                self._failures[chat] = failures
                return False
            self._without[chat] = self._clock.monotonic() + FAILED_SECONDS
        return True

    async def taken(self, address: Address, *, ended: bool) -> None:
        """Hear that a message is about to be posted there, which takes the draft away.

        `ended`: it stands in the draft's place. Otherwise the draft is soon shown again.
        """
        draft = self._drafts.get(address)
        if draft is None:
            return
        if ended:
            del self._drafts[address]
            async with draft.sending:
                return  # nothing is on its way any more that could come after the message
        draft.shown = 0.0

    async def keep(self) -> None:
        """Show again what is about to pass, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self._look_after()

    async def _look_after(self) -> None:
        # Apart from what sleeps, which would know the last draft, and all of its text, for ever.
        for address, draft in list(self._drafts.items()):
            await self._renew(address, draft)

    async def _renew(self, address: Address, draft: _Draft) -> None:
        now = self._clock.monotonic()
        if now - draft.changed > LONGEST_SECONDS:
            self._drafts.pop(address, None)
            return
        if now - draft.shown < AGAIN_SECONDS:
            return
        async with draft.sending:
            if self._drafts.get(address) is not draft:
                return
            draft.shown = now
            try:
                await self._send(draft.values)
            except TelegramError:
                self._drafts.pop(address, None)  # the next words show it again, or say why not

    async def _send(self, values: dict[str, object]) -> None:
        try:
            await self._account.call("sendMessageDraft", values, seconds=PATIENCE)
        except BadRequest as error:
            if not misformed(error) or not values["entities"]:
                raise
            values["entities"] = None
            await self._account.call("sendMessageDraft", values, seconds=PATIENCE)


def draft_id(delivery_id: str) -> int:
    """Give the number of a draft: the same for the same message, never 0."""
    digest = hashlib.blake2b(delivery_id.encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") % (2**31 - 1) + 1
