"""The routes of messages: read, send, edit, delete, react, type."""

from __future__ import annotations

from typing import Any

from tests.simulators.discord import objects
from tests.simulators.discord.desk import Call, Desk
from tests.simulators.discord.errors import Refused, wrong
from tests.simulators.discord.gateway import CONTENT, DIRECT_MESSAGES, GUILD_MESSAGES
from tests.simulators.discord.world import (
    COMMAND,
    DEFAULT,
    EPHEMERAL,
    REPLY,
    SUPPRESS_EMBEDS,
    THREAD,
    Channel,
    Said,
)

Json = dict[str, Any]


def read(desk: Desk, said: Said) -> Json:
    """A message as REST shows it to this application."""
    whole = objects.message(desk.world, said)
    if desk.gateway.privileged & CONTENT:
        return whole
    return objects.blank(desk.world, whole)


def get_messages(desk: Desk, call: Call) -> list[Json]:
    channel = desk.world.seen(call.ids["channel"])
    desk.world.demand(channel, "view", code=50001)
    limit = call.query.get("limit", "50")
    if not limit.isdecimal() or not 1 <= int(limit) <= 100:
        raise wrong("limit", "NUMBER_TYPE_MAX", "int value should be between 1 and 100.")
    if not desk.world.may(channel, "history"):
        return []
    told = [each for each in channel.messages.values() if not each.flags & EPHEMERAL]
    told.sort(key=lambda each: int(each.id))
    after, before = call.query.get("after"), call.query.get("before")
    if before:
        told = [each for each in told if int(each.id) < int(before)]
    if after:
        told = [each for each in told if int(each.id) > int(after)][: int(limit)]
    return [_later(desk, each) for each in reversed(told[-int(limit) :])]


def get_message(desk: Desk, call: Call) -> Json:
    channel = desk.world.seen(call.ids["channel"])
    desk.world.demand(channel, "history")
    return _later(desk, desk.world.message(channel, call.ids["message"]))


def _later(desk: Desk, said: Said) -> Json:
    """A message as it is read again: its nonce was told once, when it was posted."""
    return {key: value for key, value in read(desk, said).items() if key != "nonce"}


def create_message(desk: Desk, call: Call) -> Json:
    channel, form = desk.world.seen(call.ids["channel"]), call.form
    may_write(desk, channel, files=bool(call.files))
    same = _same(desk, channel, form)
    if same is not None:
        return read(desk, same)
    said = desk.draft(channel, desk.world.bot)
    said.nonce = form.get("nonce")
    _refer(desk, said, form.get("message_reference"))
    desk.fill(said, call)
    if not desk.world.may(channel, "embeds"):
        said.embeds = []
    desk.add(said)
    return read(desk, said)


def may_write(desk: Desk, channel: Channel, *, files: bool = False) -> None:
    world = desk.world
    if channel.guild is None:
        if any(each.blocks or each.bot for each in channel.people):
            raise Refused(50007)
        return
    world.demand(channel, "send_in_threads" if channel.type == THREAD else "send")
    if files:
        world.demand(channel, "files")
    if channel.locked and not world.may(channel, "manage_threads"):
        raise Refused(160005)


def _same(desk: Desk, channel: Channel, form: Json) -> Said | None:
    nonce = form.get("nonce")
    if nonce is None or not form.get("enforce_nonce"):
        return None
    since = desk.loop_time() - desk.nonce_seconds
    mine = [
        each
        for each in channel.messages.values()
        if each.author is desk.world.bot and str(each.nonce) == str(nonce) and each.at > since
    ]
    return mine[0] if mine else None


def _refer(desk: Desk, said: Said, given: Json | None) -> None:
    if given is None or given.get("type", 0) != 0:
        return
    identity = str(given.get("message_id"))
    if str(given.get("channel_id", said.channel.id)) != said.channel.id:
        words = "Cannot reply to a message in a different channel"
        raise wrong("message_reference", "REPLIES_CANNOT_REPLY_TO_OTHER_CHANNEL", words)
    desk.world.demand(said.channel, "history", code=160002)
    target = said.channel.messages.get(identity)
    if target is None and given.get("fail_if_not_exists", True):
        words = "Unknown message"
        raise wrong("message_reference", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", words)
    if target is not None and target.type not in {DEFAULT, REPLY, COMMAND}:
        words = "Cannot reply to a system message"
        raise wrong("message_reference", "REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE", words)
    if target is not None:
        said.type, said.reference, said.referred_id = REPLY, target, identity


def edit_message(desk: Desk, call: Call) -> Json:
    channel = desk.world.seen(call.ids["channel"])
    said = desk.world.message(channel, call.ids["message"])
    if said.author is not desk.world.bot:
        flags = int(call.form.get("flags") or 0)
        if set(call.form) != {"flags"} or not desk.world.may(channel, "manage_messages"):
            raise Refused(50005)
        said.flags = (said.flags & ~SUPPRESS_EMBEDS) | (flags & SUPPRESS_EMBEDS)
        desk.tell("MESSAGE_UPDATE", said)
    else:
        _editable(said)
        desk.fill(said, call, old=said)
        desk.changed(said)
    return read(desk, said)


def _editable(said: Said) -> None:
    if said.channel.archived:
        raise Refused(50083)
    if said.type not in {DEFAULT, REPLY, COMMAND}:
        raise Refused(50021)


def delete_message(desk: Desk, call: Call) -> None:
    channel = desk.world.seen(call.ids["channel"])
    said = desk.world.message(channel, call.ids["message"])
    if said.author is not desk.world.bot:
        if channel.guild is None:
            raise Refused(50003, "Cannot execute action on a DM channel")
        desk.world.demand(channel, "manage_messages")
    remove(desk, said)


def remove(desk: Desk, said: Said) -> None:
    """Take a message out, and tell."""
    channel = said.channel
    channel.messages.pop(said.id, None)
    data: Json = {"id": said.id, "channel_id": channel.id}
    if channel.guild is not None:
        data["guild_id"] = channel.guild.id
    intent = DIRECT_MESSAGES if channel.guild is None else GUILD_MESSAGES
    desk.told("MESSAGE_DELETE", data, intent=intent)


def typing(desk: Desk, call: Call) -> None:
    channel = desk.world.seen(call.ids["channel"])
    may_write(desk, channel)


def add_reaction(desk: Desk, call: Call) -> None:
    channel = desk.world.seen(call.ids["channel"])
    said = desk.world.message(channel, call.ids["message"])
    desk.world.demand(channel, "history")
    emoji = call.ids["emoji"]
    if emoji.isascii():
        raise Refused(10014)
    if emoji not in said.reactions:
        desk.world.demand(channel, "reactions")
    if channel.archived:
        raise Refused(50083)
    people = said.reactions.setdefault(emoji, [])
    if desk.world.bot not in people:
        people.append(desk.world.bot)
    desk.changes.tell()


def remove_reaction(desk: Desk, call: Call) -> None:
    channel = desk.world.seen(call.ids["channel"])
    said = desk.world.message(channel, call.ids["message"])
    emoji = call.ids["emoji"]
    people = said.reactions.get(emoji, [])
    if desk.world.bot not in people:
        raise Refused(10014)
    people.remove(desk.world.bot)
    if not people:
        del said.reactions[emoji]
    desk.changes.tell()
