"""Dispatches that tell of guilds, channels and roles → what is known of places. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from adapters.chat.discord import servers, shapes
from adapters.chat.discord.places import Places


def take(places: Places, event: str, data: object) -> None:
    """Take in what a dispatch tells; others are passed over.

    Raises:
        ValueError: it has not the documented shape.
    """
    reader = _READERS.get(event)
    if reader is not None:
        reader(places, data)


def _guild(places: Places, data: object) -> None:
    places.learn_guild(shapes.read(data, servers.Guild))


def _guild_gone(places: Places, data: object) -> None:
    guild = shapes.read(data, servers.Guild)
    if not guild.unavailable:  # an outage is not a farewell
        places.forget_guild(guild.id)


def _channel(places: Places, data: object) -> None:
    channel = shapes.read(data, servers.Channel)
    if channel.thread_metadata is not None and channel.thread_metadata.archived:
        places.forget([channel.id])  # whoever writes into it brings it back
    else:
        places.learn(channel)


def _channel_gone(places: Places, data: object) -> None:
    places.delete(shapes.read(data, servers.Channel).id)


def _threads(places: Places, data: object) -> None:
    told = shapes.read(data, servers.ThreadList)
    for thread in told.threads:
        places.learn(thread, told.guild_id)


def _role(places: Places, data: object) -> None:
    told = shapes.read(data, servers.RoleEvent)
    places.learn_role(told.guild_id, told.role)


def _role_gone(places: Places, data: object) -> None:
    told = shapes.read(data, servers.RoleGone)
    places.forget_role(told.guild_id, told.role_id)


_READERS: Mapping[str, Callable[[Places, object], None]] = {
    "GUILD_CREATE": _guild,
    "GUILD_DELETE": _guild_gone,
    "GUILD_ROLE_CREATE": _role,
    "GUILD_ROLE_UPDATE": _role,
    "GUILD_ROLE_DELETE": _role_gone,
    "CHANNEL_CREATE": _channel,
    "CHANNEL_UPDATE": _channel,
    "CHANNEL_DELETE": _channel_gone,
    "THREAD_CREATE": _channel,
    "THREAD_UPDATE": _channel,
    "THREAD_DELETE": _channel_gone,
    "THREAD_LIST_SYNC": _threads,
}
