"""What was said while nobody listened: read again over REST after a new session began.

Decides in which channels to look and from which message on. What it finds goes the way of
everything that comes in; what was stored before is a repeat there, and dropped.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Final

from adapters.chat.discord import routes, shapes
from adapters.chat.discord.rest import Rest
from core.errors import ChatAway, ChatBusy, ChatError, ChatUnknown
from core.recent import Recent
from core.types import Address

CHANNELS: Final = 50
"""In how many channels it looks."""
PAGES: Final = 10
"""How many pages it reads in each, of `PAGE` messages."""
PAGE: Final = 100
GAP: Final = 0.2
"""Seconds between two looks."""
TRIES: Final = 9
"""How often a page is asked for while Discord is away, with pauses that double: for 50 seconds.
What is passed over is behind the newer messages that are stored then, and not found again."""

_REMEMBERED: Final = 2000
_PATIENCE: Final = 60.0
_SLACK: Final = 120_000 << 22
"""Two minutes, as ids count: what was on its way while newer messages were stored already."""

log = logging.getLogger(__name__)


class Seen:
    """The newest message of each channel that went through this process, stored or not."""

    def __init__(self) -> None:
        self._channels = Recent[str, int](_REMEMBERED)

    def note(self, channel: str, message: str) -> None:
        """Note that a message was handed on."""
        if message.isdecimal():
            self._channels[channel] = max(int(message), self._channels.get(channel) or 0)

    def now(self) -> Mapping[str, int]:
        """Give (channel: its newest message) as it is now."""
        return self._channels.all()


def plan(
    bookmarks: Mapping[Address, str], seen: Mapping[str, int], newest: Iterable[tuple[str, str]]
) -> list[tuple[str, int]]:
    """Give (channel, id of the message after which to read), the liveliest channels first.

    Whatever is older than the newest message known by two minutes was listened to; so a channel
    that was never written in is read from there, if its last message is younger.
    """
    after, start = _known(bookmarks, seen), floor(bookmarks, seen)
    for channel, last in newest:
        if channel not in after and start > 0 and last.isdecimal() and int(last) > start:
            after[channel] = start
    found = [(channel, max(message, start)) for channel, message in after.items()]
    return sorted(found, key=lambda each: -after[each[0]])[:CHANNELS]


def floor(bookmarks: Mapping[Address, str], seen: Mapping[str, int]) -> int:
    """Give the id of the message before which everything was listened to; 0 where none is known."""
    return max(0, max(_known(bookmarks, seen).values(), default=0) - _SLACK)


def _known(bookmarks: Mapping[Address, str], seen: Mapping[str, int]) -> dict[str, int]:
    """Give the newest message known of each channel."""
    after = dict(seen)
    for address, text in bookmarks.items():
        for channel, message in _places(address, text):
            after[channel] = max(message, after.get(channel, 0))
    return after


def _places(address: Address, message: str) -> list[tuple[str, int]]:
    """Give where a stored message tells us to look: the thread, and the channel it came from."""
    known = int(message) if message.isdecimal() else 0
    thread = address.thread
    if thread is None:
        return [(address.channel, known)]
    root = int(thread) if thread.isdecimal() else 0
    return [(thread, known), (address.channel, root)]


async def missed(rest: Rest, channel: str, after: int) -> AsyncIterator[shapes.Message]:
    """Give what was said in a channel since a message, oldest first; errors are passed over."""
    for _ in range(PAGES):
        page, more = await _page(rest, channel, after)
        for message in page:
            yield message
        if not more:
            return
        await asyncio.sleep(GAP)
        after = max(map(_number, page), default=after)


async def _page(rest: Rest, channel: str, after: int) -> tuple[list[shapes.Message], bool]:
    """Give the messages behind that one, and whether there may be more."""
    try:
        data = await _asked(rest, channel, after)
    except ChatError as error:
        log.debug("Discord: channel %s cannot be read: %s", channel, error)
        return [], False
    if not isinstance(data, list):
        return [], False
    found = []
    for each in data:
        try:
            found.append(shapes.read(each, shapes.Message))
        except ValueError as error:
            log.warning("Discord: a message could not be read: %s", error)
    return sorted(found, key=_number), len(data) >= PAGE


async def _asked(rest: Rest, channel: str, after: int) -> object:
    """Ask for a page, again while Discord is away or busy.

    Raises:
        ChatError: it cannot be had.
    """
    params: dict[str, str | int] = {"after": str(after), "limit": PAGE}
    route = routes.messages("GET", channel)
    for tried in range(TRIES - 1):
        try:
            return await rest.call(route, params=params, patience=_PATIENCE)
        except (ChatAway, ChatBusy, ChatUnknown):
            await asyncio.sleep(GAP * 2**tried)
    return await rest.call(route, params=params, patience=_PATIENCE)


def _number(message: shapes.Message) -> int:
    return int(message.id) if message.id.isdecimal() else 0
