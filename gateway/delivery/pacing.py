"""Rate budgets: one per chat or thread, shared by its turns, inside one per account (P7).

Decides when, never what. Whoever wants to send waits for a slot. Slots of a chat are a pace
apart, those of an account 1/rate seconds; chats that are free take turns. Finals go first, then
whoever waits longest. A chat that is told to wait stalls alone. Previews have a pace of their own.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from core.errors import ChatBusy
from core.ports import Capabilities
from core.turnstile import crowded
from core.types import Address
from gateway.delivery.taking_turns import TakingTurns
from gateway.delivery.underway import UnderWay

CLOSER: Final = 0.9
"""The part of the time between two slots of an account that is kept between two posts."""
_MANY: Final = 1000
_EARLY: Final = 1e-6
"""A timer may fire so many seconds early: the clock's resolution, rounding."""
_TICK: Final = 1e-3
"""uvloop counts milliseconds: a timer that is nearer than that fires at once, again and again."""

PREVIEWS: Final = 200.0
"""Previews a second of one account from which on each chat is shown them at longer intervals: they
cost as much as messages, and five hundred answers that are written at once held up all others."""

Urgent = Callable[[], float]
"""How urgent it is: finals go first, then what somebody is asked, then the rest (P7)."""
FINAL: Final = 1.0
APPROVAL_ASKED: Final = 0.5
STATUS: Final = 0.25
T = TypeVar("T")


async def once_free(send: Callable[[], Awaitable[T]]) -> T:
    """Do it as soon as the chat takes it; whoever calls limits for how long that is tried."""
    while True:
        try:
            return await send()
        except ChatBusy as busy:
            await asyncio.sleep(busy.retry_after)


class Account:
    """What the chats of one account share. `rate` is in messages a second, None for any."""

    def __init__(self, rate: float | None = None, late: Callable[[], bool] = crowded) -> None:
        """`late` tells whether there is too much to do already."""
        self.late = late
        self._gap = 1 / rate if rate else 0.0
        self._next = 0.0
        self._left = 0.0
        self._previews = 0.0
        self._ready = TakingTurns[ChatBudget]()
        self._later: list[tuple[float, int, ChatBudget]] = []
        self._count = 0
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0

    def take(self, now: float) -> bool:
        """Take a slot at once; False if there is none, or others wait for one."""
        if self._ready or now + _EARLY < self._next:
            return False
        self._next = now + self._gap
        return True

    def spend(self, now: float) -> None:
        """Count a message that waits for no slot."""
        self._next = max(self._next, now) + self._gap

    def give_back(self, slot: float) -> None:
        """Take back a slot that was not used, unless the next one is given out already."""
        if self._next == slot + self._gap:
            self._next = slot
            self._arm()

    def leaves(self, now: float) -> float:
        """Count a message that is posted now; give the seconds for which it has to wait for that.

        Slots are given out one by one, but what waited for the store comes out of it all at once.
        """
        self._left = max(self._left + CLOSER * self._gap, now)
        return self._left - now

    def previewed(self, now: float) -> float:
        """Count a preview; give when there is room for the next one of the same chat."""
        self._previews = max(self._previews, now) + 1 / PREVIEWS
        return self._previews

    def enlist(self, chat: ChatBudget) -> None:
        """Give this chat a slot when it is free; to be called again if that is earlier now."""
        self._push(chat)
        self._arm()

    def _push(self, chat: ChatBudget) -> None:
        self._count += 1
        heapq.heappush(self._later, (chat.free, self._count, chat))

    def _arm(self) -> None:
        """Set the one timer to when something can be given."""
        if not self._ready and not self._later:
            return
        due = self._next if self._ready else max(self._next, self._later[0][0])
        now = asyncio.get_running_loop().time()
        if now < due < now + _TICK:
            due = now + _TICK
        if self._timer is not None:
            if self._due == due:
                return
            self._timer.cancel()
        self._due = due  # uvloop gives no timer for what is due already, so none could be asked
        self._timer = asyncio.get_running_loop().call_at(due, self._give)

    def _give(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        self._wake(now)
        while self._ready and now + _EARLY >= self._next:
            chat = self._ready.take(now)
            if chat.free > now + _EARLY:  # it was told to wait in the meantime
                self._push(chat)
            elif chat.grant(now):
                self._next = now + self._gap
                if chat.waits:
                    self._push(chat)
        self._arm()

    def _wake(self, now: float) -> None:
        """Find who is free by now; whoever has been put off since waits on."""
        while self._later and self._later[0][0] <= now + _EARLY:
            _, _, chat = heapq.heappop(self._later)
            if chat.free > now + _EARLY:
                self._push(chat)
            elif chat.waits:
                self._ready.add(chat)


class ChatBudget:
    """The slots of one chat, in the running loop's time. `pace` is in seconds."""

    def __init__(self, pace: float, account: Account | None = None) -> None:
        self.pace = pace
        self.free = 0.0
        self._account = account or Account()
        self._slot = 0.0
        self._stalled = 0.0
        self._shown = 0.0
        self._waiting: list[tuple[Urgent, asyncio.Future[float]]] = []

    @property
    def idle(self) -> bool:
        """Whether nobody waits and nothing is owed."""
        return not self._waiting and asyncio.get_running_loop().time() + _EARLY >= self.free

    @property
    def waits(self) -> bool:
        """Whether somebody waits for a slot."""
        return bool(self._waiting)

    @property
    def urgent(self) -> float:
        """How urgent the most urgent is that waits."""
        return max((urgent() for urgent, _ in self._waiting), default=0.0)

    async def slot(self, urgent: Urgent) -> float:
        """Wait for the right to send one thing; `urgent` is asked when slots are given out.

        Returns:
            What names the slot to `refund`.
        """
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self.idle and self._account.take(now):
            return self._taken(now)
        granted: asyncio.Future[float] = loop.create_future()
        entry = (urgent, granted)
        self._waiting.append(entry)
        self._account.enlist(self)
        try:
            return await granted
        except asyncio.CancelledError:
            if entry in self._waiting:
                self._waiting.remove(entry)
            elif not granted.cancelled():
                self.refund(granted.result())
            raise

    async def leave(self) -> None:
        """Wait until a message that has its slot may be posted."""
        if (wait := self._account.leaves(asyncio.get_running_loop().time())) > 0:
            await asyncio.sleep(wait)

    def ask_again(self) -> None:
        """Hear that what waits may be more urgent than it was."""
        if self._waiting:
            self._account.enlist(self)

    def refund(self, slot: float) -> None:
        """Give back a slot that was not used, unless the next one is given out already."""
        if self._slot == slot:
            self.free = max(self._stalled, slot)
            if self._waiting:
                self._account.enlist(self)
        self._account.give_back(slot)

    def due(self) -> float:
        """Give the seconds until the chat's next slot, the account and others apart."""
        return self.free - asyncio.get_running_loop().time() - _EARLY

    def preview_due(self) -> float:
        """Give the seconds until a preview may be shown: it is no message, and takes no slot."""
        return max(self._shown, self._stalled) - asyncio.get_running_loop().time()

    @property
    def may_preview(self) -> bool:
        """Whether a preview may be shown now."""
        now = asyncio.get_running_loop().time()
        return now + _TICK >= self._shown and now >= self._stalled

    def previewed(self, pace: float) -> bool:
        """Let the next preview come `pace` seconds from now, or later if very many are shown.

        Returns:
            Whether this one is to be shown: none is while the loop is late.
        """
        now = asyncio.get_running_loop().time()
        self._shown = max(now + pace, self._account.previewed(now))
        return not self._account.late()

    def stall(self, seconds: float) -> None:
        """Send nothing in this chat for so long: the platform said so."""
        self._stalled = max(self._stalled, asyncio.get_running_loop().time() + seconds)
        self.free = max(self.free, self._stalled)

    def grant(self, now: float) -> bool:
        """Give a slot to the first of the most urgent; False if nobody waits."""
        # Who was cancelled in this step of the loop has not taken itself off the list yet.
        self._waiting = [each for each in self._waiting if not each[1].done()]
        if not self._waiting:
            return False
        entry = max(self._waiting, key=lambda each: each[0]())
        self._waiting.remove(entry)
        entry[1].set_result(self._taken(now))
        return True

    def _taken(self, now: float) -> float:
        self._slot, self.free = now, now + self.pace
        return now


class ChatBudgets:
    """The budgets of all chats; those that owe nothing are forgotten when there are many.

    `under_way`: what is being sent by them.
    """

    def __init__(
        self,
        behind: Callable[[tuple[str, str]], float] = lambda _: 0.0,
        late: Callable[[], bool] = crowded,
    ) -> None:
        """`behind` says how far somebody comes behind others, from 0 to 1; `late` see `Account`."""
        self.behind = behind
        self._late = late
        self.under_way = UnderWay()
        self._chats: dict[tuple[str, str, str | None], ChatBudget] = {}
        self._accounts: dict[str, Account] = {}
        self._many = _MANY

    def of(self, address: Address, can: Capabilities) -> ChatBudget:
        """Give the budget that all turns in this chat, or in this thread of it, share."""
        thread = address.thread if can.paced == "thread" else None
        key = (address.platform, address.channel, thread)
        if key not in self._chats:
            self._tidy()
            account = self._accounts.setdefault(address.platform, Account(can.rate, self._late))
            self._chats[key] = ChatBudget(can.pace, account)
        return self._chats[key]

    def beside(self, address: Address) -> None:
        """Count a message that waits for no slot."""
        now = asyncio.get_running_loop().time()
        for thread in {None, address.thread}:
            chat = self._chats.get((address.platform, address.channel, thread))
            if chat is not None:
                chat.free = max(chat.free, now) + chat.pace
        if address.platform in self._accounts:
            self._accounts[address.platform].spend(now)

    def _tidy(self) -> None:
        if len(self._chats) >= self._many:
            self._chats = {key: chat for key, chat in self._chats.items() if not chat.idle}
            self._many = max(_MANY, 2 * len(self._chats))
