"""Which of some messages carries a delivery of ours. Pure."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from adapters.chat.discord import shapes
from adapters.chat.discord.handles import read_custom_id
from core.errors import ChatUnknown


def found(data: object, delivery_id: str, *, me: str) -> str | None:
    """Give the message of ours, among these, that carries the delivery; None if none does.

    Raises:
        ChatUnknown: one of them tells of no delivery at all, so it may be the one.
    """
    signs = {each.id: _signs(each) for each in messages_in(data) if each.author.id == me}
    for message_id, carried in signs.items():
        if delivery_id in carried:
            return message_id
    if not all(signs.values()):
        raise ChatUnknown("a message there may be the one, and carries no sign of it")
    return None


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
