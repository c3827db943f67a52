"""One run of the program that a test started, and may end. Says nothing of how it was started."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress

LONG = 60.0
"""Seconds that an end may take on a busy machine."""


class Life:
    """A process that is buried as soon as it is over. `wait` gives its exit code then."""

    def __init__(self, pid: int, wait: Callable[[], Awaitable[int]]) -> None:
        self.pid, self._wait = pid, wait
        self._code: int | None = None

    @property
    def over(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        return False

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless it is over."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    async def ended(self) -> int:
        """Wait for its end and give its exit code, negative for a signal.

        What does not end is made to say where it stands, and ends of that.
        """
        if self._code is None:
            loop = asyncio.get_running_loop()
            watch = loop.call_later(LONG, self.send, signal.SIGABRT)
            try:
                self._code = await self._wait()
            finally:
                watch.cancel()
        return self._code

    async def bury(self) -> None:
        """Kill it, if it lives, and see it end."""
        if self._code is None:
            self.send(signal.SIGKILL)
            await self.ended()
