"""Who the people are whom events only name by id: asked once, remembered for a while.

Where more speak than may be asked for one by one, all are read from a list. Decides nothing; where
Slack does not tell, the id has to do.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Final, TypeAlias

from adapters.chat.slack.budget import Budgets
from adapters.chat.slack.client import Api, ApiRefused, ScopeMissing
from adapters.chat.slack.groups import UserGroups
from adapters.chat.slack.roster import Roster
from adapters.chat.slack.stream import LASTING
from adapters.chat.slack.wire import Person
from core.errors import ChatAway, ChatBusy, ChatError
from core.ports import Clock
from core.recent import Recent

FRESH: Final = 150.0
"""Seconds after which Slack is asked again who somebody is."""
BELIEVED: Final = 300.0
"""Seconds after which what somebody was allowed to be counts for nothing, their name apart."""
PATIENCE: Final = 1.0
"""Seconds that a message waits for names: it has to be acknowledged within three."""
TRIES: Final = 3
"""How often an event is left to come again because Slack cannot say who did it: as often as Slack
sends one again (at once, after a minute, after five). The last is taken in, whoever that may be."""
MOMENT: Final = 1.2
"""Seconds that what Slack sends once waits for a name beside `PATIENCE`."""
PAUSE: Final = 600.0
"""Seconds after which it is tried again where Slack does not say who anybody is."""
_MOST: Final = 5
_REMEMBERED: Final = 10_000

Aside: TypeAlias = Callable[[Coroutine[None, None, None]], object]

log = logging.getLogger(__name__)


class People:
    """The people of one workspace."""

    def __init__(self, api: Api, budgets: Budgets, clock: Clock, groups: UserGroups) -> None:
        """Begin with nobody."""
        self._groups = groups
        self._api = api
        self._budget = budgets.names
        self._roster = Roster(api, budgets.lists, clock)
        self._clock = clock
        self._known = Recent[str, tuple[float, Person]](_REMEMBERED)
        self._refused = Recent[str, None](_REMEMBERED)
        self._tries = Recent[str, int](_REMEMBERED)
        self._learning: dict[str, asyncio.Event] = {}
        self._asking: dict[str, asyncio.Future[bool]] = {}
        self._off_until = 0.0

    async def of(self, ids: Iterable[str]) -> Mapping[str, Person]:
        """Give whom of them Slack tells about, at most five of those who are new.

        Where it never tells, they are people of whom nothing is known that speaks against them.
        """
        ids = list(ids)
        try:
            async with asyncio.timeout(PATIENCE):
                for each in [each for each in ids if self._is_old(each)][:_MOST]:
                    await self._together(each)
        except TimeoutError:
            log.info("Slack takes long to say who somebody is; ids have to do")
        # The first one is whose message it is; of the others only names are needed.
        groups = {each: await self._groups.of(each) for each in ids[:1]}
        # What is known now counts: another message's question may have been answered meanwhile.
        known = {each: person for each in ids if (person := self._remembered(each)) is not None}
        people = {each: Person() for each in ids if self._off()} | known
        for each, circles in groups.items():
            if circles:
                people[each] = replace(people.get(each, Person(guest=True)), groups=circles)
        return people

    async def _together(self, user: str) -> None:
        """Ask once for all messages that wait for the same name.

        Where the one that asks has no more time, the next one asks. Nobody waits here for what is
        asked aside: that may take for ever.
        """
        while (asked := self._asking.get(user)) is not None:
            if await asyncio.shield(asked):
                return
        asked = self._asking[user] = asyncio.get_running_loop().create_future()
        over = False
        try:
            await self._ask(user)
            over = True
        finally:
            del self._asking[user]
            asked.set_result(over)

    def insist(self, user: str | None, event: str, again: int, aside: Aside) -> bool:
        """Have an event sent again whose author Slack cannot name now, rather than refuse them.

        Meanwhile it is asked `aside`, for as long as it takes. `again` is how often Slack says that
        it has sent it before; whoever does not say is counted.

        Returns:
            Whether Slack has said who that is; False the last time that it comes.

        Raises:
            ChatAway: it is to come again.
        """
        if not user or self.tells(user):
            return True
        tries = max(self._tries.get(event) or 0, again)
        if tries >= TRIES:
            return False
        self._tries[event] = tries + 1
        aside(self._learn(user))
        raise ChatAway("Slack cannot say now who that is; it has to come again")

    async def learn(self, user: str, aside: Aside) -> None:
        """Ask who somebody is, and wait a moment for it; the asking goes on `aside`."""
        learnt = self._learning.get(user) or asyncio.Event()
        aside(self._learn(user, learnt))
        with suppress(TimeoutError):
            async with asyncio.timeout(MOMENT):
                await learnt.wait()

    async def _learn(self, user: str, learnt: asyncio.Event | None = None) -> None:
        if (asked := self._learning.get(user)) is not None:
            await asked.wait()
            if learnt is not None:
                learnt.set()
            return
        learnt = self._learning[user] = learnt or asyncio.Event()
        try:
            await self._ask(user)
        finally:
            del self._learning[user]
            learnt.set()

    def _off(self) -> bool:
        """Whether Slack does not say who anybody is, as far as it was asked."""
        return self._clock.monotonic() < self._off_until

    def tells(self, user: str) -> bool:
        """Whether Slack has said who somebody is, or will never: else it could not just now."""
        at, _ = self._known.get(user) or (-BELIEVED, None)
        believed = self._clock.monotonic() - at < BELIEVED
        return self._off() or believed or user in self._refused

    def _remembered(self, user: str) -> Person | None:
        """Give what is known of somebody, as far as it is still believed."""
        at, person = self._known.get(user) or (0.0, None)
        if person is None or self._off() or self._clock.monotonic() - at < BELIEVED:
            return person
        return Person(name=person.name, guest=True)

    def _is_old(self, user: str) -> bool:
        known = self._known.get(user)
        return known is None or known[0] < self._clock.monotonic() - FRESH

    async def _ask(self, user: str) -> None:
        if self._off():
            return
        if self._budget.wait():
            await self._roster.read(lambda: not self._is_old(user), self._keep)
            return
        self._budget.take()
        try:
            answer = await self._api.ask(self._api.web.users_info(user=user))
        except (ScopeMissing, ApiRefused) as refused:
            self._told_not(user, refused)
            return
        except ChatBusy as busy:
            self._budget.block(busy.retry_after)
            return
        except ChatError:
            return
        self._keep(user, answer.get("user"))

    def _keep(self, user: str, told: object) -> None:
        self._refused.pop(user)
        self._known[user] = (self._clock.monotonic(), read(user, told))

    def _told_not(self, user: str, refused: ScopeMissing | ApiRefused) -> None:
        """Note that Slack says of nobody, or not of this one; what stands between may not count."""
        if isinstance(refused, ScopeMissing) or refused.code in LASTING - self._passing():
            log.warning("names of people are not shown: %s", refused)
            self._off_until = self._clock.monotonic() + PAUSE
        elif not refused.code.startswith("http_"):
            self._refused[user] = None

    def _passing(self) -> frozenset[str]:
        """Give what is no lasting refusal once Slack has told of anybody: a proxy in between."""
        return frozenset({"http_404"}) if len(self._known) else frozenset()


def read(user: str, told: object) -> Person:
    """Read what `users.info` tells."""
    facts = told if isinstance(told, dict) else {}
    profile = facts.get("profile")
    names = profile if isinstance(profile, dict) else {}
    name = names.get("display_name") or facts.get("real_name") or facts.get("name") or user
    grid = facts.get("enterprise_user")
    flags = ("is_restricted", "is_ultra_restricted", "deleted", "is_stranger")
    return Person(
        name=str(name),
        guest=any(facts.get(flag) is True for flag in flags),
        admin=any(facts.get(flag) is True for flag in ("is_admin", "is_owner")),
        enterprise=str(grid.get("enterprise_id") or "") if isinstance(grid, dict) else "",
    )
