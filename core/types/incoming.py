"""What comes in from a platform, in no platform's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from core.types.places import Address, Attachment, Author
from core.types.quotes import Said


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Somebody said something. `event_id` is unique within the platform; `at` is in ms.

    `text` is without the mention of the bot. `reply_to` is what an answer is hung on, in the
    platform's words, None where it just follows. `direct`: nobody else reads here. `addressed`:
    it mentions the bot, replies to it or commands it. `to_others`: it mentions or replies to
    somebody else. `preset` is the one asked for this turn alone. `answers` is what it replies
    to, where the platform brought that along. `apart` names what is shown by itself within one
    conversation: each thread of a direct one with Slack. `changed` is when it was changed last, by
    the platform's clock in ms; 0 if never.
    """

    event_id: str
    address: Address
    author: Author
    text: str
    at: int
    message_id: str | None = None
    reply_to: str | None = None
    direct: bool = True
    addressed: bool = True
    to_others: bool = False
    attachments: tuple[Attachment, ...] = ()
    preset: str | None = None
    answers: Said | None = None
    apart: str = ""
    changed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Somebody gave a command: its name without the slash, and what followed.

    `handle` is what its adapter needs to answer this person alone, whatever that is. `answers` is
    what it replies to, as with a message.
    """

    event_id: str
    address: Address
    author: Author
    name: str
    args: str
    at: int
    message_id: str | None = None
    reply_to: str | None = None
    direct: bool = True
    handle: str = ""
    answers: Said | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Somebody pressed a button of the turn `turn_id`.

    A native Stop has no turn: a blank `turn_id` means whatever runs in this conversation.
    `value` is the button's. `message_id` is the message it stands under. `apart`: as a message's,
    where a native Stop stands in one.
    """

    event_id: str
    address: Address
    author: Author
    action: str
    turn_id: str
    at: int
    value: str = ""
    message_id: str | None = None
    reply_to: str | None = None
    direct: bool = True
    handle: str = ""
    apart: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A chat goes on under another id: `old` and every thread in it are `new` from now on."""

    event_id: str
    address: Address
    author: Author
    new: Address
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """Somebody changed a message: `message` is the whole of it as it stands now.

    The message's `event_id` is the one it came with; `event_id` is that of the change.
    """

    event_id: str
    address: Address
    author: Author
    message: Message
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """A message was deleted; `of` is the event with which it came. By whom, not all platforms say.

    The address is that of the chat: where in it the message stood, is not always told.
    """

    event_id: str
    address: Address
    author: Author
    of: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """The bot was brought into a chat, by `author`; their id is "" where nobody says who it was.

    `place` is the whole of it (a Discord server, else the channel), `rooms` are the channels in
    which the bot could introduce itself, best first. `circles` are what `access` may name of the
    place as a whole, `groups` of some who are in it. `me` is the bot's name as people write it
    there, `suffix` what makes a command its own ("@moa_bot"). `hears`: it gets what is not
    addressed to it, too. `threads`: people go on in threads there.
    """

    event_id: str
    address: Address
    author: Author
    at: int
    place: str
    rooms: tuple[str, ...] = ()
    circles: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    me: str = ""
    suffix: str = ""
    hears: bool = True
    threads: bool = False


Incoming: TypeAlias = Message | Command | Press | Moved | Edited | Deleted | Added
