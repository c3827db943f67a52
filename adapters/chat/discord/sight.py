"""Which channels of a server the bot surely cannot see, so that they are not asked for. Pure.

Decides as Discord documents it ("Permission Overwrites"); whatever is not told for certain counts
as seen: what was said there would be missed. Each question in vain is one of those for which
Discord shuts an address out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Final

import msgspec

from adapters.chat.discord.servers import Channel, Guild, Overwrite

_ADMINISTRATOR: Final = 1 << 3
_VIEW: Final = 1 << 10


class _Named(msgspec.Struct):
    id: str


class _Member(msgspec.Struct):
    user: _Named
    roles: tuple[str, ...]


def unseen(guild: Guild, me: str) -> Collection[str]:
    """Give the ids of channels and threads which the bot surely cannot see."""
    try:
        members = msgspec.convert(guild.members, list[_Member])
        told = {role.id: role.permissions for role in guild.roles}
        permissions = {role: int(bits) for role, bits in told.items() if bits is not None}
        mine = [guild.id, *next(each.roles for each in members if each.user.id == me)]
        may = _all(permissions[each] for each in mine)
        if may & _ADMINISTRATOR or guild.owner_id == me:
            return ()
        hidden = {each.id for each in guild.channels if not _in(each, may, mine, me) & _VIEW}
    except (ValueError, KeyError, StopIteration):
        return ()  # it is not all told
    return hidden | {each.id for each in guild.threads if each.parent_id in hidden}


def _in(channel: Channel, may: int, mine: Sequence[str], me: str) -> int:
    """Give what the bot may do in a channel: everybody's, then its roles', then its own word."""
    said: Mapping[str, Overwrite] = {each.id: each for each in channel.permission_overwrites}
    for whose in (mine[:1], mine[1:], [me]):
        found = [said[each] for each in whose if each in said]
        may &= ~_all(int(each.deny) for each in found)
        may |= _all(int(each.allow) for each in found)
    return may


def _all(bits: Iterable[int]) -> int:
    return reduce(or_, bits, 0)
