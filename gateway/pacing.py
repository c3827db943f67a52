"""One rate budget per chat, shared by all its turns (P7). Decides when, never what.

Whoever wants to send waits for a slot; slots of a chat are `pace` apart. Finals go first, then
whoever waits longest, so turns in one chat take turns. A chat that is told to wait stalls alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from core.types import Address

_MANY: Final = 1000

Urgent = Callable[[], bool]


class ChatBudget:
    """The slots of one chat, in the running loop's time."""

    def __init__(self, pace: float) -> None:
        self._pace = pace
        self._free = 0.0
        self._waiting: list[tuple[Urgent, asyncio.Future[float]]] = []
        self._timer: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """Whether nobody waits and nothing is owed."""
        return not self._waiting and asyncio.get_running_loop().time() >= self._free

    async def slot(self, urgent: Urgent) -> float:
        """Wait for the right to send one thing; `urgent` is asked when slots are given out.

        Returns:
            What `refund` needs to take the slot back.
        """
        loop = asyncio.get_running_loop()
        if self.idle:
            self._free = loop.time() + self._pace
            return self._free
        granted: asyncio.Future[float] = loop.create_future()
        entry = (urgent, granted)
        self._waiting.append(entry)
        self._arm()
        try:
            return await granted
        except asyncio.CancelledError:
            if entry in self._waiting:
                self._waiting.remove(entry)
            elif not granted.cancelled():
                self.refund(granted.result())
            raise

    def refund(self, slot: float) -> None:
        """Give back a slot that was not used, unless the next one is given out already."""
        if self._free == slot:
            self._free = asyncio.get_running_loop().time()
            self._arm()

    def stall(self, seconds: float) -> None:
        """Send nothing in this chat for so long: the platform said so."""
        self._free = max(self._free, asyncio.get_running_loop().time() + seconds)
        self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            self._timer = asyncio.get_running_loop().call_at(self._free, self._grant)

    def _grant(self) -> None:
        self._timer = None
        # Who was cancelled in this step of the loop has not taken itself off the list yet.
        self._waiting = [each for each in self._waiting if not each[1].done()]
        if not self._waiting:
            return
        entry = next((each for each in self._waiting if each[0]()), self._waiting[0])
        self._waiting.remove(entry)
        self._free = asyncio.get_running_loop().time() + self._pace
        entry[1].set_result(self._free)
        self._arm()


class ChatBudgets:
    """The budgets of all chats; those that owe nothing are forgotten when there are many."""

    def __init__(self) -> None:
        self._chats: dict[tuple[str, str], ChatBudget] = {}

    def of(self, address: Address, pace: float) -> ChatBudget:
        """Give the budget that all turns in this chat share, its threads included."""
        key = (address.platform, address.channel)
        if key not in self._chats:
            if len(self._chats) >= _MANY:
                self._chats = {k: chat for k, chat in self._chats.items() if not chat.idle}
            self._chats[key] = ChatBudget(pace)
        return self._chats[key]
