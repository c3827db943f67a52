"""What becomes of messages after they were written → `Incoming`. Pure.

Decides what of it is a change at all: Discord tells of a message again when it has looked at the
links in it, and of what it told of before it may tell a part.
"""

from __future__ import annotations

import msgspec

from adapters.chat.discord import shapes
from adapters.chat.discord.normalise import Setting, milliseconds
from core.types import Address, Author, Deleted, Edited, Message


class Gone(msgspec.Struct, frozen=True):
    """A message was deleted, or several of a channel; by whom, Discord does not say."""

    channel_id: str
    id: str = ""
    ids: tuple[str, ...] = ()


class _Stamped(msgspec.Struct, frozen=True):
    author: shapes.User | None = None
    content: str | None = None
    edited_timestamp: str | None = None


def changed(data: object, setting: Setting) -> shapes.Message | None:
    """Read a message that somebody has changed; None for what changed by itself, and for ours.

    Raises:
        ValueError: it has not the documented shape.
    """
    told = shapes.read(data, _Stamped)
    if told.author is None or told.content is None or told.edited_timestamp is None:
        return None
    if told.author.id == setting.me:
        return None
    return shapes.read(data, shapes.Message)


def edited_of(now: Message, stamp: str | None) -> Edited:
    """Make the change of a message out of the whole of it as it stands now."""
    return Edited(
        event_id=f"edit/{now.event_id}/{stamp}",
        address=now.address,
        author=now.author,
        message=now,
        at=milliseconds(stamp or "") or now.at,
    )


def deleted_of(message_id: str, channel: str, platform: str, at: int) -> Deleted:
    """Make the deletion of one message."""
    return Deleted(
        event_id=f"gone/{message_id}",
        address=Address(platform=platform, channel=channel),
        author=Author(id="", name=""),
        of=message_id,
        at=at,
    )
