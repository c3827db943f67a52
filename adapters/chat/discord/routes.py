"""The calls that are made, by the paths of Discord's documentation. Nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from discord.http import Route

EYES: Final = "👀"


def me() -> Route:
    """Who the token belongs to."""
    return Route("GET", "/users/@me")


def application() -> Route:
    """The application of the token."""
    return Route("GET", "/oauth2/applications/@me")


def gateways() -> Sequence[Route]:
    """Where the gateway is: for a bot, and for everybody, which a smaller server may have alone."""
    return (Route("GET", "/gateway/bot"), Route("GET", "/gateway"))


def channel(method: str, channel_id: str) -> Route:
    """One channel, or one thread."""
    return Route(method, "/channels/{channel_id}", channel_id=channel_id)


def member(guild_id: str, user_id: str) -> Route:
    """One member of a guild."""
    path = "/guilds/{guild_id}/members/{user_id}"
    return Route("GET", path, guild_id=guild_id, user_id=user_id)


def guild(guild_id: str) -> Route:
    """A guild that we leave."""
    return Route("DELETE", "/users/@me/guilds/{guild_id}", guild_id=guild_id)


def direct() -> Route:
    """The private channel with somebody; asking again gives the same one."""
    return Route("POST", "/users/@me/channels")


def messages(method: str, channel_id: str) -> Route:
    """The messages of a channel: POST makes one, GET lists them."""
    return Route(method, "/channels/{channel_id}/messages", channel_id=channel_id)


def message(method: str, channel_id: str, message_id: str) -> Route:
    """One message."""
    path = "/channels/{channel_id}/messages/{message_id}"
    return Route(method, path, channel_id=channel_id, message_id=message_id)


def thread(channel_id: str, message_id: str) -> Route:
    """The thread of a message."""
    path = "/channels/{channel_id}/messages/{message_id}/threads"
    return Route("POST", path, channel_id=channel_id, message_id=message_id)


def typing(channel_id: str) -> Route:
    """Say that we are writing."""
    return Route("POST", "/channels/{channel_id}/typing", channel_id=channel_id)


def eyes(channel_id: str, message_id: str) -> Route:
    """Our sign that a message was seen."""
    path = "/channels/{channel_id}/messages/{message_id}/reactions/{emoji}/@me"
    return Route("PUT", path, channel_id=channel_id, message_id=message_id, emoji=EYES)


def commands(method: str, application_id: str) -> Route:
    """The commands of the application, everywhere."""
    path = "/applications/{application_id}/commands"
    return Route(method, path, application_id=application_id)


def callback(interaction_id: str, token: str) -> Route:
    """The first answer to an interaction, within three seconds."""
    path = "/interactions/{webhook_id}/{webhook_token}/callback"
    return Route("POST", path, webhook_id=interaction_id, webhook_token=token)


def original(application_id: str, token: str) -> Route:
    """What the first answer became."""
    path = "/webhooks/{webhook_id}/{webhook_token}/messages/@original"
    return Route("PATCH", path, webhook_id=application_id, webhook_token=token)


def follow_up(application_id: str, token: str) -> Route:
    """One more answer."""
    path = "/webhooks/{webhook_id}/{webhook_token}"
    return Route("POST", path, webhook_id=application_id, webhook_token=token)
