"""The whole workspace, page by page: for when more people speak at once than may be asked for.

Decides when it is read and how far, and never who somebody is.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Final

from adapters.chat.slack.budget import Budget
from adapters.chat.slack.client import Api, ApiRefused, ScopeMissing
from core.errors import ChatBusy, ChatError
from core.ports import Clock

PAGE: Final = 500
"""People of one page; Slack wants fewer than 1,000."""
PAGES: Final = 20
"""Pages of one reading: as many people as are remembered."""
FRESH: Final = 150.0
"""Seconds after which a workspace that was read to its end is read again."""
PAUSE: Final = 600.0
"""Seconds after which it is tried again where Slack lists nobody."""

log = logging.getLogger(__name__)


class Roster:
    """The people of one workspace, read on from where the last reader was interrupted."""

    def __init__(self, api: Api, budget: Budget, clock: Clock) -> None:
        """Begin with the first page."""
        self._api = api
        self._budget = budget
        self._clock = clock
        self._lock = asyncio.Lock()
        self._cursor = ""
        self._pages = 0
        self._closed_until = 0.0

    async def read(
        self, known: Callable[[], bool], keep: Callable[[str, Mapping[str, object]], None]
    ) -> None:
        """Read until somebody is `known`, or there is nothing more to read now."""
        async with self._lock:
            while not known() and await self._next(keep):
                pass

    async def _next(self, keep: Callable[[str, Mapping[str, object]], None]) -> bool:
        """Read one page; False if none may be read now."""
        if self._clock.monotonic() < self._closed_until or self._budget.wait():
            return False
        self._budget.take()
        try:
            page = await self._page()
        except ChatBusy as busy:
            self._budget.block(busy.retry_after)
            return False
        except (ScopeMissing, ApiRefused) as refused:
            log.info("Slack does not list the people of the workspace: %s", refused)
            self._close(PAUSE)
            return False
        except ChatError:
            return False
        for each in _people(page):
            keep(str(each.get("id")), each)
        self._turn(page)
        return True

    async def _page(self) -> Mapping[str, object]:
        call = self._api.web.users_list(limit=PAGE, cursor=self._cursor or None)
        return await self._api.ask(call)

    def _turn(self, page: Mapping[str, object]) -> None:
        """Go on to the next page, or to the first one after a while."""
        told = page.get("response_metadata")
        cursor = told.get("next_cursor") if isinstance(told, dict) else None
        self._pages += 1
        if isinstance(cursor, str) and cursor and self._pages < PAGES:
            self._cursor = cursor
        else:
            self._close(FRESH)

    def _close(self, seconds: float) -> None:
        self._cursor, self._pages = "", 0
        self._closed_until = self._clock.monotonic() + seconds


def _people(page: Mapping[str, object]) -> list[Mapping[str, object]]:
    members = page.get("members")
    told = members if isinstance(members, list) else []
    return [each for each in told if isinstance(each, dict) and isinstance(each.get("id"), str)]
