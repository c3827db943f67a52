"""Connections that have not shown yet whose they are, and how many of them there may be.

Decides which one is let go when there are too many: the oldest. Whoever has shown a token, a key
or a cookie is no stranger any more, so a crowd at the door costs those inside nothing. It reads
no request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from aiohttp import web

MOST_STRANGERS: Final = 256
"""Connections; a process may often have 1024 files open in all, and needs some itself."""
_CONNECTED: Final = 1.0
"""Seconds after which a connection that was accepted is one, or was one."""


class Doorstep:
    """Keeps the strangers of one server, the oldest first, and when each came."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._strangers: dict[web.RequestHandler, float] = {}

    def made_by(self, make: Callable[[], web.RequestHandler]) -> Callable[[], web.RequestHandler]:
        """Give what makes the same connections, each of them a stranger at first."""

        def made() -> web.RequestHandler:
            now = asyncio.get_running_loop().time()
            if len(self._strangers) >= MOST_STRANGERS:
                self._make_room(now)
            stranger = make()
            self._strangers[stranger] = now
            return stranger

        return made

    def let_in(self, connection: web.RequestHandler) -> None:
        """Take note that it has shown whose it is."""
        self._strangers.pop(connection, None)

    def _make_room(self, now: float) -> None:
        came = self._strangers
        gone = [each for each in came if each.transport is None and now - came[each] > _CONNECTED]
        for each in gone or [next(iter(came))]:
            del came[each]
            if each.transport is not None:
                each.transport.abort()


DOORSTEP = web.AppKey("doorstep", Doorstep)
