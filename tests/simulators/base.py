"""What every simulator of a platform has: a log of requests with times, waiting, faults, limits.

Times are the running loop's seconds, so that a log tells cadence and order.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web

from tests import harmless_calls
from tests.patience import PATIENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request that arrived, and what it was answered. `error` is the platform's own word."""

    at: float
    method: str
    params: Mapping[str, Any]
    status: int
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to a request instead of, or after, being done.

    `refuse`: answered with `status`, `error` and `retry_after`, not done. `drop`: done, but the
    connection is closed without an answer. `reset`: closed before it is done. `delay`: done and
    answered `seconds` later, or once `until` is set. `garble`: done, and answered with `body`.

    A refusal that has a `body` comes from in front of the platform: it says that and nothing else.
    `parameters` stand in an error of Telegram's, as "migrate_to_chat_id" does, or say of Discord's
    429 that it is "global".
    """

    kind: Literal["refuse", "drop", "reset", "delay", "garble"]
    status: int = 500
    error: str = ""
    body: str | None = None
    retry_after: float | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    until: asyncio.Event | None = None

    @property
    def raw(self) -> web.Response | None:
        """What is answered in the platform's place, None where it answers itself."""
        if self.body is None:
            return None
        wait = {} if self.retry_after is None else {"Retry-After": str(round(self.retry_after))}
        return web.Response(
            status=200 if self.kind == "garble" else self.status,
            text=self.body,
            content_type="text/html" if self.body.startswith("<") else "application/json",
            headers=wait,
        )

    async def late(self) -> None:
        """Wait for as long as an answer is late."""
        if self.until is None:
            await asyncio.sleep(self.seconds)
        else:
            await self.until.wait()


@dataclass(slots=True)
class Faults:
    """What the next requests of each method come to; None lets one through.

    `chance` says it, of a method and what it is given, where nothing is planned.
    """

    planned: dict[str, deque[Fault | None]] = field(default_factory=dict)
    chance: Callable[[str, Mapping[str, Any]], Fault | None] | None = None

    def plan(self, method: str, *faults: Fault | None) -> None:
        self.planned.setdefault(method, deque()).extend(faults)

    def take(self, method: str, given: Mapping[str, Any]) -> Fault | None:
        queue = self.planned.get(method)
        if not queue and self.chance is not None:
            return self.chance(method, given)
        return queue.popleft() if queue else None


class Changes:
    """Wakes whoever waits for something to become true."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def tell(self) -> None:
        self._changed.set()

    async def until(self, true: Callable[[], object], *, seconds: float = PATIENCE) -> None:
        """Wait until `true()` is; whoever changes something calls `tell`."""
        async with asyncio.timeout(seconds):
            while not true():
                self._changed.clear()
                await self._changed.wait()


@dataclass(slots=True)
class RequestLog:
    """Every request in the order of its arrival; what is not harmless fails the test."""

    changes: Changes
    platform: Literal["telegram", "discord", "slack"]
    entries: list[Request] = field(default_factory=list)

    def add(self, request: Request) -> None:
        self.entries.append(request)
        harmless_calls.take(self.platform, request.method, request.params)
        self.changes.tell()

    def of(self, *methods: str) -> Sequence[Request]:
        return [each for each in self.entries if each.method in methods]


class Window:
    """At most `count` within `seconds`, sliding: how platforms limit."""

    def __init__(self, count: int, seconds: float) -> None:
        self._count, self._seconds = count, seconds
        self._taken: deque[float] = deque()

    def wait(self, now: float) -> float:
        """Give the seconds until there is room, 0 if there is."""
        while self._taken and self._taken[0] <= now - self._seconds:
            self._taken.popleft()
        if len(self._taken) < self._count:
            return 0.0
        return self._taken[0] + self._seconds - now

    def take(self, now: float) -> float:
        """Take one; 0 if there is room, else the seconds until there is, and nothing is taken."""
        seconds = self.wait(now)
        if not seconds:
            self._taken.append(now)
        return seconds
