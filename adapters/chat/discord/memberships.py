"""To which of the servers that `access` names somebody belongs who writes in private.

A private message says nothing of servers or roles, so Discord is asked, of named servers and those
of named roles alone. Decides only how long an answer is believed: in a server every event says it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import Final, TypeAlias, TypeVar

from adapters.chat.discord import routes, shapes
from adapters.chat.discord.failures import code_of
from adapters.chat.discord.places import Places
from adapters.chat.discord.rest import Rest
from core.errors import ChatError
from core.ports import Clock
from core.recent import Recent
from core.types import Command, Message, Press

FRESH: Final = 150.0
"""Seconds after which Discord is asked again."""
BELIEVED: Final = 300.0
"""Seconds after which an old answer counts for nothing."""
AGAIN: Final = 5.0
PATIENCE: Final = 1.0
"""Seconds to wait for Discord: a command has to be acknowledged within three."""
MOST_SERVERS: Final = 5
_REMEMBERED: Final = 10_000
_NO_MEMBER: Final = frozenset({10007, 10013})

Named: TypeAlias = Callable[[], Collection[str]]
Said = TypeVar("Said", bound=Command | Message | Press)

log = logging.getLogger(__name__)


class Memberships:
    """What is known of people who write in private."""

    def __init__(self, rest: Rest, places: Places, clock: Clock, named: Named) -> None:
        """Know nobody yet; `named` gives circles such as "guild:42" and "role:7"."""
        self._rest = rest
        self._places = places
        self._clock = clock
        self._named = named
        self._known = Recent[tuple[str, str], tuple[float, tuple[str, ...]]](_REMEMBERED)
        self._next = Recent[tuple[str, str], float](_REMEMBERED)

    async def mark(self, said: Said) -> Said:
        """Say of an author in private in which of the named servers they are, and as what."""
        if not said.direct or said.author.is_bot or not (named := self._named()):
            return said
        servers = [*self._places.named(named)][:MOST_SERVERS]
        circles = [each for guild in servers for each in await self._in(guild, said.author.id)]
        if not circles:
            return said
        return replace(said, author=replace(said.author, circles=(*said.author.circles, *circles)))

    async def _in(self, guild: str, user: str) -> tuple[str, ...]:
        key, now = (guild, user), self._clock.monotonic()
        if (self._next.get(key) or now) <= now:
            await self._ask(key, now)
        at, circles = self._known.get(key) or (now, ())
        return circles if now - at < BELIEVED else ()

    async def _ask(self, key: tuple[str, str], now: float) -> None:
        guild, user = key
        self._next[key] = now + AGAIN
        try:
            data = await self._rest.call(routes.member(guild, user), patience=PATIENCE)
            circles = tuple(_circles(guild, shapes.read(data, shapes.Member)))
        except ChatError as error:
            if code_of(error) not in _NO_MEMBER:
                log.info("Discord does not say who is in server %s: %s", guild, error)
                return
            circles = ()
        except ValueError:
            return
        self._known[key] = (now, circles)
        self._next[key] = now + FRESH


def _circles(guild: str, member: shapes.Member) -> Iterator[str]:
    yield f"guild:{guild}"
    yield from (f"role:{role}" for role in member.roles)
