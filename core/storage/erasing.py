"""Taking texts out of the store for good: by age, by person, by session (ADR 0040).

What it cost, who asked and when stays: that is bookkeeping, and has no text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.records import Vote
from core.retention import Seen
from core.types import Address

PAGE = 100
"""Exchanges or messages that are looked at, or erased, in one go: small transactions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A session of which there are texts; `oldest` is the moment (ms) of the first one."""

    session: str
    oldest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """What the newest message of a session tells of it: the place, its circles, who reads it."""

    place: Address
    circles: tuple[str, ...]
    direct: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """What is to lose its texts: exchanges by their turn, messages by their number."""

    turns: tuple[str, ...] = ()
    messages: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        """Say whether there is anything."""
        return bool(self.turns or self.messages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An exchange, with every text that is kept of it; the first is the question.

    `number` orders them, `started` is in ms. `speakers` are those who are quoted in it by their
    ids, or spoke up while it ran.
    """

    number: int
    turn_id: str
    asker: str
    started: int
    running: bool
    texts: tuple[str, ...]
    speakers: frozenset[str] = frozenset()

    @property
    def question(self) -> str:
        """What was asked."""
        return self.texts[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """Something that came in, and whose it was. `turn_id` is the turn that it became.

    `orders`: it waits, and is somebody's wish to be forgotten.
    """

    seq: int
    author: str
    name: str
    text: str
    turn_id: str | None
    at: int
    orders: bool = False


class Erasing(Protocol):
    """Takes texts out. What is erased is found by nobody any more: it is as if it were not."""

    async def last_purge(self) -> Seen:
        """Give what the clock said at the last purge."""
        ...

    async def note_purge(self, seen: Seen) -> None:
        """Remember what the clock says."""
        ...

    async def held(self, *, before: int) -> Sequence[Held]:
        """List the sessions that have texts from before that moment (ms)."""
        ...

    async def whereabouts(self, session: str) -> Whereabouts | None:
        """Say where a session is; None for one in which nobody wrote, as a program's."""
        ...

    async def aged(self, session: str, *, before: int, unfinished: int) -> Texts:
        """Find some of what is older than `before` (ms), at most a page; all of it in the end.

        What waits or is not delivered is found once it is older than `unfinished`.
        """
        ...

    async def told(self, session: str, *, after: int = 0) -> Sequence[Told]:
        """Give a page of the exchanges of a session, oldest first, behind a number."""
        ...

    async def came(self, session: str, *, after: int = 0) -> Sequence[Came]:
        """Give a page of what came in in a session, oldest first, behind a number."""
        ...

    async def sessions_of(self, platform: str, person: str) -> Sequence[str]:
        """List the sessions that may hold texts of somebody."""
        ...

    async def erase(self, texts: Texts) -> None:
        """Take texts out, in one transaction. What waited waits no longer."""
        ...

    async def votes_of(self, platform: str, person: str) -> Mapping[str, Vote]:
        """Give somebody's votes, by turn."""
        ...

    async def erase_person(self, platform: str, person: str) -> tuple[int, int]:
        """Take somebody's votes and choices out; give how many of each there were."""
        ...

    async def scrub(self, *, whole: bool) -> None:
        """Leave nothing of what was erased in the files, as far as they are ours.

        Always the log of the latest writes; `whole`: every page is written anew, which takes a
        hundredth of a second for each two megabytes or so, and holds up every other write.
        """
        ...
