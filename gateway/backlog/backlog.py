"""What came long ago: put aside, and asked about by one quiet note in each chat (P13, ADR 0047).

Decides when a note is made and what it stands for. How old is too old, `core.backlog` says. Nothing
is answered before somebody presses, and a restart finds what was put aside in the store.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final

import structlog

from core.backlog import MOST_HELD, Ages, fate
from core.errors import ChatClosed, ChatError, StoreError
from core.recent import Recent
from core.types import Address, Command
from gateway.backlog.note import AwayNotes
from gateway.delivery.asides import SECONDS

if TYPE_CHECKING:
    from core.records import Accepted
    from core.types import Incoming
    from gateway.turn.exchange import Exchange

QUIET: Final = 2.0
"""Seconds without another one after which a chat is told: a backlog comes all at once."""
FIRST_PAUSE: Final = 5.0
LONGEST_PAUSE: Final = 300.0
"""Seconds between two tries to tell a chat that cannot be told now."""
MOST_REMEMBERED: Final = 10_000

log = structlog.get_logger()


class Backlog:
    """The messages of one process that came long ago. Without any it costs a comparison each."""

    def __init__(
        self,
        group: asyncio.TaskGroup,
        exchange: Exchange,
        put: Callable[[Accepted], Awaitable[None]],
    ) -> None:
        """Ask where `exchange` answers; what is wanted is `put` into its lane."""
        self._group = group
        self._keep = exchange.keep
        self._chats = exchange.chats
        self._notes = AwayNotes(exchange)
        self._places = exchange.places
        self._clock = exchange.clock
        self._put = put
        self._ages = Ages(self._now(), self._clock.monotonic())
        self._held = Recent[Address, int](MOST_REMEMBERED)
        self._undone: Counter[Address] = Counter()
        self._tending: dict[Address, asyncio.Event] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def close(self) -> None:
        """Say nothing more; the next start does."""
        self._closed = True
        for task in self._tasks:
            task.cancel()

    # --- what comes in ----------------------------------------------------------------------

    def late(self, incoming: Incoming) -> bool:
        """Tell whether it came so long ago that it is not simply done."""
        platform = incoming.address.platform
        if not self._places.guarded(platform):
            return False
        old = self._ages.late(platform, incoming.at, self._clock.monotonic())
        return old and fate(incoming) != "do"

    def full(self, incoming: Incoming) -> bool:
        """Tell whether no more of its chat is kept."""
        return (self._held.get(incoming.address.whole) or 0) >= MOST_HELD

    async def take(self, accepted: Accepted) -> None:
        """Put aside what was asked; what would change something is not done.

        Raises:
            StoreError: it waits as before, and the next start finds it.
        """
        incoming, chat = accepted.incoming, accepted.incoming.address.whole
        if fate(incoming) == "ask":
            await self._keep.put_aside(accepted.seq, "late")
            self._held[chat] = (self._held.get(chat) or 0) + 1
        else:
            await self._keep.drop(accepted.seq, "it came too late")
            self._undone.update([chat] if isinstance(incoming, Command) else [])
        log.info("came_late", seq=accepted.seq, what=type(incoming).__name__)
        self._tend(chat)

    async def sift(self, waiting: Sequence[Accepted]) -> Sequence[Accepted]:
        """Put aside what the last run has left for too long; give the rest."""
        rest = []
        for each in waiting:
            if not each.wanted and self.late(each.incoming):
                await self.take(each)
            else:
                rest.append(each)
        return rest

    async def recall(self) -> None:
        """Ask again where the last run was ended before it had asked."""
        for chat in dict.fromkeys(each.incoming.address.whole for each in await self._all()):
            if chat.platform in self._chats and await self._notes.missing(chat):
                self._tend(chat)

    # --- what people say about it -----------------------------------------------------------

    async def of(self, address: Address) -> Sequence[Accepted]:
        """List what was put aside in a chat with all its threads."""
        return [each for each in await self._all() if each.incoming.address.whole == address.whole]

    async def letter(self, number: int) -> Sequence[Accepted]:
        """Find what was put aside because it broke the program off."""
        return [each for each in await self._keep.store.aside("broke") if each.seq == number]

    async def answer(self, held: Sequence[Accepted]) -> int:
        """Let these be answered, in the order in which they came; give how many are."""
        seqs = await self._keep.wanted([each.seq for each in held])
        for seq in seqs:
            found = await self._keep.accepted(seq)
            if found is not None:
                await self._put(found)
        return len(seqs)

    async def skip(self, held: Sequence[Accepted]) -> None:
        """Let these be answered never."""
        for each in held:
            await self._keep.drop(each.seq, "skipped")

    def settled(self, address: Address) -> None:
        """See to the note of a chat in which something was decided."""
        self._held.pop(address.whole)
        self._tend(address.whole)

    # --- the note ---------------------------------------------------------------------------

    def _tend(self, chat: Address) -> None:
        if self._closed:
            return
        if chat in self._tending:
            self._tending[chat].set()
            return
        self._tending[chat] = asyncio.Event()
        task = self._group.create_task(self._tended(chat), name=f"backlog {chat.session}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tended(self, chat: Address) -> None:
        moved = self._tending[chat]
        try:
            while True:
                while await _set_within(moved, QUIET):
                    moved.clear()
                await self._until_noted(chat)
                if not moved.is_set():
                    return
        except Exception:
            log.exception("backlog_failed", chat=chat.session)
        finally:
            del self._tending[chat]

    async def _until_noted(self, chat: Address) -> None:
        """Tell it; while that does not work, try ever more seldom, for nobody else will ask."""
        pause = FIRST_PAUSE
        while True:
            try:
                async with asyncio.timeout(SECONDS):
                    await self._noted(chat)
            except (ChatError, StoreError, TimeoutError) as error:
                why = str(error) or "it took long"
                log.warning("backlog_not_noted", chat=chat.session, error=why)
                if isinstance(error, ChatClosed):
                    return
            else:
                return
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _noted(self, chat: Address) -> None:
        held = await self.of(chat)
        if undone := self._undone.get(chat, 0):
            await self._notes.tell(chat, held, undone)
            self._undone -= Counter({chat: undone})  # more may have come meanwhile
        await self._notes.show(chat, held)

    async def _all(self) -> Sequence[Accepted]:
        return await self._keep.store.aside("late")

    def _now(self) -> int:
        return int(self._clock.now().timestamp() * 1000)


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
