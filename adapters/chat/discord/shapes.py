"""What we read of Discord's JSON, by the names of its documentation. Values only.

What is not listed here is not looked at, so new fields of Discord's do no harm. Ids are text.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias, TypeVar, get_args

import msgspec

from adapters.chat.discord.servers import Channel, Guild

T = TypeVar("T")
JsonObject: TypeAlias = dict[str, object]
Id = Annotated[str, msgspec.Meta(min_length=1)]
"""What something is told apart by: without one, one would pass for another."""
InAddress = Annotated[str, msgspec.Meta(pattern=r"\A[!-~]+\Z")]
"""What stands in the address of a call."""


class User(msgspec.Struct, frozen=True):
    """A user; `global_name` is what they chose to be called."""

    id: str
    username: str = ""
    global_name: str | None = None
    bot: bool = False


class Member(msgspec.Struct, frozen=True):
    """A user in a guild. `permissions` comes with interactions alone."""

    nick: str | None = None
    roles: tuple[str, ...] = ()
    permissions: str | int | None = None
    user: User | None = None


class File(msgspec.Struct, frozen=True):
    """An attachment."""

    filename: str = "file"
    size: int | None = None
    content_type: str | None = None
    url: str = ""


class Sticker(msgspec.Struct, frozen=True):
    """A sticker; there is nothing to read but its name."""

    name: str = "sticker"
    id: str = ""


class PollText(msgspec.Struct, frozen=True):
    """A question or an option."""

    text: str | None = None


class PollAnswer(msgspec.Struct, frozen=True):
    """An option of a poll."""

    poll_media: PollText = PollText()


class Poll(msgspec.Struct, frozen=True):
    """A poll."""

    question: PollText = PollText()
    answers: tuple[PollAnswer, ...] = ()


class Reference(msgspec.Struct, frozen=True):
    """What a message points at: 0 is a reply, 1 a forward."""

    message_id: str | None = None
    channel_id: str | None = None
    type: int = 0


class Component(msgspec.Struct, frozen=True):
    """A button, or what holds some."""

    custom_id: str = ""
    components: tuple[Component, ...] = ()


class Snapshot(msgspec.Struct, frozen=True):
    """What was forwarded."""

    content: str = ""
    attachments: tuple[File, ...] = ()


class Forwarded(msgspec.Struct, frozen=True):
    """One forwarded message."""

    message: Snapshot = Snapshot()


class Other(msgspec.Struct, frozen=True):
    """A message that another one answers, or whose button was pressed; it may come in parts."""

    id: str = ""
    author: User | None = None
    content: str = ""
    attachments: tuple[File, ...] = ()
    message_reference: Reference | None = None
    flags: int = 0


class Message(msgspec.Struct, frozen=True):
    """A message, from the gateway (with guild and member) or from REST (without)."""

    id: Id
    channel_id: Id
    author: User
    content: str = ""
    timestamp: str = ""
    type: int = 0
    guild_id: str | None = None
    member: Member | None = None
    webhook_id: str | None = None
    application_id: str | None = None
    mentions: tuple[User, ...] = ()
    mention_roles: tuple[str, ...] = ()
    mention_everyone: bool = False
    attachments: tuple[File, ...] = ()
    sticker_items: tuple[Sticker, ...] = ()
    poll: Poll | None = None
    message_reference: Reference | None = None
    referenced_message: Other | None = None
    message_snapshots: tuple[Forwarded, ...] = ()
    components: tuple[Component, ...] = ()
    nonce: str | int | None = None
    edited_timestamp: str | None = None


class Application(msgspec.Struct, frozen=True):
    """The application that the bot belongs to."""

    id: str


class Ready(msgspec.Struct, frozen=True):
    """A new session began: everything before it has to be asked for."""

    user: User
    guilds: tuple[Guild, ...] = ()


class Option(msgspec.Struct, frozen=True):
    """An option of a command as somebody filled it in."""

    name: str
    value: str | int | float | bool | None = None
    focused: bool = False


class InteractionData(msgspec.Struct, frozen=True):
    """What was given or pressed."""

    name: str = ""
    options: tuple[Option, ...] = ()
    custom_id: str = ""
    values: tuple[str, ...] = ()


class Interaction(msgspec.Struct, frozen=True):
    """A command (2), a press (3), somebody typing an option (4). `token` answers it."""

    id: InAddress
    application_id: str
    type: int
    token: InAddress
    data: InteractionData = InteractionData()
    guild_id: str | None = None
    channel_id: str | None = None
    channel: Channel | None = None
    member: Member | None = None
    user: User | None = None
    message: Other | None = None


class Posted(msgspec.Struct, frozen=True):
    """The answer to a post: the message that stands there now."""

    id: str
    channel_id: str = ""


class GatewayPlace(msgspec.Struct, frozen=True):
    """Where the gateway is."""

    url: str


def read(data: object, shape: type[T]) -> T:
    """Read one object; nulls, and objects within it that cannot be read, are left out.

    Raises:
        ValueError: it has not the documented shape.
    """
    try:
        try:
            return msgspec.convert(data, shape)
        except msgspec.ValidationError:
            return msgspec.convert(_readable(data, shape), shape)
    except msgspec.ValidationError as error:
        raise ValueError(f"{shape.__name__}: {error}") from None


def _readable(data: object, kind: object) -> object:
    """Leave out of it every null, object or list that is not of its kind."""
    shape = _shape(kind)
    if isinstance(data, dict) and shape is not None:
        return _fields(data, shape)
    if isinstance(data, list) and shape is not None:
        parts = [_readable(each, shape) for each in data]
        return [each for each in parts if _kept(each, shape)]
    return data


def _fields(data: JsonObject, shape: type[msgspec.Struct]) -> JsonObject:
    kinds = {each.name: each.type for each in msgspec.structs.fields(shape)}
    parts = {name: _readable(data[name], kinds[name]) for name in kinds.keys() & data.keys()}
    return {name: part for name, part in parts.items() if _kept(part, kinds[name])}


def _shape(kind: object) -> type[msgspec.Struct] | None:
    """Give the object that is, or may be, or of which there are several."""
    kinds = (kind, *get_args(kind))
    return next((k for k in kinds if isinstance(k, type) and issubclass(k, msgspec.Struct)), None)


def _kept(data: object, kind: object) -> bool:
    if data is not None and not isinstance(data, dict | list):
        return True  # a wrong text or number is a fault of the whole: it may say where it belongs
    try:
        msgspec.convert(data, kind)
    except msgspec.ValidationError:
        return False
    return True
