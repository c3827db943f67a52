"""What is being sent at this moment, so that a stop breaks off as little of it as it can (P6).

Of a message that is posted and whose id is not yet back, nobody can tell afterwards whether it
stands in the chat. Decides from when on nothing more is sent; never what is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class UnderWay:
    """What the turns of all chats are sending."""

    def __init__(self) -> None:
        self._sending = 0
        self._over = asyncio.Event()
        self.closed = False

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Count what is sent here; once it is closed, whoever would send waits to be cut."""
        if self.closed:
            await asyncio.get_running_loop().create_future()
        self._sending += 1
        try:
            yield
        finally:
            self._sending -= 1
            if self.closed and not self._sending:
                self._over.set()

    async def close(self, seconds: float) -> None:
        """Let nothing more be sent, and give what is being sent so long to come back."""
        self.closed = True
        if self._sending:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._over.wait()
