"""Takes in what the adapters received: stored first, then acknowledged, then handed on.

Decides nothing about the answer. Whoever calls it may acknowledge to the platform once it returns
and must not if it raises (P1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import UsageError
from core.types import Message

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from core.ports import Inbox
    from core.records import Accepted
    from core.types import Incoming

TEXT_LIMIT = 200_000
"""Characters of one question; longer than any model here takes."""


class DurableIntake:
    """The intake of every adapter."""

    def __init__(self, inbox: Inbox, handle: Callable[[Accepted], Awaitable[None]]) -> None:
        """Store into `inbox`; `handle` must only queue, not answer."""
        self._inbox = inbox
        self._handle = handle

    async def __call__(self, incoming: Incoming) -> bool:
        """Store it and hand it on; False if it was here before.

        Raises:
            UsageError: there is nothing in it, or far too much; it is not stored.
            StoreError: it could not be stored; do not acknowledge it.
        """
        _check(incoming)
        accepted = await self._inbox.accept(incoming)
        if accepted is None:
            return False
        await self._handle(accepted)
        return True


def _check(incoming: Incoming) -> None:
    if not isinstance(incoming, Message):
        return
    text = incoming.text
    if not text.strip():
        message = "The message is empty. Please write a question."
        raise UsageError(message)
    if len(text) > TEXT_LIMIT:
        message = (
            f"The message has {len(text):,} characters; {TEXT_LIMIT:,} are the most that can be "
            "taken. Please shorten it."
        )
        raise UsageError(message)
