"""Discord's messages and interactions → `Incoming`. Pure: no I/O, no clock, no policy.

Decides where a message belongs, whether it addresses the bot, and what its words are without
the mention. Gives None for what nobody said: system messages, and our own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from adapters.chat.discord import shapes
from adapters.chat.discord.attached import attached
from adapters.chat.discord.handles import Handle, read_custom_id
from adapters.chat.discord.places import DM, Place, Places, may_manage, place_of
from adapters.chat.discord.quotes import REPLY, answered, replied_to
from core.commands import names_person
from core.menu import Option, entry
from core.types import Address, Attachment, Author, Command, Message, Press

_SAID: Final = frozenset({0, 19})
"""A message, a reply; the other types are the platform's own announcements."""
_EPHEMERAL: Final = 1 << 6
_EPOCH_MS: Final = 1_420_070_400_000
_MENTION: Final = re.compile(r"<@!?(\d+)>")
_CODE: Final = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_ROLE: Final = re.compile(r"<@&(\d+)>")
_CHANNEL_THREADS: Final = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Who we are here, and what is known of the places.

    `application` is ours, `name` is for people. `hears`: we get what is not addressed to us.
    """

    platform: str
    me: str
    places: Places
    threads: Literal["auto", "never"] = "auto"
    application: str = ""
    name: str = ""
    hears: bool = False


def snowflake_ms(snowflake: str) -> int:
    """Give the time (ms) that is written into an id."""
    return (int(snowflake) >> 22) + _EPOCH_MS if snowflake.isdecimal() else 0


def message_of(
    message: shapes.Message, place: Place, setting: Setting, member: shapes.Member | None = None
) -> Message | None:
    """Read a message; `member` is its author in the guild, where the message does not say."""
    if message.author.id == setting.me or message.type not in _SAID:
        return None
    own_roles = setting.places.guild(place.guild).own_roles
    mentioned = {user.id for user in message.mentions} or _written(message, setting.me)
    roles = set(message.mention_roles)
    replied = _replied_to(message)
    to_me = setting.me in mentioned or bool(roles & own_roles) or replied == setting.me
    to_others = message.mention_everyone or bool(
        (mentioned | ({replied} if replied else set())) - {setting.me} or roles - own_roles
    )
    direct = place.kind == "dm"
    text, attachments = _text(message, setting.me, own_roles), tuple(_attachments(message))
    if not (text or attachments or direct or to_me):
        return None  # without the Message Content intent others' words come blank
    return Message(
        event_id=message.id,
        address=_address(message, place, setting, to_me=to_me),
        author=_author(message.author, message.member or member, place, setting, message),
        text=text,
        at=milliseconds(message.timestamp) or snowflake_ms(message.id),
        message_id=message.id,
        reply_to=None if direct else message.id,
        direct=direct,
        addressed=direct or to_me,
        to_others=to_others,
        attachments=attachments,
        answers=answered(message, setting.me),
        changed=milliseconds(message.edited_timestamp or ""),
    )


def command_of(interaction: shapes.Interaction, setting: Setting, at: int) -> Command | None:
    """Read a command that was given."""
    user, place, channel = _who_where(interaction, setting)
    if user is None or not channel:
        return None
    return Command(
        event_id=interaction.id,
        address=_place_address(setting, channel, place),
        author=_author(user, interaction.member, place, setting),
        name=interaction.data.name,
        args=_args(interaction.data),
        at=at,
        direct=place.kind == "dm",
        handle=str(Handle(interaction.application_id, interaction.token, own=True)),
    )


def press_of(interaction: shapes.Interaction, setting: Setting, at: int) -> Press | None:
    """Read a press of a button, or a choice from a list; None if the button is not ours."""
    user, place, channel = _who_where(interaction, setting)
    data, message = interaction.data, interaction.message
    pressed = read_custom_id(data.values[0] if data.values else data.custom_id)
    if user is None or not channel or pressed is None:
        return None
    address = _place_address(setting, channel, place)
    root = _root(message, setting) if message else None
    if root and place.kind == _CHANNEL_THREADS and setting.threads == "auto":
        address = Address(platform=setting.platform, channel=channel, thread=root)
    own = bool(message and message.flags & _EPHEMERAL)
    return Press(
        event_id=interaction.id,
        address=address,
        author=_author(user, interaction.member, place, setting),
        action=pressed.action,
        turn_id=pressed.turn_id,
        value=pressed.value,
        at=at,
        message_id=(message.id or None) if message else None,
        direct=place.kind == "dm",
        handle=str(Handle(interaction.application_id, interaction.token, own=own)),
    )


# --- where ----------------------------------------------------------------------------------


def _address(message: shapes.Message, place: Place, setting: Setting, *, to_me: bool) -> Address:
    """Give the conversation: a thread is one, and a mention in a channel opens one.

    A reply to an answer that stands in the channel goes on with the conversation it belongs to.
    """
    address = _place_address(setting, message.channel_id, place)
    if place.kind != _CHANNEL_THREADS or setting.threads == "never" or not to_me:
        return address
    answer = message.referenced_message
    if answer is not None and _replied_to(message) == setting.me:
        root = _root(answer, setting)
        return Address(platform=setting.platform, channel=message.channel_id, thread=root)
    return Address(platform=setting.platform, channel=message.channel_id, thread=message.id)


def _place_address(setting: Setting, channel: str, place: Place) -> Address:
    if place.kind == "thread" and place.parent:
        return Address(platform=setting.platform, channel=place.parent, thread=channel)
    return Address(platform=setting.platform, channel=channel)


def _root(message: shapes.Other, setting: Setting) -> str | None:
    """Give the question that an answer of ours replies to."""
    reference = message.message_reference
    if reference is not None and reference.type == REPLY and reference.message_id:
        return reference.message_id
    return setting.places.root(message.id)


def _written(message: shapes.Message, me: str) -> set[str]:
    """Say whether we stand in the words themselves, for servers that list no mentions."""
    return {me}.intersection(_MENTION.findall(_CODE.sub("", message.content)))


def _replied_to(message: shapes.Message) -> str | None:
    """Give who wrote what this replies to."""
    author = replied_to(message)
    return author.id if author else None


def _who_where(
    interaction: shapes.Interaction, setting: Setting
) -> tuple[shapes.User | None, Place, str]:
    member, channel = interaction.member, interaction.channel
    user = (member.user if member else None) or interaction.user
    channel_id = interaction.channel_id or (channel.id if channel else "")
    if interaction.guild_id is None and member is None:
        return user, DM, channel_id
    place = setting.places.find(channel_id)  # what an interaction tells of a channel is partial
    if place is None and channel is not None:
        place = place_of(channel, interaction.guild_id)
    return user, place or Place("flat", interaction.guild_id), channel_id


# --- who ------------------------------------------------------------------------------------


def _author(
    user: shapes.User,
    member: shapes.Member | None,
    place: Place,
    setting: Setting,
    message: shapes.Message | None = None,
) -> Author:
    roles = member.roles if member else ()
    circles = (f"guild:{place.guild}",) if place.guild else ()
    manages = may_manage(member.permissions if member else None)
    return Author(
        id=user.id,
        name=(member.nick if member else None) or user.global_name or user.username or user.id,
        is_bot=user.bot or bool(message and message.webhook_id),
        circles=(*circles, *[f"role:{role}" for role in roles]),
        is_self=message is not None and _by_our_application(message, setting),
        is_admin=manages or setting.places.administers(place.guild, user.id, roles),
    )


def _by_our_application(message: shapes.Message, setting: Setting) -> bool:
    """Say whether a webhook of ours wrote it: those have names of their own."""
    if not message.webhook_id or not setting.application:
        return False
    return setting.application in {message.webhook_id, message.application_id}


# --- what -----------------------------------------------------------------------------------


def _text(message: shapes.Message, me: str, own_roles: set[str]) -> str:
    names = {user.id: f"@{user.global_name or user.username}" for user in message.mentions}
    if names_person(re.sub(rf"<@!?{me}>", "", message.content)):
        names = {}  # whom a command names stays an id: a name could be anybody's
    names[me] = ""
    text = _MENTION.sub(lambda found: names.get(found[1], found[0]), message.content)
    text = _ROLE.sub(lambda found: "" if found[1] in own_roles else found[0], text)
    if text != message.content:
        text = re.sub(r"(?<=\S) {2,}(?=\S)", " ", text)
    forwarded = [each.message.content for each in message.message_snapshots]
    return "\n\n".join(each for each in (text.strip(), *forwarded) if each)


def milliseconds(stamp: str) -> int:
    """Read a time; 0 for what is none."""
    try:
        return int(datetime.fromisoformat(stamp).timestamp() * 1000)
    except (ValueError, OverflowError):
        return 0


def _attachments(message: shapes.Message) -> list[Attachment]:
    forwarded = [file for each in message.message_snapshots for file in each.message.attachments]
    found = [*attached((*message.attachments, *forwarded))]
    found += [
        Attachment(kind="sticker", name=f"sticker {each.name}".strip())
        for each in message.sticker_items
    ]
    if message.poll is not None:
        found.append(Attachment(kind="other", name=_poll(message.poll)))
    return found


def _poll(poll: shapes.Poll) -> str:
    options = " / ".join(each.poll_media.text or "" for each in poll.answers)
    return f"poll: {poll.question.text or ''} ({options})"[:200]


def _args(data: shapes.InteractionData) -> str:
    """Write what was filled in as the words of a command, in the order of its grammar."""
    values = {each.name: str(each.value).strip() for each in data.options if each.value is not None}
    known = entry(data.name)
    fields = known.options if known else ()
    return " ".join(_word(each, values[each.name]) for each in fields if values.get(each.name))


def _word(field: Option, value: str) -> str:
    if field.mark and " " in value:
        value = f'"{value}"'
    return f"{field.mark}{value}"
