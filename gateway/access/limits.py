"""Holds people and chats to what `limits:` says, before anything of theirs is stored.

Decides who is told so, and how often: one notice a window, then silence. How a bucket fills,
`core.limits` says. What it remembers is bounded: of very many people the oldest begin anew.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from core.errors import TooOften
from core.limits import Bucket, Rate, full, taken, wait
from core.recent import Recent
from core.texts import access as said
from core.types import Command, Message, Press

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from core.ports import Clock
    from core.types import Address, Incoming
    from gateway.access.refusals import Refusals
    from gateway.config.model import Limits as Said

MOST_REMEMBERED: Final = 10_000
RUNNING_WINDOW: Final = 60.0
"""Seconds in which somebody is told once that enough of theirs runs."""
PROGRAMS: Final = "v1"
_UNLIMITED: Final = frozenset({"stop"})
"""Whoever asked too often must still be able to stop it."""
_ASKING: Final = frozenset({"retry", "advise"})
_WINDOWS: Final = {1: "a second", 60: "a minute", 3600: "an hour", 86_400: "a day"}

Who = tuple[str, str, str]
"""What is counted ("user", "channel", "running"), the account, and the id."""


class Limits:
    """What is left of whose rate. `at_work` gives the sessions in which somebody's turns wait."""

    def __init__(
        self,
        limits: Said,
        clock: Clock,
        at_work: Callable[[str, str], Collection[str]],
        refusals: Refusals,
    ) -> None:
        """Begin with nobody having asked."""
        self.refusals = refusals
        self.take(limits)
        self._clock = clock
        self._at_work = at_work
        self._buckets = Recent[Who, Bucket](MOST_REMEMBERED)
        self._seen = Recent[tuple[str, str], bool](MOST_REMEMBERED)
        self._entering: list[tuple[str, str, str]] = []
        self._calls: dict[str, int] = {}

    def take(self, limits: Said) -> None:
        """Hold everybody to these from now on."""
        self._rates = {
            what: Rate(number=rate.number, seconds=rate.seconds)
            for what, rate in (("user", limits.user), ("channel", limits.channel))
            if rate is not None
        }
        self._running = limits.running

    def require(self, incoming: Incoming, session: str, *, answers: bool = False) -> bool:
        """Count something that is about to be taken in; False if it is to be dropped in silence.

        `answers`: whoever sent it waits for an answer, so that nothing is dropped in silence.

        The same event counts once, however often a platform sends it.

        Raises:
            TooOften: it is refused, and whoever sent it should read why.
        """
        if not self._counts(incoming):
            return True
        event = (incoming.address.platform, incoming.event_id)
        known = self._seen.get(event)
        if known is not None and (known or not answers):
            return known
        self._seen[event] = False
        self._seen[event] = allowed = self._has_room(
            incoming, session, answers=answers
        ) and self._taken(incoming, answers=answers)
        return allowed

    @contextmanager
    def entering(self, incoming: Incoming, session: str) -> Iterator[None]:
        """Know something as at work while it is stored, before it waits in its lane."""
        entry = (incoming.address.platform, incoming.author.id, session)
        self._entering.append(entry)
        try:
            yield
        finally:
            self._entering.remove(entry)

    @contextmanager
    def call(self, key: str) -> Iterator[None]:
        """Hold a program's call to what one person may do; it is always told.

        Raises:
            TooOften: it is refused.
        """
        busy = self._calls.get(key, 0)
        if self._running is not None and busy >= self._running:
            raise TooOften(said.too_many_running(self._running), retry_after=1.0)
        who, rate = ("user", PROGRAMS, key), self._rates.get("user")
        if rate is not None and not self._take(who, rate):
            raise self._refusal(who, rate)
        self._calls[key] = busy + 1
        try:
            yield
        finally:
            self._calls[key] -= 1
            if not self._calls[key]:
                del self._calls[key]

    def _counts(self, incoming: Incoming) -> bool:
        match incoming:
            case Message():
                return True
            case Command(name=name):
                return name not in _UNLIMITED
            case Press(action=action):
                return action in _ASKING
            case _:
                return False

    def _taken(self, incoming: Incoming, *, answers: bool) -> bool:
        """Take one of each rate, or of none."""
        address = incoming.address
        whose: list[Who] = [
            ("user", address.platform, incoming.author.id),
            ("channel", address.platform, address.channel),
        ]
        limited = [(who, self._rates[who[0]]) for who in whose if who[0] in self._rates]
        for who, rate in limited:
            if taken(self._bucket(who, rate), rate, self._clock.monotonic()) is None:
                waits = _waits(incoming, answers=answers)
                return self._tell(who, rate.seconds, self._refusal(who, rate), address, waits=waits)
        for who, rate in limited:
            self._take(who, rate)
        return True

    def _take(self, who: Who, rate: Rate) -> bool:
        left = taken(self._bucket(who, rate), rate, self._clock.monotonic())
        if left is None:
            return False
        self._buckets[who] = left
        return True

    def _bucket(self, who: Who, rate: Rate) -> Bucket:
        return self._buckets.get(who) or full(rate, self._clock.monotonic())

    def _has_room(self, incoming: Incoming, session: str, *, answers: bool) -> bool:
        """See that somebody has not enough at work already, in other conversations than this."""
        if self._running is None or isinstance(incoming, Command):
            return True
        platform, person = incoming.address.platform, incoming.author.id
        busy = set(self._at_work(platform, person))
        busy |= {where for *who, where in self._entering if who == [platform, person]}
        if len(busy - {session}) < self._running:
            return True
        error = TooOften(said.too_many_running(self._running), retry_after=1.0)
        whose, waits = ("running", platform, person), _waits(incoming, answers=answers)
        return self._tell(whose, RUNNING_WINDOW, error, incoming.address, waits=waits)

    def _refusal(self, who: Who, rate: Rate) -> TooOften:
        seconds = wait(self._bucket(who, rate), rate, self._clock.monotonic())
        window = _WINDOWS.get(int(rate.seconds), f"in {int(rate.seconds)} s")
        text = said.too_often(rate.number, window, math.ceil(seconds), channel=who[0] == "channel")
        return TooOften(text, retry_after=seconds)

    def _tell(
        self, who: Who, window: float, error: TooOften, where: Address, *, waits: bool
    ) -> bool:
        """Raise it once a window, and always where somebody `waits`."""
        if self.refusals.may_tell(who, window, where, waits=waits):
            raise error
        return False


def _waits(incoming: Incoming, *, answers: bool) -> bool:
    """Tell whether whoever sent it waits for an answer: one that has a handle does."""
    return answers or bool(getattr(incoming, "handle", ""))
