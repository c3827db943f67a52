"""Looks for a message of ours that was perhaps posted: all that was written since is read.

Decides which of the messages carries the delivery; says so where that cannot be told.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Final

from adapters.chat.discord import shapes
from adapters.chat.discord.handles import read_custom_id
from adapters.chat.discord.render import Body
from core.errors import ChatAway, ChatUnknown

PAGE: Final = 100
"""Messages of one page: Discord gives no more."""
MOST_PAGES: Final = 100
"""Pages that are read: behind so many nobody looks for an answer, and reading has to end."""


async def ours(
    ask: Callable[[int], Awaitable[object]], after: int, *, me: str, delivery_id: str
) -> list[shapes.Message]:
    """Give every message of ours behind that one, up to the page on which one carries the delivery.

    `ask` gives the page that follows a message: Discord begins with the oldest.

    Raises:
        ChatUnknown: there are more pages than are read.
        ChatAway: what came is no page, so nobody knows what is there.
    """
    found: list[shapes.Message] = []
    for _ in range(MOST_PAGES):
        told = await ask(after)
        if not isinstance(told, list):
            raise ChatAway("Discord does not say what is there")
        page = list(messages_in(told))
        mine = [each for each in page if each.author.id == me]
        found += mine
        newest = _newest(page)
        last = len(told) < PAGE or newest <= after
        if last or _signed(mine, delivery_id):
            return found
        after = newest
    raise ChatUnknown("more was written there since than is read")


def carrying(
    messages: Iterable[shapes.Message], delivery_id: str, body: Body | None = None
) -> str | None:
    """Give the message, among these of ours, that carries the delivery; None if none does.

    What has no buttons tells of no delivery once Discord has forgotten its nonce, which it does
    within minutes. Such a one was whole when it was posted: if it says what `body` says, that is
    it.

    Raises:
        ChatUnknown: one of them tells of nothing at all, so it may be the one.
    """
    mine = list(messages)
    unsigned = [each for each in mine if not _signs(each)]
    return _signed(mine, delivery_id) or _unsigned(unsigned, body)


def _signed(messages: Iterable[shapes.Message], delivery_id: str) -> str | None:
    return next((each.id for each in messages if delivery_id in _signs(each)), None)


def _newest(messages: Iterable[shapes.Message]) -> int:
    return max((int(each.id) for each in messages if each.id.isdecimal()), default=0)


def _unsigned(messages: Sequence[shapes.Message], body: Body | None) -> str | None:
    wanted = _told(body) if body else ()
    if any(not wanted and (body is None or not _says(each)) for each in messages):
        raise ChatUnknown("a message there may be the one, and carries no sign of it")
    return next((each.id for each in messages if _says(each) == wanted), None)


def _says(message: shapes.Message) -> tuple[str, ...]:
    return tuple(each.filename for each in message.attachments) or _words(message.content)


def _told(body: Body) -> tuple[str, ...]:
    return (body.file.name,) if body.file else _words(str(body.json.get("content") or ""))


def _words(text: str) -> tuple[str, ...]:
    return (text.strip(),) if text.strip() else ()


def messages_in(data: object) -> Iterator[shapes.Message]:
    """Read a list of messages; those that cannot be read are passed over."""
    for each in data if isinstance(data, list) else []:
        with contextlib.suppress(ValueError):
            yield shapes.read(each, shapes.Message)


def _signs(message: shapes.Message) -> set[str]:
    """Give the deliveries that a message tells of: its nonce, and what its buttons say."""
    found = {delivery for row in message.components for delivery in _carried(row)}
    return found | {str(message.nonce)} if message.nonce else found


def _carried(component: shapes.Component) -> Iterator[str]:
    pressed = read_custom_id(component.custom_id)
    if pressed is not None and pressed.delivery:
        yield pressed.delivery
    for inner in component.components:
        yield from _carried(inner)
