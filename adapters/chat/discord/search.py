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
from core.errors import ChatUnknown

PAGE: Final = 100
"""Messages of one page: Discord gives no more."""


async def ours(
    ask: Callable[[int], Awaitable[object]], after: int, *, me: str
) -> list[shapes.Message]:
    """Give every message of ours behind that one, however much was written there.

    `ask` gives the page that follows a message: Discord begins with the oldest.
    """
    found: list[shapes.Message] = []
    while True:
        told = await ask(after)
        page = list(messages_in(told))
        found += (each for each in page if each.author.id == me)
        newest = max((int(each.id) for each in page if each.id.isdecimal()), default=0)
        if not isinstance(told, list) or len(told) < PAGE or newest <= after:
            return found
        after = newest


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
    signs = {each: _signs(each) for each in messages}
    signed = (each.id for each, carried in signs.items() if delivery_id in carried)
    unsigned = [each for each, carried in signs.items() if not carried]
    return next(signed, None) or _unsigned(unsigned, body)


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
