"""How long things are kept: terms in seconds, and from when on something is too old (ADR 0040).

Decides what an absent term means and when the daily purge is due. It deletes nothing and knows no
clock: time is an argument, in ms of wall time where it is a number.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Final, TypeAlias

Term: TypeAlias = int | None
"""Seconds; 0: not after the turn; None: for ever, which somebody has to say."""

DAY: Final = 86_400
FOREVER: Final[Term] = None
EVER: Final = 2**62
"""A moment after every other one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How long what people wrote is kept, what it cost apart: that has no text, and stays.

    `messages`: questions, answers, advice, results of tools. `traces`: what `save_traces` writes.
    `files`: what came attached. `audit`: who changed which setting. These terms hold where nobody
    says anything: what is kept for ever is kept so because somebody wrote `forever`.
    """

    messages: Term = 90 * DAY
    traces: Term = 14 * DAY
    files: Term = 30 * DAY
    audit: Term = 365 * DAY


KINDS: Final = tuple(each.name for each in fields(Terms))

COPIES: Final = 14 * DAY
"""How long a copy from before an upgrade stays at most: it holds the texts of its day."""


def too_old(term: Term, now: int) -> int | None:
    """Give the moment (ms) before which something is too old at `now`; None: nothing is.

    With a term of 0 everything is, whatever the clocks of others say.
    """
    if term is FOREVER:
        return None
    return now - term * 1000 if term else EVER


def shorter(one: Term, other: Term) -> Term:
    """Give the term that ends first."""
    if one is None or other is None:
        return one if other is None else other
    return min(one, other)


LEAP: Final = DAY + 6 * 3600
"""A clock that is further ahead of the last purge may have leapt: one is made every night."""
STEADY: Final = DAY // 2
"""So long it has to stand by it until that is believed."""
AGAIN: Final = 8 * DAY
"""After so long it has not stood by it, but may have leapt again. Whoever starts the program once a
week for an hour has it purge at every second start."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the clock said at the last purge that was made, and since when it has been doubted.

    In ms; None: never.
    """

    at: int | None = None
    doubted: int | None = None


def believed(now: int, seen: Seen) -> tuple[bool, Seen]:
    """Say whether a purge may go by the clock, and what is to be remembered of it (P10).

    A clock that leaps ahead by a year makes everything too old, and what is taken out does not
    come back with it; one that leaps by a day takes texts out a day early. So a purge after a leap
    is put off until the clock has stood by it for half a day; after a stop of the program that is
    longer than a night's pause, that is a day's delay.
    """
    if seen.at is None or now <= seen.at + LEAP * 1000:
        return True, Seen(at=now)
    if seen.doubted is None or now < seen.doubted or now > seen.doubted + AGAIN * 1000:
        return False, Seen(at=seen.at, doubted=now)
    steady = now - seen.doubted >= STEADY * 1000
    return steady, Seen(at=now) if steady else seen


PURGE_HOUR: Final = 4
"""The local hour of the daily purge, when the fewest people write."""


def until_purge(now: datetime) -> float:
    """Give the seconds until the next purge; `now` is in the operator's zone.

    Never 0: a purge that has just been made is not due again.
    """
    due = now.replace(hour=PURGE_HOUR, minute=0, second=0, microsecond=0)
    if due <= now:
        due += timedelta(days=1)
    return (due - now).total_seconds()


def term_text(term: Term) -> str:
    """Say a term to people."""
    if term is FOREVER:
        return "for ever"
    for seconds, unit in ((DAY, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if term and term % seconds == 0:
            number = term // seconds
            return f"{number:,} {unit}{'' if number == 1 else 's'}"
    return "not after the answer"
