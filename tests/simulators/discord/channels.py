"""The routes of who and where: the bot, its application, channels, DMs, threads."""

from __future__ import annotations

from typing import Any

from tests.simulators.discord import objects, rules
from tests.simulators.discord.desk import Call, Desk
from tests.simulators.discord.errors import Refused, wrong
from tests.simulators.discord.gateway import flags
from tests.simulators.discord.world import (
    DEFAULT,
    DM,
    REPLY,
    STARTER,
    THREAD,
    THREAD_CREATED,
    Channel,
    Said,
    User,
)

DURATIONS = {60, 1440, 4320, 10080}
Json = dict[str, Any]


def me(desk: Desk, call: Call) -> Json:
    whole = objects.user(desk.world.bot)
    return whole | {"verified": True, "mfa_enabled": True, "email": None, "locale": "en-US"}


def application(desk: Desk, call: Call) -> Json:
    world = desk.world
    owner = next(iter(world.guilds.values())).owner if world.guilds else world.bot
    return {
        "id": world.application_id,
        "name": world.bot.name,
        "icon": None,
        "description": "",
        "summary": "",
        "type": None,
        "bot": objects.user(world.bot),
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "00" * 32,
        "flags": flags(desk.gateway.privileged),
        "hook": True,
        "team": None,
        "owner": objects.user(owner),
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "approximate_guild_count": len(world.guilds),
        "integration_types_config": {"0": {}},
    }


def gateway(desk: Desk, call: Call) -> Json:
    return {"url": desk.gateway.url}


def gateway_bot(desk: Desk, call: Call) -> Json:
    limit = {"total": 1000, "remaining": 999, "reset_after": 14_400_000, "max_concurrency": 1}
    return {"url": desk.gateway.url, "shards": 1, "session_start_limit": limit}


def get_channel(desk: Desk, call: Call) -> Json:
    return objects.channel(desk.world, desk.world.seen(call.ids["channel"]))


def get_guild(desk: Desk, call: Call) -> Json:
    guild = desk.world.guilds.get(call.ids["guild"])
    if guild is None or not guild.present:
        raise Refused(10004)
    return objects.guild(desk.world, guild, everybody=False)


def leave_guild(desk: Desk, call: Call) -> None:
    """Take the bot out of a guild; the gateway tells it so."""
    guild = desk.world.guilds.get(call.ids["guild"])
    if guild is None or not guild.present:
        raise Refused(10004)
    guild.present = False
    guild.members.pop(desk.world.bot.id, None)
    desk.told("GUILD_DELETE", {"id": guild.id})


def get_member(desk: Desk, call: Call) -> Json:
    guild = desk.world.guilds.get(call.ids["guild"])
    if guild is None or not guild.present:
        raise Refused(10004)
    who = desk.world.users.get(call.ids["user"])
    if who is None or who.id not in guild.members:
        raise Refused(10007, "Unknown Member")
    return objects.member(desk.world, guild, who) | {"user": objects.user(who)}


def get_user(desk: Desk, call: Call) -> Json:
    who = desk.world.users.get(call.ids["user"])
    if who is None:
        raise Refused(10013)
    return objects.user(who)


def create_dm(desk: Desk, call: Call) -> Json:
    person = desk.world.users.get(str(call.form.get("recipient_id")))
    if person is None:
        words = f'Value "{call.form.get("recipient_id")}" is not a known user.'
        raise wrong("recipient_id", "UNKNOWN_USER", words)
    if person.bot:
        raise Refused(50007)
    return objects.channel(desk.world, desk.world.dm(person))


# --- threads --------------------------------------------------------------------------------


def thread_from_message(desk: Desk, call: Call) -> Json:
    channel = desk.world.seen(call.ids["channel"])
    said = desk.world.message(channel, call.ids["message"])
    _may_thread(desk, channel)
    if said.thread is not None:
        raise Refused(160004)
    if said.type not in {DEFAULT, REPLY}:
        raise Refused(50021)
    made = open_thread(desk, channel, desk.world.bot, _form(call), of=said)
    return objects.channel(desk.world, made)


def start_thread(desk: Desk, call: Call) -> Json:
    channel = desk.world.seen(call.ids["channel"])
    _may_thread(desk, channel)
    if call.form.get("type", 12) not in {11, 12}:
        raise wrong("type", "BASE_TYPE_CHOICES", "Value must be one of {10, 11, 12}.")
    made = open_thread(desk, channel, desk.world.bot, _form(call))
    return objects.channel(desk.world, made)


def _may_thread(desk: Desk, channel: Channel) -> None:
    if channel.type in {DM, THREAD}:
        raise Refused(50024)
    desk.world.demand(channel, "threads")


def _form(call: Call) -> tuple[str, int]:
    name = rules.thread_name(call.form.get("name"))
    duration = call.form.get("auto_archive_duration", 1440)
    if duration not in DURATIONS:
        words = "Value must be one of {60, 1440, 4320, 10080}."
        raise wrong("auto_archive_duration", "BASE_TYPE_CHOICES", words)
    return name, duration


def open_thread(
    desk: Desk, parent: Channel, owner: User, form: tuple[str, int], of: Said | None = None
) -> Channel:
    """Open a thread and tell, as Discord does, with its system messages."""
    made = desk.world.thread(parent, form[0], owner, of=of)
    made.auto_archive = form[1]
    whole = objects.channel(desk.world, made) | {"newly_created": True}
    desk.told("THREAD_CREATE", whole)
    if of is None:
        note = desk.draft(parent, owner)
        note.type, note.content, note.thread = THREAD_CREATED, made.name, made
        desk.add(note)
        return made
    desk.tell("MESSAGE_UPDATE", of)
    opening = desk.draft(made, of.author)
    opening.type, opening.reference, opening.referred_id = STARTER, of, of.id
    desk.add(opening)
    return made


def edit_channel(desk: Desk, call: Call) -> Json:
    """Rename, archive or lock a thread."""
    channel = desk.world.seen(call.ids["channel"])
    if channel.type != THREAD:
        raise Refused(50013)
    if call.form == {"archived": False} and not channel.locked:
        desk.world.demand(channel, "send_in_threads")  # as by writing into it
    elif channel.locked or channel.owner is not desk.world.bot:
        desk.world.demand(channel, "manage_threads")
    if "name" in call.form:
        channel.name = rules.thread_name(call.form["name"])
    channel.archived = bool(call.form.get("archived", channel.archived))
    channel.locked = bool(call.form.get("locked", channel.locked))
    whole = objects.channel(desk.world, channel)
    desk.told("THREAD_UPDATE", whole)
    return whole


def join_thread(desk: Desk, call: Call) -> None:
    channel = desk.world.seen(call.ids["channel"])
    if channel.type != THREAD:
        raise Refused(50024)
    channel.joined.add(desk.world.bot.id)
