"""In which channel a message of ours goes: in a thread, made when it is first needed.

Decides nothing about conversations: an address says which one it is. A thread that was opened
by a message has that message's id, so an address is known before its thread exists.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Final, Literal, TypeVar

from adapters.chat.discord import routes, servers, shapes
from adapters.chat.discord.failures import (
    ARCHIVED,
    THREAD_EXISTS,
    UNKNOWN_CHANNEL,
    UNKNOWN_MESSAGE,
    code_of,
)
from adapters.chat.discord.places import Places, place_of
from adapters.chat.discord.rest import Rest
from core.errors import ChatAway, ChatBusy, ChatClosed, ChatError, ChatRefused, ChatUnknown
from core.recent import Recent
from core.types import Address, Message

TITLE: Final = 100
"""Characters of a thread's name."""

_ARCHIVED_AFTER: Final = 1440
_REMEMBERED: Final = 2000
_UNTITLED: Final = "Conversation"
_MENTION: Final = re.compile(r"<@[!&]?\d+>")

T = TypeVar("T")

log = logging.getLogger(__name__)


class Rooms:
    """Where each conversation is written."""

    def __init__(self, rest: Rest, places: Places, threads: Literal["auto", "never"]) -> None:
        """Open threads where `threads` is auto."""
        self._rest = rest
        self._places = places
        self._auto = threads == "auto"
        self._titles = Recent[str, str](_REMEMBERED)
        self._rooms = Recent[tuple[str, str], str](_REMEMBERED)

    def asked(self, message: Message) -> None:
        """Remember what a thread will be called."""
        if self._auto and message.address.thread == message.message_id:
            self._titles[message.address.thread or ""] = message.text

    def of_question(self, message: Message) -> str:
        """Give the channel that a question stands in."""
        address = message.address
        if address.thread is None or address.thread == message.message_id:
            return address.channel
        return address.thread

    async def for_post(self, address: Address) -> str:
        """Give the channel for a new message, and make the thread if it is not there yet.

        Raises:
            ChatBusy, ChatAway, ChatClosed: the thread cannot be had, now or ever.
        """
        thread = address.thread
        if self._places.deleted(thread or address.channel):
            raise ChatClosed("the thread or channel was deleted")
        if thread is None:
            return address.channel
        known = self._known(address.channel, thread) if self._auto else thread
        if known is None:
            known = await self._make(address.channel, thread)
            self._rooms[address.channel, thread] = known
        return known

    async def anywhere(
        self, address: Address, call: Callable[[str], Awaitable[T]], *, found: bool = True
    ) -> T:
        """Call with the channel in which what was posted stands; look in both if unsure.

        `found`: a call that succeeds has found it, so that is where the conversation is written.
        """
        thread = address.thread
        if thread is None:
            return await call(address.channel)
        known = self._known(address.channel, thread)
        if known is not None:
            return await self.awake(known, call)
        try:
            result = await self.awake(thread, call)
        except ChatError as error:
            if code_of(error) != UNKNOWN_CHANNEL:
                raise
            known, result = address.channel, await call(address.channel)
        else:
            known = thread
        if found:
            self._rooms[address.channel, thread] = known
        return result

    async def awake(self, room: str, call: Callable[[str], Awaitable[T]]) -> T:
        """Call with this channel; a thread that was put away in the meantime is brought back."""
        try:
            return await call(room)
        except ChatError as error:
            if code_of(error) != ARCHIVED:
                raise
        await self._rest.call(routes.channel("PATCH", room), json={"archived": False})
        return await call(room)

    def _known(self, channel: str, thread: str) -> str | None:
        place = self._places.find(thread)
        if place is not None and place.kind == "thread":
            return thread
        return self._rooms.get((channel, thread))

    async def _make(self, channel: str, message: str) -> str:
        """Open the thread of a message; give the channel itself where that is refused."""
        place = self._places.find(channel)
        if place is not None and place.kind != "open":
            return message  # no message opens a thread there, so this one is there already
        title = await self._title(channel, message)
        body = {"name": title, "auto_archive_duration": _ARCHIVED_AFTER}
        try:
            data = await self._rest.call(routes.thread(channel, message), json=body)
        except ChatUnknown as error:
            raise ChatAway(f"no thread yet: {error}") from error  # and so nothing is posted
        except (ChatBusy, ChatRefused):
            raise
        except ChatError as error:
            if code_of(error) == UNKNOWN_CHANNEL:
                raise
            if await self._is_there(message, error):
                return message
            log.info("Discord: no thread in channel %s: %s; answering there", channel, error)
            return channel
        made = _made(data, message)
        thread = servers.Channel(id=made, type=11, parent_id=channel)
        self._places.learn(thread, place.guild if place else None)
        return made

    async def _is_there(self, thread: str, refused: ChatError) -> bool:
        """Say whether a thread is there that could not be made."""
        if code_of(refused) in {THREAD_EXISTS, UNKNOWN_MESSAGE}:
            return True  # it was made before, or no message of this channel opened it
        try:
            data = await self._rest.call(routes.channel("GET", thread))
            return place_of(shapes.read(data, servers.Channel)).kind == "thread"
        except (ChatError, ValueError):
            return False

    async def _title(self, channel: str, message: str) -> str:
        text = self._titles.get(message)
        if text is None:
            text = await self._question(channel, message)
        line = " ".join(text.split())
        return (line if len(line) <= TITLE else line[: TITLE - 1] + "…") or _UNTITLED

    async def _question(self, channel: str, message: str) -> str:
        """Read the question again: this process has not seen it."""
        try:
            data = await self._rest.call(routes.message("GET", channel, message))
            return _MENTION.sub("", shapes.read(data, shapes.Message).content)
        except (ChatError, ValueError):
            return ""


def _made(data: object, message: str) -> str:
    """Give the id of a thread that was made: that of its message, unless it is told otherwise."""
    try:
        return shapes.read(data, shapes.Posted).id
    except ValueError:
        return message
