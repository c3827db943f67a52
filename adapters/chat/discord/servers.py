"""What we read of servers, by the names of Discord's documentation. Values only.

As in `shapes`: what is not listed here is not looked at, and ids are text.
"""

from __future__ import annotations

import msgspec


class Tags(msgspec.Struct, frozen=True):
    """Whose role it is."""

    bot_id: str | None = None


class Role(msgspec.Struct, frozen=True):
    """A role; `permissions` is a number, as text if Discord itself writes it, None if untold."""

    id: str
    permissions: str | int | None = None
    tags: Tags | None = None


class ThreadState(msgspec.Struct, frozen=True):
    """Whether a thread is put away."""

    archived: bool = False


class Overwrite(msgspec.Struct, frozen=True):
    """What a role or a user is denied and allowed in one channel; numbers as with roles."""

    id: str
    deny: str | int = "0"
    allow: str | int = "0"


class Channel(msgspec.Struct, frozen=True):
    """A channel or a thread. `last_message_id` is None where nothing was ever written."""

    id: str
    type: int = 0
    guild_id: str | None = None
    parent_id: str | None = None
    last_message_id: str | None | msgspec.UnsetType = msgspec.UNSET
    position: int = 0
    permission_overwrites: tuple[Overwrite, ...] = ()
    thread_metadata: ThreadState | None = None


class Guild(msgspec.Struct, frozen=True):
    """A server, as the gateway tells of it.

    `unavailable` is False where one is there again that was away, and absent where one is new.
    `members` are some, the bot among them; `sight` reads them.
    """

    id: str
    unavailable: bool | None = None
    system_channel_id: str | None = None
    owner_id: str | None = None
    members: object = None
    roles: tuple[Role, ...] = ()
    channels: tuple[Channel, ...] = ()
    threads: tuple[Channel, ...] = ()


class ThreadList(msgspec.Struct, frozen=True):
    """The threads that can be read in a guild now."""

    guild_id: str
    threads: tuple[Channel, ...] = ()


class RoleEvent(msgspec.Struct, frozen=True):
    """A role was made or changed."""

    guild_id: str
    role: Role


class RoleGone(msgspec.Struct, frozen=True):
    """A role was deleted."""

    guild_id: str
    role_id: str
