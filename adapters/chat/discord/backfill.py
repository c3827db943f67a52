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
"""In how many channels it looks of which nobody tells whether there is anything new."""
TOLD: Final = 1000
"""In how many it looks that are told to have something new."""
PAGES: Final = 100
"""How many pages it reads in each, of `PAGE` messages."""
PAGE: Final = 100
GAP: Final = 0.2
"""Seconds between two looks."""
TRIES: Final = 9
"""How often a page is asked for while Discord is away, with pauses that double: for 50 seconds."""
SLACK: Final = 120_000 << 22
"""Two minutes, as ids count: what was on its way while newer messages were stored already."""
LATER: Final = (ChatAway, ChatBusy, ChatUnknown)
"""What passes by itself: the same call may work when it is made again."""

_REMEMBERED: Final = 2000
_PATIENCE: Final = 60.0

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


def known(bookmarks: Mapping[Address, str], seen: Mapping[str, int]) -> dict[str, int]:
    """Give the newest message of each channel that was taken in."""
    after = dict(seen)
    for address, text in bookmarks.items():
        for channel, message in _places(address, text):
            after[channel] = max(message, after.get(channel, 0))
    return after


def floor(taken: Mapping[str, int]) -> int:
    """Give the message before which all was listened to, as far as what was taken in tells.

    That is two minutes before the newest, if nothing was left unread behind it; 0 where nothing
    was taken in.
    """
    return max(0, max(taken.values(), default=0) - SLACK)


def plan(
    taken: Mapping[str, int], start: int, newest: Iterable[tuple[str, str]]
) -> list[tuple[str, int]]:
    """Give (channel, id of the message after which to read), the liveliest channels first.

    Whatever is older than `start` was listened to; so a channel in which nothing was taken in is
    read from there, if its last message is younger, or is not told (a blank).
    """
    if not start:
        return []  # a first start has missed nothing
    lively = sorted(taken, key=lambda each: -taken[each])
    last = {channel: text for channel, text in newest if channel not in taken}
    unknown = [channel for channel, text in last.items() if not text]
    told = sorted(
        (each for each, text in last.items() if text.isdecimal() and int(text) > start),
        key=lambda each: -int(last[each]),
    )
    wanted = [*lively[:CHANNELS], *told[:TOLD], *unknown[:CHANNELS]]
    return [(channel, max(taken.get(channel, 0), start)) for channel in wanted]


def _places(address: Address, message: str) -> list[tuple[str, int]]:
    """Give where a stored message tells us to look: the thread, and the channel it came from."""
    number = int(message) if message.isdecimal() else 0
    thread = address.thread
    if thread is None:
        return [(address.channel, number)]
    root = int(thread) if thread.isdecimal() else 0
    return [(thread, number), (address.channel, root)]


async def missed(rest: Rest, channel: str, after: int) -> AsyncIterator[shapes.Message]:
    """Give what was said in a channel since a message, oldest first.

    A channel that cannot be read has nothing to tell.

    Raises:
        ChatError: of `LATER`; nobody knows what else was said.
    """
    for _ in range(PAGES):
        page, more = await _page(rest, channel, after)
        for message in page:
            yield message
        if not more:
            return
        await asyncio.sleep(GAP)
        after = max(map(_number, page), default=after)
    log.warning("Discord: too much was said in channel %s to read all of it again", channel)


async def _page(rest: Rest, channel: str, after: int) -> tuple[list[shapes.Message], bool]:
    """Give the messages behind that one, and whether there may be more."""
    try:
        data = await _asked(rest, channel, after)
    except LATER:
        raise
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
        except LATER:
            await asyncio.sleep(GAP * 2**tried)
    return await rest.call(route, params=params, patience=_PATIENCE)


def _number(message: shapes.Message) -> int:
    return int(message.id) if message.id.isdecimal() else 0
