"""What a browser sent → `Incoming`. Pure; refuses what cannot be meant, in words for people.

It never asks who the author is or what they may do: the author is handed in, policy decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

import msgspec

from core.errors import UsageError
from core.frames import Action
from core.presets import VIRTUAL_PREFIX
from core.texts import intake as texts
from core.types import Address, Attachment, Author, Command, Message, Press

TEXT_BYTES = 256 * 1024
"""A question's longest text, in bytes of UTF-8."""

MOST_FILES = 20
"""Files of one message."""

_COMMAND = re.compile(r"/([a-z]+)(?:\s+(.*))?\s*", re.DOTALL)

EventId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{8,64}\Z")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class Sent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of a message: what its upload was answered, and what the browser says of it."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
    name: Annotated[str, msgspec.Meta(max_length=1000)]
    media_type: Annotated[str, msgspec.Meta(max_length=200)] = ""


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a message. `event_id` is the browser's: the same in every attempt."""

    event_id: EventId
    text: str
    files: Annotated[tuple[Sent, ...], msgspec.Meta(max_length=MOST_FILES)] = ()


class Pressed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a press."""

    event_id: EventId
    action: Action
    turn_id: Annotated[str, msgspec.Meta(max_length=200)]
    value: Annotated[str, msgspec.Meta(max_length=40)] = ""


class Chose(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a choice of a preset for this conversation."""

    event_id: EventId
    preset: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What every incoming thing has: where, who, when (ms)."""

    address: Address
    author: Author
    at: int

    def event(self, browser_id: str) -> str:
        """Make the browser's id unique within the platform."""
        return f"{self.address.session}#{browser_id}"


class TooLong(UsageError):
    """The text is longer than a question may be."""


def said(
    body: Said,
    envelope: Envelope,
    commands: frozenset[str],
    files: tuple[Attachment, ...] = (),
) -> Message | Command:
    """Read a message; one that begins with the slash and a known word is a command.

    A command takes no files along: it would not know what for.

    Raises:
        UsageError: there is nothing in it. TooLong: there is too much in it.
    """
    text = body.text.replace("\r\n", "\n").strip()
    if len(text.encode("utf-8", "replace")) > TEXT_BYTES:
        raise TooLong(texts.too_large(TEXT_BYTES))
    if not text and not files:
        raise UsageError(texts.EMPTY)
    event_id = envelope.event(body.event_id)
    found = _COMMAND.fullmatch(text)
    if found is not None and found[1] in commands and not files:
        return Command(
            event_id=event_id,
            address=envelope.address,
            author=envelope.author,
            name=found[1],
            args=(found[2] or "").strip(),
            at=envelope.at,
        )
    return Message(
        event_id=event_id,
        address=envelope.address,
        author=envelope.author,
        text=text,
        at=envelope.at,
        message_id=body.event_id,
        attachments=files,
    )


def pressed(body: Pressed, envelope: Envelope) -> Press:
    """Read a press of a button."""
    return Press(
        event_id=envelope.event(body.event_id),
        address=envelope.address,
        author=envelope.author,
        action=body.action,
        turn_id=body.turn_id,
        at=envelope.at,
        value=body.value,
    )


def chose(body: Chose, envelope: Envelope) -> Command:
    """Read a choice in the preset picker: what `/moa moa/NAME` says, for it may be a word."""
    return Command(
        event_id=envelope.event(body.event_id),
        address=envelope.address,
        author=envelope.author,
        name="moa",
        args=f"{VIRTUAL_PREFIX}{body.preset}",
        at=envelope.at,
    )
