"""A server that the bot was brought into → `Added`. Pure.

Decides which server is new, and in which channels the bot could introduce itself there, best
first: where the server greets people, then what everybody can read, then the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from adapters.chat.discord.normalise import Setting
from adapters.chat.discord.servers import Channel, Guild
from core.types import Added, Address, Author

_TEXT: Final = frozenset({0, 5})
_VIEW: Final = 1 << 10


class Servers:
    """The servers that the bot is in, as the gateway tells of them."""

    def __init__(self) -> None:
        """Be in none."""
        self._known: set[str] = set()

    def begin(self, servers: Iterable[str]) -> None:
        """Begin a session, in these."""
        self._known = set(servers)

    def is_new(self, event: str, guild: Guild) -> bool:
        """Say whether a dispatch tells that the bot was brought into a server just now.

        One that was away and is there again says that it is available; a new one does not.
        """
        if event == "GUILD_DELETE" and not guild.unavailable:
            self._known.discard(guild.id)
        if event != "GUILD_CREATE" or guild.unavailable:
            return False
        new = guild.id not in self._known and guild.unavailable is None
        self._known.add(guild.id)
        return new


def added(guild: Guild, setting: Setting, at: int) -> Added:
    """Read it. Discord does not say who brought the bot."""
    texts = [each for each in guild.channels if each.type in _TEXT]
    rooms = tuple(each.id for each in sorted(texts, key=lambda each: _rank(each, guild)))
    return Added(
        event_id=f"joined/{guild.id}/{at}",
        address=Address(platform=setting.platform, channel=rooms[0] if rooms else guild.id),
        author=Author(id="", name=""),
        at=at,
        place=guild.id,
        rooms=rooms,
        circles=(f"guild:{guild.id}",),
        groups=tuple(f"role:{each.id}" for each in guild.roles),
        me=f"@{setting.name}" if setting.name else "",
        hears=setting.hears,
        threads=setting.threads == "auto",
    )


def _rank(channel: Channel, guild: Guild) -> tuple[bool, bool, int]:
    return (channel.id != guild.system_channel_id, _private(channel, guild), channel.position)


def _private(channel: Channel, guild: Guild) -> bool:
    """Say whether not everybody can read there; the role of everybody has the server's id."""
    for each in channel.permission_overwrites:
        if each.id == guild.id and str(each.deny).isdecimal():
            return bool(int(each.deny) & _VIEW)
    return False
