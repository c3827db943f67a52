"""Everything that exists on this Discord: people, guilds, channels, messages. State alone.

Ids are snowflakes: a time in milliseconds and a count, so that later ones are greater.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.clock import SystemClock
from tests.simulators.discord.errors import Refused

EPOCH = 1_420_070_400_000
TEXT, DM, THREAD = 0, 1, 11
DEFAULT, THREAD_CREATED, REPLY, COMMAND, STARTER = 0, 18, 19, 20, 21
SILENT, SUPPRESS_EMBEDS, HAS_THREAD, EPHEMERAL, LOADING, V2 = 4096, 4, 32, 64, 128, 32768

PERMISSIONS = {
    "administrator": 1 << 3,
    "manage_server": 1 << 5,
    "reactions": 1 << 6,
    "view": 1 << 10,
    "send": 1 << 11,
    "manage_messages": 1 << 13,
    "embeds": 1 << 14,
    "files": 1 << 15,
    "history": 1 << 16,
    "mention_everyone": 1 << 17,
    "commands": 1 << 31,
    "manage_threads": 1 << 34,
    "threads": 1 << 35,
    "send_in_threads": 1 << 38,
}
EVERYBODY = sum(
    PERMISSIONS[each]
    for each in (
        *("reactions", "view", "send", "embeds", "files", "history", "commands", "threads"),
        "send_in_threads",
    )
)
ALL = (1 << 53) - 1


@dataclass(slots=True, eq=False)
class User:
    id: str
    name: str
    bot: bool = False
    blocks: bool = False


@dataclass(slots=True, eq=False)
class Role:
    id: str
    name: str
    permissions: int
    mentionable: bool = False


@dataclass(slots=True, eq=False)
class Guild:
    id: str
    name: str
    owner: User
    roles: dict[str, Role] = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=dict)
    present: bool = True


@dataclass(slots=True, eq=False)
class Said:
    """A message. `data` is what Discord's object holds that is not derived."""

    id: str
    channel: Channel
    author: User
    at: float
    content: str = ""
    type: int = DEFAULT
    flags: int = 0
    edited: str | None = None
    edits: int = 0
    embeds: list[dict[str, Any]] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)
    mentions: list[User] = field(default_factory=list)
    mention_roles: list[str] = field(default_factory=list)
    mention_everyone: bool = False
    versions: list[tuple[float, str]] = field(default_factory=list)
    pinged: list[str] = field(default_factory=list)
    reference: Said | None = None
    referred_id: str | None = None
    nonce: str | int | None = None
    reactions: dict[str, list[User]] = field(default_factory=dict)
    thread: Channel | None = None
    whispered_to: User | None = None
    interaction: dict[str, Any] | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def v2(self) -> bool:
        return bool(self.flags & V2)


@dataclass(slots=True, eq=False)
class Channel:
    id: str
    type: int
    name: str = ""
    guild: Guild | None = None
    people: list[User] = field(default_factory=list)
    parent: Channel | None = None
    owner: User | None = None
    messages: dict[str, Said] = field(default_factory=dict)
    denied: dict[str, int] = field(default_factory=dict)
    joined: set[str] = field(default_factory=set)
    archived: bool = False
    locked: bool = False
    auto_archive: int = 1440
    last_id: str | None = None


class World:
    """The whole of it, seen by one bot, whose application has an id of its own."""

    def __init__(self) -> None:
        self._count = 0
        self._clock = SystemClock()
        self.users: dict[str, User] = {}
        self.guilds: dict[str, Guild] = {}
        self.channels: dict[str, Channel] = {}
        self.commands: dict[str, dict[str, Any]] = {}
        self.application_id = self.snowflake()
        self.bot = self.user("MoA", bot=True)

    # --- making -------------------------------------------------------------------------

    def snowflake(self, *, ago: float = 0.0) -> str:
        self._count += 1
        milliseconds = int((self._clock.now() - timedelta(seconds=ago)).timestamp() * 1000)
        return str(((milliseconds - EPOCH) << 22) | (self._count & 0x3FFFFF))

    def user(self, name: str, *, bot: bool = False) -> User:
        made = User(self.snowflake(), name, bot)
        self.users[made.id] = made
        return made

    def guild(self, name: str, owner: User) -> Guild:
        made = Guild(self.snowflake(), name, owner)
        made.roles[made.id] = Role(made.id, "@everyone", EVERYBODY)
        own = Role(self.snowflake(), self.bot.name, 0)
        made.roles[own.id] = own
        made.members |= {owner.id: set(), self.bot.id: {own.id}}
        self.guilds[made.id] = made
        return made

    def channel(self, kind: int, name: str = "", *, guild: Guild | None = None) -> Channel:
        long_ago = self.snowflake(ago=86_400.0)  # older than anything that is said in it
        made = Channel(long_ago, kind, name, guild)
        self.channels[made.id] = made
        return made

    def thread(self, parent: Channel, name: str, owner: User, *, of: Said | None = None) -> Channel:
        """Open one; a thread of a message has that message's id."""
        identity = of.id if of else self.snowflake()
        made = Channel(identity, THREAD, name, parent.guild, parent=parent, owner=owner)
        made.joined.add(owner.id)
        self.channels[made.id] = made
        if of is not None:
            of.thread, of.flags = made, of.flags | HAS_THREAD
        return made

    def dm(self, person: User) -> Channel:
        for channel in self.channels.values():
            if channel.type == DM and person in channel.people:
                return channel
        made = self.channel(DM)
        made.people.append(person)
        return made

    # --- finding ------------------------------------------------------------------------

    def seen(self, channel_id: str) -> Channel:
        """Give a channel that the bot may see."""
        channel = self.channels.get(channel_id)
        if channel is None:
            raise Refused(10003)
        if channel.guild is not None:
            self.demand(channel, "view", code=50001)
        return channel

    def message(self, channel: Channel, message_id: str) -> Said:
        """Give a message of the channel that everybody can see."""
        said = channel.messages.get(message_id)
        if said is None or said.flags & EPHEMERAL:
            raise Refused(10008)
        return said

    def rights(self, channel: Channel, user: User) -> int:
        """What somebody may do there, as bits."""
        guild = channel.guild
        if guild is None:
            return EVERYBODY
        if user.id not in guild.members or not (guild.present or user is not self.bot):
            return 0
        bits = guild.roles[guild.id].permissions
        for role in guild.members[user.id]:
            bits |= guild.roles[role].permissions
        if user is guild.owner or bits & PERMISSIONS["administrator"]:
            return ALL
        at = channel.parent or channel
        bits &= ~at.denied.get(user.id, 0)
        if not bits & PERMISSIONS["view"]:
            return 0
        return bits

    def may(self, channel: Channel, right: str, user: User | None = None) -> bool:
        return bool(self.rights(channel, user or self.bot) & PERMISSIONS[right])

    def demand(self, channel: Channel, right: str, *, code: int = 50013) -> None:
        """Refuse what the bot may not do there."""
        if not self.may(channel, right):
            raise Refused(code)

    def stamp(self, snowflake: str) -> str:
        """The time in an id, as Discord writes times."""
        milliseconds = (int(snowflake) >> 22) + EPOCH
        moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
        return moment.isoformat(timespec="microseconds")

    def now(self) -> str:
        return self._clock.now().isoformat(timespec="microseconds")
