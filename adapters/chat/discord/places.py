"""What is known of guilds, channels and threads: only what it takes to tell where a message is.

Decides a channel's place and who administers a guild; holds a few words for each channel, no
members, no messages.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from adapters.chat.discord.servers import Channel, Guild, Role
from adapters.chat.discord.sight import unseen
from core.recent import Recent

Kind: TypeAlias = Literal["dm", "open", "thread", "flat"]
"""`open`: a thread can be made from a message there; `flat`: none can."""

_DM: Final = frozenset({1, 3})
_OPEN: Final = frozenset({0, 5})
_THREADS: Final = frozenset({10, 11, 12})
_REMEMBERED: Final = 2000
MOST_THREADS: Final = 10_000
"""Threads that are known: each question may open one, and Discord tells of those alone that were
put away while it was listened to. Of one that was forgotten Discord is asked."""
_ADMINISTRATOR: Final = 1 << 3
_MANAGE_SERVER: Final = 1 << 5


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message stands. `parent` is the channel of a thread."""

    kind: Kind
    guild: str | None = None
    parent: str | None = None


DM: Final = Place("dm")


@dataclass(slots=True)
class GuildFacts:
    """Who administers a guild, its roles, and which of them is the bot's own."""

    owner: str | None = None
    admin_roles: set[str] = field(default_factory=set)
    own_roles: set[str] = field(default_factory=set)
    roles: set[str] = field(default_factory=set)


NO_GUILD: Final = GuildFacts()


def may_manage(permissions: str | int | None) -> bool:
    """Say whether these permissions are those of somebody who manages the server."""
    try:
        bits = int(permissions or 0)
    except ValueError:
        return False
    return bool(bits & (_ADMINISTRATOR | _MANAGE_SERVER))


def place_of(channel: Channel, guild: str | None = None) -> Place:
    """Give the place that a channel is."""
    guild = channel.guild_id or guild
    if channel.type in _DM:
        return DM
    if channel.type in _THREADS and channel.parent_id:
        return Place("thread", guild, channel.parent_id)
    return Place("open" if channel.type in _OPEN else "flat", guild)


class Places:
    """Everything known, by id."""

    def __init__(self) -> None:
        self.me = ""
        self._channels: dict[str, Place] = {}
        self._threads = Recent[str, Place](MOST_THREADS)
        self._guilds: dict[str, GuildFacts] = {}
        self._newest: dict[str, str] = {}
        self._roots = Recent[str, str](_REMEMBERED)
        self._gone = Recent[str, None](_REMEMBERED)

    def find(self, channel: str) -> Place | None:
        """Give a channel's place, None if it was never told."""
        return self._channels.get(channel) or self._threads.get(channel)

    def guild(self, guild: str | None) -> GuildFacts:
        """Give what is known of a guild."""
        return self._guilds.get(guild or "", NO_GUILD)

    def named(self, circles: Collection[str]) -> Iterator[str]:
        """Give the guilds of these circles, such as "guild:42" and "role:7"."""
        roles = {each.removeprefix("role:") for each in circles if each.startswith("role:")}
        for guild, facts in self._guilds.items():
            if f"guild:{guild}" in circles or not roles.isdisjoint(facts.roles):
                yield guild

    def root(self, message: str) -> str | None:
        """Give the question that a message of ours stands under in a channel."""
        return self._roots.get(message)

    def rooted(self, message: str, root: str) -> None:
        """Note the question that a message of ours stands under, where no thread could be made."""
        self._roots[message] = root

    def deleted(self, channel: str) -> bool:
        """Say whether a channel or thread was deleted."""
        return channel in self._gone

    def delete(self, channel: str) -> None:
        """Note that a channel or thread was deleted."""
        self._gone[channel] = None
        self.forget([channel])

    def begin(self) -> None:
        """Begin a session: what was said last in a channel is told anew."""
        self._newest.clear()

    def newest(self) -> Iterator[tuple[str, str]]:
        """Give (channel, id of the last message there) as they were told in this session.

        The id is blank where it was not told, and the channel's own where nothing was ever said.
        """
        yield from self._newest.items()

    def learn(self, channel: Channel, guild: str | None = None) -> Place:
        """Take in a channel or a thread."""
        place = place_of(channel, guild)
        if place.kind == "thread":
            self._threads[channel.id] = place
        else:
            self._channels[channel.id] = place
        return place

    def learn_guild(self, guild: Guild) -> None:
        """Take in a whole guild."""
        if guild.unavailable:
            return
        self._guilds[guild.id] = GuildFacts(owner=guild.owner_id)
        for role in guild.roles:
            self.learn_role(guild.id, role)
        hidden = unseen(guild, self.me)
        for channel in (*guild.channels, *guild.threads):
            self.learn(channel, guild.id)
            if channel.id in hidden:
                continue  # there is nothing to be read there
            last = channel.last_message_id
            if isinstance(last, str):
                self._newest[channel.id] = last
            elif last is None:
                self._newest[channel.id] = channel.id  # whatever is said there is younger
            elif channel.type in _OPEN | _THREADS:
                self._newest[channel.id] = ""

    def learn_role(self, guild: str, role: Role) -> None:
        """Take in a role, new or changed."""
        facts = self._guilds.setdefault(guild, GuildFacts())
        facts.admin_roles.discard(role.id)
        if may_manage(role.permissions):
            facts.admin_roles.add(role.id)
        facts.roles.add(role.id)
        if role.tags is not None and self.me and role.tags.bot_id == self.me:
            facts.own_roles.add(role.id)

    def forget_role(self, guild: str, role: str) -> None:
        """Drop a deleted role."""
        facts = self._guilds.get(guild)
        if facts is not None:
            facts.admin_roles.discard(role)
            facts.own_roles.discard(role)
            facts.roles.discard(role)

    def forget(self, channels: Iterable[str]) -> None:
        """Drop channels that cannot be seen any more."""
        for channel in channels:
            self._channels.pop(channel, None)
            self._threads.pop(channel)
            self._newest.pop(channel, None)

    def forget_guild(self, guild: str) -> None:
        """Drop a guild that the bot is no longer in."""
        self._guilds.pop(guild, None)
        known = {**self._channels, **self._threads.all()}
        self.forget([each for each, place in known.items() if place.guild == guild])

    def administers(self, guild: str | None, user: str, roles: Iterable[str]) -> bool:
        """Say whether somebody administers a guild, as far as it is known."""
        facts = self.guild(guild)
        if guild is None:
            return False
        return user == facts.owner or not facts.admin_roles.isdisjoint({*roles, guild})
