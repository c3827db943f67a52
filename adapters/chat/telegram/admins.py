"""Who administers a group, asked of Telegram and remembered for a while.

Decides only how long that is believed. A group that does not tell has no administrators, until
it is asked again soon.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypeVar

from telegram.error import RetryAfter, TelegramError

from adapters.chat.telegram.account import Account
from adapters.chat.telegram.errors import waiting
from core.ports import Clock
from core.types import Address, Command, Message, Press

BELIEVED_SECONDS: Final = 300.0
AGAIN_SECONDS: Final = 5.0
"""How long a group is not asked again that did not tell."""
PATIENCE: Final = 3.0
"""Seconds to wait for Telegram: somebody waits for an answer."""
MOST: Final = 2000

Said = TypeVar("Said", bound=Command | Message | Press)


class Admins:
    """The administrators of the groups in which the bot was addressed."""

    def __init__(self, account: Account, clock: Clock) -> None:
        """Know nothing yet."""
        self._account = account
        self._clock = clock
        self._known: dict[str, tuple[float, frozenset[str]]] = {}

    async def mark(self, said: Said) -> Said:
        """Say of the author whether they administer the chat; in private nobody does."""
        if said.direct or said.author.is_admin or said.author.is_bot:
            return said
        if said.author.id not in await self._of(said.address):
            return said
        return replace(said, author=replace(said.author, is_admin=True))

    async def _of(self, address: Address) -> frozenset[str]:
        now = self._clock.monotonic()
        until, admins = self._known.get(address.channel, (now, frozenset[str]()))
        if until > now:
            return admins
        try:
            found = await self._account.call(
                "getChatAdministrators", {"chat_id": address.channel}, seconds=PATIENCE
            )
            seconds = BELIEVED_SECONDS
        except TelegramError as error:
            found = ()
            seconds = waiting(error) if isinstance(error, RetryAfter) else AGAIN_SECONDS
        if len(self._known) >= MOST:
            self._known.clear()
        admins = frozenset(_ids(found))
        self._known[address.channel] = (now + seconds, admins)
        return admins


def _ids(found: object) -> list[str]:
    members = found if isinstance(found, list) else []
    users = (each.get("user") for each in members if isinstance(each, Mapping))
    return [str(user["id"]) for user in users if isinstance(user, Mapping) and "id" in user]
