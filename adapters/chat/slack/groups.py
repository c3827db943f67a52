"""Who is in the user groups that `access` names: asked of Slack, and believed for a while.

Decides only how long a list is believed. Only groups that are named are ever asked for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from typing import Final, TypeAlias

from adapters.chat.slack.client import Api
from core.errors import ChatBusy, ChatError
from core.ports import Clock

BELIEVED: Final = 300.0
"""Seconds after which who left a group is in it no more, whatever Slack says or does not say."""
FRESH: Final = 150.0
"""Seconds after which Slack is asked again."""
AGAIN: Final = 5.0
"""Seconds for which Slack is not asked again that did not tell."""
PATIENCE: Final = 1.0
"""Seconds that a message waits for the lists."""

Groups: TypeAlias = Callable[[], Collection[str]]

log = logging.getLogger(__name__)


class UserGroups:
    """The user groups of one account, by id ("S0123")."""

    def __init__(self, api: Api, clock: Clock, groups: Groups) -> None:
        """Know nobody yet; `groups` gives those that are named."""
        self._api = api
        self._clock = clock
        self._told: dict[str, tuple[float, frozenset[str]]] = {}
        self._groups = groups
        self._next: dict[str, float] = {}
        self._failed = False

    async def of(self, user: str) -> tuple[str, ...]:
        """Give the groups that somebody is in; what Slack does not tell now, nobody is in."""
        named, now = self._groups(), self._clock.monotonic()
        if not named:
            return ()
        try:
            async with asyncio.timeout(PATIENCE):
                for group in [each for each in named if self._next.get(each, now) <= now]:
                    await self._ask(group, now)
        except TimeoutError:
            log.info("Slack takes long to say who is in a user group")
        return tuple(
            group
            for group, (at, members) in self._told.items()
            if group in named and user in members and now - at < BELIEVED
        )

    async def _ask(self, group: str, now: float) -> None:
        self._next[group] = now + AGAIN
        try:
            answer = await self._api.ask(self._api.web.usergroups_users_list(usergroup=group))
        except ChatBusy as busy:
            self._next[group] = now + max(busy.retry_after, AGAIN)
            return
        except ChatError as error:
            if not self._failed:
                log.warning("Slack does not say who is in the user group %s: %s", group, error)
            self._failed = True
            return
        users = answer.get("users")
        found = frozenset(str(each) for each in users) if isinstance(users, list) else frozenset()
        self._told[group] = (now, found)
        self._next[group] = now + FRESH
        self._failed = False
