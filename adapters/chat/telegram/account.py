"""The bot's account: calls of the Bot API, as plain values.

Decides nothing. Answers are read here and nowhere else; a call raises only the library's
`TelegramError`. Unlike the library's typed methods it reads nothing of an answer but what is
used, so that what a server adds or leaves out breaks nothing, and a message costs little.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec
from telegram import Bot, InputFile
from telegram.error import BadRequest, TelegramError

from adapters.chat.telegram.errors import says
from adapters.chat.telegram.options import TelegramOptions
from adapters.chat.telegram.request import AiohttpRequest, Unanswered

Values: TypeAlias = Mapping[str, object]
"""The parameters of a call, by their names in the documentation."""

CONNECTIONS: Final = 64
_OLD_UPDATES: Final = ("message", "edited_message", "callback_query", "my_chat_member")
UPDATES: Final = (*_OLD_UPDATES, "stopped_message_generation")
"""The kinds of updates that are asked for; the last one is newer than many a server."""
POLL_SECONDS: Final = 30
PATIENCE: Final = 10.0
"""Seconds that a long poll may be late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """Who the bot is. `reads_all`: in groups it gets messages that are not for it, too."""

    id: int
    username: str
    reads_all: bool


class Account(Bot):
    """One token. Its connections open by themselves, and stay open while it is connected."""

    __slots__ = ("_kinds",)

    def __init__(self, options: TelegramOptions) -> None:
        """Make it; nothing is sent."""
        self._kinds: tuple[str, ...] = UPDATES
        super().__init__(
            options.token,
            base_url=options.base_url,
            base_file_url=options.base_file_url,
            request=AiohttpRequest(connections=CONNECTIONS),
            get_updates_request=AiohttpRequest(connections=2),
        )

    async def call(
        self, method: str, values: Values | None = None, *, seconds: float | None = None
    ) -> object:
        """Call a method by its name in the documentation; what is None is left out.

        `seconds` is how long to wait for an answer, if not as long as usual.

        Raises:
            TelegramError: it did not work.
        """
        # What is no text goes out as JSON; the library would look at every part of it, twice.
        data = {
            key: value
            if isinstance(value, str | InputFile)
            else msgspec.json.encode(value).decode()
            for key, value in (values or {}).items()
            if value is not None
        }
        if seconds is None:
            return await self._post(method, data)
        return await self._post(method, data, read_timeout=seconds)

    async def who(self) -> Me:
        """Ask who the bot is; the first call of all.

        Raises:
            TelegramError: it did not work.
        """
        found = await self.call("getMe")
        if not isinstance(found, Mapping) or not isinstance(found.get("id"), int):
            raise TelegramError("getMe gave no user")
        return Me(
            id=found["id"],
            username=str(found.get("username") or ""),
            reads_all=bool(found.get("can_read_all_group_messages")),
        )

    async def updates(self, offset: int | None) -> Sequence[Mapping[str, object]]:
        """Wait for updates; `offset` confirms all that came before it.

        Raises:
            TelegramError: it did not work.
        """
        values = {"offset": offset, "timeout": POLL_SECONDS}
        found = await self.subscribe("getUpdates", values, seconds=POLL_SECONDS + PATIENCE)
        if not isinstance(found, list):
            raise TelegramError("getUpdates gave no list")
        return [each for each in found if isinstance(each, dict)]

    async def subscribe(
        self, method: str, values: Values, *, seconds: float | None = None
    ) -> object:
        """Call a method with the kinds of updates that are wanted, as far as the server knows them.

        Raises:
            TelegramError: it did not work.
        """
        try:
            return await self._subscribe(method, values, seconds)
        except BadRequest as error:
            if self._kinds == _OLD_UPDATES or not says(error, "allowed_updates", "update type"):
                raise
        self._kinds = _OLD_UPDATES
        return await self._subscribe(method, values, seconds)

    async def _subscribe(self, method: str, values: Values, seconds: float | None) -> object:
        asked = {**values, "allowed_updates": list(self._kinds)}
        return await self.call(method, asked, seconds=seconds)

    async def send(self, method: str, values: Values) -> str:
        """Post a message and give its id.

        Raises:
            Unanswered: perhaps it was posted. TelegramError: it was not.
        """
        found = await self.call(method, values)
        if not isinstance(found, Mapping) or "message_id" not in found:
            raise Unanswered(f"{method} gave no message")
        return str(found["message_id"])

    async def connect(self) -> None:
        """Keep connections open until `disconnect`."""
        for each in self._request:
            await each.initialize()

    async def disconnect(self) -> None:
        """Close the connections; all of them, if this is cancelled, too."""
        async with AsyncExitStack() as stack:
            for each in self._request:
                stack.push_async_callback(each.shutdown)
