"""Who the people are whom events only name by id: asked once, remembered for a while.

Decides nothing; where Slack does not tell, the id has to do.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import replace
from typing import Final, TypeAlias

from adapters.chat.slack.budget import Budgets
from adapters.chat.slack.client import Api, ApiRefused
from adapters.chat.slack.groups import UserGroups
from adapters.chat.slack.stream import LASTING
from adapters.chat.slack.wire import Person
from core.errors import ChatAway, ChatBusy, ChatError, ChatRefused
from core.ports import Clock
from core.recent import Recent

FRESH: Final = 150.0
"""Seconds after which Slack is asked again who somebody is."""
BELIEVED: Final = 300.0
"""Seconds after which what somebody was allowed to be counts for nothing, their name apart."""
PATIENCE: Final = 1.0
"""Seconds that a message waits for names: it has to be acknowledged within three."""
TRIES: Final = 2
"""How often a message is left to come again because Slack cannot say who wrote it. It sends each
three times more: the last ones are taken in, whoever that may be."""
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
        self._clock = clock
        self._known = Recent[str, tuple[float, Person]](_REMEMBERED)
        self._refused = Recent[str, None](_REMEMBERED)
        self._tries = Recent[str, int](_REMEMBERED)
        self._learning = set[str]()
        self._off = False

    async def of(self, ids: Iterable[str]) -> Mapping[str, Person]:
        """Give whom of them Slack tells about, at most five of those who are new.

        Where it never tells, they are people of whom nothing is known that speaks against them.
        """
        ids = list(ids)
        try:
            async with asyncio.timeout(PATIENCE):
                for each in [each for each in ids if self._is_old(each)][:_MOST]:
                    await self._ask(each)
        except TimeoutError:
            log.info("Slack takes long to say who somebody is; ids have to do")
        # The first one is whose message it is; of the others only names are needed.
        groups = {each: await self._groups.of(each) for each in ids[:1]}
        # What is known now counts: another message's question may have been answered meanwhile.
        known = {each: person for each in ids if (person := self._remembered(each)) is not None}
        people = {each: Person() for each in ids if self._off} | known
        for each, circles in groups.items():
            if circles:
                people[each] = replace(people.get(each, Person(guest=True)), groups=circles)
        return people

    def insist(self, user: str | None, event: str, aside: Aside) -> None:
        """Have an event sent again whose author Slack cannot name now, rather than refuse them.

        Meanwhile it is asked `aside`, for as long as it takes.

        Raises:
            ChatAway: it is to come again.
        """
        tries = self._tries.get(event) or 0
        if user and tries < TRIES and not self._tells(user):
            self._tries[event] = tries + 1
            aside(self._learn(user))
            raise ChatAway("Slack cannot say now who wrote a message; it has to come again")

    async def _learn(self, user: str) -> None:
        if user in self._learning:
            return
        self._learning.add(user)
        try:
            await self._ask(user)
        finally:
            self._learning.discard(user)

    def _tells(self, user: str) -> bool:
        """Whether Slack has said who somebody is, or will never: else it could not just now."""
        at, _ = self._known.get(user) or (-BELIEVED, None)
        believed = self._clock.monotonic() - at < BELIEVED
        return self._off or believed or user in self._refused

    def _remembered(self, user: str) -> Person | None:
        """Give what is known of somebody, as far as it is still believed."""
        at, person = self._known.get(user) or (0.0, None)
        if person is None or self._clock.monotonic() - at < BELIEVED:
            return person
        return Person(name=person.name, guest=True)

    def _is_old(self, user: str) -> bool:
        known = self._known.get(user)
        return known is None or known[0] < self._clock.monotonic() - FRESH

    async def _ask(self, user: str) -> None:
        if self._off or self._budget.wait():
            return
        self._budget.take()
        try:
            answer = await self._api.ask(self._api.web.users_info(user=user))
        except (ChatRefused, ApiRefused) as refused:
            self._off = isinstance(refused, ChatRefused) or refused.code in LASTING
            if self._off:
                log.warning("names of people are not shown: %s", refused)
            self._refused[user] = None
            return
        except ChatBusy as busy:
            self._budget.block(busy.retry_after)
            return
        except ChatError:
            return
        self._refused.pop(user)
        self._known[user] = (self._clock.monotonic(), read(user, answer.get("user")))


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
