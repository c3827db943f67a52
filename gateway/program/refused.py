"""Which chats their platforms do not let in, for those who look: an operator has to mend something.

Decides only when that is over. It is no reason not to be ready: the others go on.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from core.errors import ChatRefused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

SETTLED: Final = 30.0
"""Seconds after which a chat that was tried again counts as let in: a refusal comes sooner."""


class Refused:
    """The chats that are not let in, by the name of their account."""

    def __init__(self) -> None:
        """Begin with none."""
        self._names: dict[str, None] = {}

    def now(self) -> Collection[str]:
        """Name them."""
        return tuple(self._names)

    def watched(
        self, name: str, run: Callable[[], Awaitable[None]]
    ) -> Callable[[], Awaitable[None]]:
        """Give a run that notes how it ends."""

        async def watched() -> None:
            loop = asyncio.get_running_loop()
            over = loop.call_later(SETTLED, self._names.pop, name, None)
            try:
                await run()
            except ChatRefused:
                self._names[name] = None
                raise
            finally:
                over.cancel()

        return watched
