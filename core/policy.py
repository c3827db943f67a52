"""When the bot speaks. Pure; asks nobody, stores nothing.

Decides what becomes of a message (one table) and how long bots may go on among themselves. Who is
let in at all, `core.access` decides; who may do what, `core.permissions`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import Final, Literal, TypeAlias

from core.access import ADMITTED, Role
from core.types import Author, Message

Listen: TypeAlias = Literal["mention", "all"]
Threads: TypeAlias = Literal["owned", "mention"]
Who: TypeAlias = Literal["itself", "bot", "named bot", "denied", "stranger", "guest", "member"]
"""An author as the table knows them. A `bot` is one that nobody let in, by its own id."""
Where: TypeAlias = Literal["direct", "room", "thread"]
Verdict: TypeAlias = Literal["ignore", "observe", "refuse", "answer"]
"""`observe`: nobody answers it, and it comes along with the next question of that thread.

`refuse`: say who could let this person in.
"""

BOT_EXCHANGES: Final = 5
"""So many messages of bots are answered in a session before a person has to speak."""
BOTS_IN_CHANNEL: Final = 20
"""The same for all threads of a channel together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a verdict depends on, apart from whose thread it is.

    `addressed`: it mentions the bot, replies to it or commands it. `to_others`: it mentions or
    replies to somebody else. `quiet`: an admin wants mentions answered and nothing more.
    """

    who: Who
    where: Where
    addressed: bool = False
    to_others: bool = False
    listen: Listen = "mention"
    threads: Threads = "owned"
    quiet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A row of the table: what is None does not matter."""

    verdict: Verdict
    who: frozenset[Who] | None = None
    where: frozenset[Where] | None = None
    addressed: bool | None = None
    to_others: bool | None = None
    owned: bool | None = None
    listen: Listen | None = None
    threads: Threads | None = None
    quiet: bool | None = None


_LET_IN: Final[frozenset[Who]] = frozenset({"member", "named bot"})
_NOT_LET_IN: Final[frozenset[Who]] = frozenset({"denied", "stranger", "guest"})
_DIRECT: Final[frozenset[Where]] = frozenset({"direct"})
_THREAD: Final[frozenset[Where]] = frozenset({"thread"})

TABLE: Final[tuple[Rule, ...]] = (
    Rule(verdict="ignore", who=frozenset({"itself", "bot"})),
    Rule(verdict="answer", who=_LET_IN, where=_DIRECT),
    Rule(verdict="answer", who=_LET_IN, addressed=True),
    Rule(verdict="refuse", who=_NOT_LET_IN, where=_DIRECT),
    Rule(verdict="refuse", who=_NOT_LET_IN, addressed=True),
    # From here on nobody has addressed it, and a room or a thread is read by others, too.
    Rule(verdict="ignore", who=_NOT_LET_IN | frozenset({"named bot"})),
    Rule(verdict="ignore", quiet=True),
    Rule(verdict="observe", where=_THREAD, owned=True, threads="owned", to_others=True),
    Rule(verdict="ignore", to_others=True),
    Rule(verdict="answer", listen="all"),
    Rule(verdict="answer", where=_THREAD, owned=True, threads="owned"),
    Rule(verdict="ignore"),
)
"""The first row that fits decides."""


@cache  # there are a few thousand situations
def verdict(situation: Situation, *, owned: bool) -> Verdict:
    """Say what becomes of a message.

    `owned`: the bot owns the thread: its root message addressed the bot, or the bot opened it. A
    mention inside of somebody else's thread does not make it one.
    """
    return first_row(situation, owned=owned).verdict


def first_row(situation: Situation, *, owned: bool) -> Rule:
    """Give the row that decides."""
    return next(rule for rule in TABLE if _fits(rule, situation, owned=owned))


def depends_on_owner(situation: Situation) -> bool:
    """Say whether it matters who owns the thread, so that it has to be looked up."""
    return verdict(situation, owned=True) != verdict(situation, owned=False)


def situation(
    message: Message,
    role: Role,
    *,
    listen: Listen = "mention",
    threads: Threads = "owned",
    quiet: bool = False,
) -> Situation:
    """Give the situation in which somebody said something; `role` is theirs there."""
    return Situation(
        who=who_is(message.author, role),
        where=_where(message),
        addressed=message.addressed,
        to_others=message.to_others,
        listen=listen,
        threads=threads,
        quiet=quiet,
    )


def who_is(author: Author, role: Role) -> Who:
    """Say who that is to the table. A bot is nobody's guest: it is named, or it is ignored."""
    if author.is_self:
        return "itself"
    if author.is_bot:
        return "named bot" if role in ADMITTED else "bot"
    match role:
        case "bot" | "denied" | "stranger" | "guest":
            return role
        case _:
            return "member"


def _where(message: Message) -> Where:
    if message.direct:
        return "direct"
    return "room" if message.address.thread is None else "thread"


def _fits(rule: Rule, here: Situation, *, owned: bool) -> bool:
    facts = {each.name: getattr(here, each.name) for each in fields(here)} | {"owned": owned}
    return all(_is(getattr(rule, name), fact) for name, fact in facts.items())


def _is(wanted: object, fact: object) -> bool:
    return fact in wanted if isinstance(wanted, frozenset) else wanted in {None, fact}
