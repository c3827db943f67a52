"""What was said while nobody listened: read again over REST after a new session began.

Decides in which channels to look and from which message on. What it finds goes the way of
everything that comes in; what was stored before is a repeat there, and dropped.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Final

from adapters.chat.discord import routes, shapes
from adapters.chat.discord.rest import Rest
from core.errors import ChatAway, ChatBusy, ChatError, ChatUnknown
from core.recent import Recent
from core.types import Address

CHANNELS: Final = 50
"""In how many channels it looks of which nothing is known."""
TAKEN: Final = 500
"""In how many in which something was taken in, and of which nobody tells what was said last."""
TOLD: Final = 1000
"""In how many it looks that are told to have something new."""
PAGES: Final = 100
"""How many pages of `PAGE` messages it reads in each, and once more of the last hour."""
PAGE: Final = 100
GAP: Final = 0.2
"""Seconds between two looks."""
HELD: Final = 5.0
"""Seconds in which a page is asked for again while Discord is away; what is new there waits."""
SLACK: Final = 120_000 << 22
"""Two minutes, as ids count: what was on its way while newer messages were stored already."""
LATER: Final = (ChatAway, ChatBusy, ChatUnknown)
"""What passes by itself: the same call may work when it is made again."""

_HOUR: Final = 3_600_000 << 22
_REMEMBERED: Final = 2000
_PATIENCE: Final = 10.0

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
    return max(1, max(taken.values()) - SLACK) if taken else 0


def plan(
    taken: Mapping[str, int], start: int, newest: Collection[tuple[str, str]]
) -> list[tuple[str, int]]:
    """Give (channel, id of the message after which to read), first those that have something new.

    Whatever is older than `start` was listened to. `newest` tells what was said last in channels,
    a blank where that is not known.
    """
    if not start:
        return []  # a first start has missed nothing
    last = {channel: text for channel, text in newest if text.isdecimal()}
    lively = [each for each in sorted(taken, key=lambda each: -taken[each]) if each not in last]
    unknown = [each for each, text in newest if not text and each not in taken]
    rest = [*lively[:TAKEN], *unknown[:CHANNELS]]
    return [*told(taken, start, last), *((each, max(taken.get(each, 0), start)) for each in rest)]


def listened(newest: Collection[tuple[str, str]]) -> int:
    """Give the message up to which a first start has missed nothing, 0 if no channel is known.

    A channel in which nothing was ever said is told with its own number, and that is no message's:
    a server that numbers channels in another way would have everything pass for old.
    """
    last = [int(text) for channel, text in newest if text.isdecimal() and text != channel]
    return max(last, default=1 if newest else 0)


def told(taken: Mapping[str, int], start: int, last: Mapping[str, str]) -> list[tuple[str, int]]:
    """Give the channels, as `plan` does, in which something was said since, the liveliest first."""
    since = {each: max(taken.get(each, 0), start) for each in last}
    new = [each for each, text in last.items() if text.isdecimal() and int(text) > since[each]]
    lively = sorted(new, key=lambda each: -int(last[each]))
    return [(each, since[each]) for each in lively[:TOLD]]


def _places(address: Address, message: str) -> list[tuple[str, int]]:
    """Give where a stored message tells us to look: the thread, and the channel it came from."""
    number = int(message) if message.isdecimal() else 0
    thread = address.thread
    if thread is None:
        return [(address.channel, number)]
    root = int(thread) if thread.isdecimal() else 0
    # a thread is no younger than what is said in it, or its number is none of a message
    return [(thread, number), (address.channel, min(root, number))]


async def missed(rest: Rest, channel: str, after: int) -> AsyncIterator[shapes.Message]:
    """Give what was said in a channel since a message, oldest first.

    Where that is too much, what is left out lies more than an hour back, if it can. A channel
    that cannot be read has nothing to tell.

    Raises:
        ChatError: of `LATER`; nobody knows what else was said.
    """
    for number in range(2 * PAGES):
        if number == PAGES:
            log.warning("Discord: too much was said in channel %s to read all of it", channel)
            after = max(after, await _an_hour_ago(rest, channel))
        page, more = await _page(rest, channel, limit=PAGE, after=str(after))
        for message in page:
            yield message
        if not more:
            return
        await asyncio.sleep(GAP)
        after = max(map(_number, page), default=after)


async def _an_hour_ago(rest: Rest, channel: str) -> int:
    """Give the number that a message would have an hour before the newest of a channel."""
    newest, _ = await _page(rest, channel, limit=1)
    return max(map(_number, newest), default=0) - _HOUR


async def _page(
    rest: Rest, channel: str, *, limit: int, **which: str
) -> tuple[list[shapes.Message], bool]:
    """Give these messages, the newest unless told otherwise, and whether there may be more."""
    try:
        data = await _asked(rest, channel, {"limit": limit, **which})
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
    return sorted(found, key=_number), len(data) >= limit


async def _asked(rest: Rest, channel: str, params: Mapping[str, str | int]) -> object:
    """Ask for a page, again for a while if Discord is away or busy.

    Raises:
        ChatError: it cannot be had.
    """
    now = asyncio.get_running_loop().time
    until, pause = now() + HELD, GAP
    while True:
        try:
            return await rest.call(
                routes.messages("GET", channel), params=params, patience=_PATIENCE
            )
        except LATER:
            if now() + pause > until:
                raise
        await asyncio.sleep(pause)
        pause *= 2


def _number(message: shapes.Message) -> int:
    return int(message.id) if message.id.isdecimal() else 0
