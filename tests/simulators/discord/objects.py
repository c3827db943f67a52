"""Discord's JSON objects, complete, made of what is in the world. Pure."""

from __future__ import annotations

from typing import Any

from tests.simulators.discord.world import (
    DM,
    EPHEMERAL,
    STARTER,
    SUPPRESS_EMBEDS,
    TEXT,
    THREAD,
    THREAD_CREATED,
    Channel,
    Guild,
    Role,
    Said,
    User,
    World,
)

Json = dict[str, Any]


def user(who: User) -> Json:
    return {
        "id": who.id,
        "username": who.name.lower().replace(" ", "_"),
        "discriminator": "0" if not who.bot else "4242",
        "global_name": None if who.bot else who.name,
        "avatar": None,
        "avatar_decoration_data": None,
        "collectibles": None,
        "display_name_styles": None,
        "banner": None,
        "accent_color": None,
        "bot": who.bot,
        "system": False,
        "public_flags": 0,
        "clan": None,
        "primary_guild": None,
    }


def member(world: World, guild: Guild, who: User) -> Json:
    """A member without its user, as messages carry it."""
    return {
        "roles": sorted(guild.members.get(who.id, ())),
        "joined_at": world.stamp(guild.id),
        "premium_since": None,
        "nick": None,
        "avatar": None,
        "banner": None,
        "pending": False,
        "communication_disabled_until": None,
        "deaf": False,
        "mute": False,
        "flags": 0,
    }


def role(one: Role, position: int) -> Json:
    return {
        "id": one.id,
        "name": one.name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "icon": None,
        "unicode_emoji": None,
        "position": position,
        "permissions": str(one.permissions),
        "managed": False,
        "mentionable": one.mentionable,
        "description": None,
        "flags": 0,
        "version": 0,
    }


def channel(world: World, one: Channel) -> Json:
    head = {"id": one.id, "type": one.type, "last_message_id": one.last_id, "flags": 0}
    if one.type == DM:
        return head | {"recipients": [user(each) for each in one.people]}
    assert one.guild is not None
    head |= {"guild_id": one.guild.id, "name": one.name, "rate_limit_per_user": 0}
    if one.type == THREAD:
        return head | _thread(world, one)
    overwrites = [
        {"id": identity, "type": 1, "allow": "0", "deny": str(bits)}
        for identity, bits in one.denied.items()
    ]
    return head | {
        "parent_id": None,
        "position": 0,
        "topic": None,
        "nsfw": False,
        "permission_overwrites": overwrites,
        "last_pin_timestamp": None,
        "icon_emoji": None,
        "theme_color": None,
    }


def _thread(world: World, one: Channel) -> Json:
    assert one.parent is not None
    assert one.owner is not None
    made = world.stamp(one.id)
    joined = {"id": one.id, "user_id": world.bot.id, "join_timestamp": made, "flags": 0}
    counted = [each for each in one.messages.values() if each.type != STARTER]
    return {
        "parent_id": one.parent.id,
        "owner_id": one.owner.id,
        "message_count": len(counted),
        "total_message_sent": len(counted),
        "member_count": len(one.joined),
        "thread_metadata": {
            "archived": one.archived,
            "auto_archive_duration": one.auto_archive,
            "archive_timestamp": made,
            "create_timestamp": made,
            "locked": one.locked,
        },
    } | ({"member": joined} if world.bot.id in one.joined else {})


def guild(world: World, one: Guild, *, everybody: bool) -> Json:
    """As GUILD_CREATE brings it; without the members intent only the bot itself is in it."""
    here = [each for each in world.channels.values() if each.guild is one]
    seen = [each for each in here if world.may(each, "view")]
    known = [world.users[each] for each in one.members] if everybody else [world.bot]
    return {
        "id": one.id,
        "name": one.name,
        "owner_id": one.owner.id,
        "unavailable": False,
        "large": False,
        "joined_at": world.stamp(one.id),
        "member_count": len(one.members),
        "members": [member(world, one, each) | {"user": user(each)} for each in known],
        "roles": [role(each, place) for place, each in enumerate(one.roles.values())],
        "channels": [channel(world, each) for each in here if each.type == TEXT],
        "threads": [channel(world, each) for each in seen if _active(each)],
        "system_channel_flags": 0,
        "preferred_locale": "en-US",
        "max_members": 25_000_000,
        "max_video_channel_users": 25,
        "max_stage_video_channel_users": 50,
        "afk_timeout": 300,
        "premium_progress_bar_enabled": False,
        **dict.fromkeys(NOTHING),
        **dict.fromkeys(ZERO, 0),
        **{name: [] for name in EMPTY},
    }


def joined(world: World, one: Guild) -> Json:
    """As GUILD_CREATE brings a guild that the bot is new in: not known to be available."""
    whole = guild(world, one, everybody=False)
    return {name: value for name, value in whole.items() if name != "unavailable"}


def _active(one: Channel) -> bool:
    return one.type == THREAD and not one.archived


NOTHING = (
    *("icon", "splash", "discovery_splash", "banner", "description", "afk_channel_id"),
    *("application_id", "system_channel_id", "rules_channel_id", "vanity_url_code"),
    *("public_updates_channel_id", "safety_alerts_channel_id", "hub_type", "home_header"),
    *("latest_onboarding_question_id", "inventory_settings", "incidents_data"),
)
ZERO = (
    *("verification_level", "default_message_notifications", "explicit_content_filter"),
    *("mfa_level", "nsfw_level", "premium_tier", "premium_subscription_count"),
)
EMPTY = (
    *("emojis", "stickers", "features", "stage_instances", "guild_scheduled_events"),
    *("soundboard_sounds", "voice_states", "presences", "embedded_activities"),
)


def message(world: World, said: Said, *, quoted: bool = True) -> Json:
    """A message as REST gives it; the gateway adds the guild and the member."""
    data: Json = {
        "id": said.id,
        "channel_id": said.channel.id,
        "author": user(said.author),
        "content": said.content,
        "timestamp": world.stamp(said.id),
        "edited_timestamp": said.edited,
        "tts": False,
        "mention_everyone": said.mention_everyone,
        "mentions": [user(each) for each in said.mentions],
        "mention_roles": said.mention_roles,
        "attachments": said.attachments,
        "embeds": [] if said.flags & SUPPRESS_EMBEDS else said.embeds,
        "components": said.components,
        "pinned": False,
        "type": said.type,
        "flags": said.flags,
        **said.extra,
    }
    if said.nonce is not None:
        data["nonce"] = said.nonce
    if said.interaction is not None:
        data |= {"interaction_metadata": said.interaction, "webhook_id": world.application_id}
        data["application_id"] = world.application_id
    if said.reactions:
        data["reactions"] = [_reaction(world, *each) for each in said.reactions.items()]
    if said.type == THREAD_CREATED and said.thread is not None:
        data["message_reference"] = {"type": 0, "channel_id": said.thread.id}
    elif said.thread is not None:
        data["thread"] = channel(world, said.thread)
    if said.referred_id is not None and quoted:
        data |= _reference(world, said)
    return data


def _reference(world: World, said: Said) -> Json:
    at = said.reference.channel if said.reference else said.channel
    pointer: Json = {"type": 0, "channel_id": at.id, "message_id": said.referred_id}
    if at.guild is not None:
        pointer["guild_id"] = at.guild.id
    alive = said.reference is not None and said.reference.id in at.messages
    quoted = message(world, said.reference, quoted=False) if alive and said.reference else None
    return {"message_reference": pointer, "referenced_message": quoted}


def _reaction(world: World, emoji: str, people: list[User]) -> Json:
    return {
        "emoji": {"id": None, "name": emoji},
        "count": len(people),
        "count_details": {"burst": 0, "normal": len(people)},
        "me": world.bot in people,
        "me_burst": False,
        "burst_colors": [],
    }


def event(world: World, said: Said) -> Json:
    """A message as MESSAGE_CREATE and MESSAGE_UPDATE bring it."""
    data = message(world, said) | {"channel_type": said.channel.type}
    home = said.channel.guild
    if home is None or said.flags & EPHEMERAL:
        return data  # also of a guild, one for a person alone comes without it
    data |= {"guild_id": home.id}
    if said.author.id in home.members:
        data["member"] = member(world, home, said.author)
    for each in data["mentions"]:
        who = world.users[each["id"]]
        if who.id in home.members:
            each["member"] = member(world, home, who)
    return data


def blank(world: World, data: Json) -> Json:
    """Take out what the message content intent is needed for."""
    theirs = data.get("author", {}).get("id") != world.bot.id
    named = any(each["id"] == world.bot.id for each in data.get("mentions", ()))
    quoted = data.get("referenced_message")
    if quoted:
        data = data | {"referenced_message": blank(world, quoted)}
    home = world.channels.get(data["channel_id"])
    if not theirs or named or (home is not None and home.type == DM):
        return data
    kept = {name: value for name, value in data.items() if name != "poll"}
    return kept | {"content": "", "embeds": [], "attachments": [], "components": []}
