"""Writes that must happen: they wait until the store takes them again (P9).

Decides how long to wait and what the log says of it: one line when the store stops taking data
and one when it takes them again, however many turns wait. New messages do not wait here: what is
not stored is refused where it came in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeVar

import structlog

from core.errors import StoreBusy, StoreDamaged, StoreError, StoreFull
from gateway.rereading import again

if TYPE_CHECKING:
    from core.audit import Change
    from core.outcomes import Advice, CallReport
    from core.records import (
        Accepted,
        Approval,
        Decision,
        FileUse,
        StoredTurn,
        ToolRound,
        ToolStep,
        TurnEnd,
        TurnStart,
        Vote,
    )
    from core.storage import Store
    from core.storage.aside import Why
    from core.storage.erasing import Texts
    from core.types import Author, Incoming, Line

T = TypeVar("T")

FRESH = 60.0
"""Seconds for which it is believed that the store takes nothing: until somebody tries again."""
FIRST_PAUSE = 0.25
LONGEST_PAUSE = 5.0

log = structlog.get_logger()


class Patience:
    """Waits for one store, and says so once."""

    def __init__(self) -> None:
        """Begin with a store that works."""
        self._waiting = 0
        self._failing = False
        self._damaged = False
        self._failed = 0.0

    @property
    def failing(self) -> bool:
        """Tell whether the store takes nothing, as far as is known: damage does not heal."""
        return self._failing and (self._damaged or _now() - self._failed < FRESH)

    def failed(self, error: Exception) -> None:
        """Note that something could not be stored."""
        if not self._failing:
            log.error("store_takes_nothing", error=str(error))
        self._failing = True
        self._damaged = isinstance(error, StoreDamaged)
        self._failed = _now()

    def worked(self) -> None:
        """Note that something new was stored."""
        if self._failing and not self._waiting:
            self._failing = False
            log.warning("store_takes_data_again")

    async def until_done(self, write: Callable[[], Awaitable[T]]) -> T:
        """Do a write again and again until there is room for it.

        Raises:
            StoreError: waiting is of no use.
        """
        pause = FIRST_PAUSE
        while True:
            try:
                return await write()
            except (StoreFull, StoreBusy) as error:
                self.failed(error)
            except StoreDamaged as error:
                self.failed(error)
                raise
            self._waiting += 1
            try:
                await asyncio.sleep(pause)
            finally:
                self._waiting -= 1
            pause = min(2 * pause, LONGEST_PAUSE)


class PatientStore:
    """What a turn writes: fulfils `core.ports.Turns` and `Outbox`, with patience."""

    def __init__(self, store: Store, patience: Patience) -> None:
        """Write into `store`."""
        self.store = store
        self._patience = patience

    @property
    def failing(self) -> bool:
        """Tell whether it takes nothing, as far as is known."""
        return self._patience.failing

    async def _write(self, write: Callable[[], Awaitable[T]]) -> T:
        done = await self._patience.until_done(write)
        self._patience.worked()
        return done

    async def accept(self, incoming: Incoming, session: str = "") -> Accepted | None:
        """See `core.storage.Inbox`. This one does not wait: whoever sent it keeps it, and is told.

        Raises:
            StoreError: it could not be stored.
        """
        try:
            accepted = await self.store.accept(incoming, session)
        except StoreError as error:
            self._patience.failed(error)
            raise
        self._patience.worked()
        return accepted

    async def accepted(self, seq: int) -> Accepted | None:
        """Read what came in, again for a while where that fails: it was just written about."""
        return await again(partial(self.store.accepted, seq))

    async def begin(self, start: TurnStart) -> None:
        await self._write(partial(self.store.begin, start))

    async def keep_file(self, use: FileUse) -> None:
        await self._write(partial(self.store.keep_file, use))

    async def landed(self, turn_id: str, round_: int, advice: Advice) -> None:
        await self._write(partial(self.store.landed, turn_id, round_, advice))

    async def references_done(self, turn_id: str, round_: int, rest: Sequence[Advice]) -> None:
        await self._write(partial(self.store.references_done, turn_id, round_, rest))

    async def called(self, turn_id: str, round_: ToolRound, calls: Sequence[CallReport]) -> None:
        await self._write(partial(self.store.called, turn_id, round_, calls))

    async def intend(self, turn_id: str, step: ToolStep) -> bool:
        return await self._write(partial(self.store.intend, turn_id, step))

    async def returned(self, turn_id: str, step: ToolStep) -> None:
        await self._write(partial(self.store.returned, turn_id, step))

    async def ask(self, turn_id: str, step: ToolStep, approval: Approval) -> None:
        await self._write(partial(self.store.ask, turn_id, step, approval))

    async def decide(
        self, turn_id: str, number: int, decision: Decision, *, by: str, at: int
    ) -> bool:
        decide = partial(self.store.decide, turn_id, number, decision, by=by, at=at)
        return await self._write(decide)

    async def finish(self, end: TurnEnd) -> None:
        await self._write(partial(self.store.finish, end))

    async def delivered(self, turn_id: str) -> None:
        # Written together with what comes next, so it tells nothing of whether the store works.
        await self._patience.until_done(partial(self.store.delivered, turn_id))

    async def attempt(self, turn_id: str) -> int:
        return await self._write(partial(self.store.attempt, turn_id))

    async def unfinished(self) -> Sequence[StoredTurn]:
        return await self.store.unfinished()

    async def turn(self, turn_id: str) -> StoredTurn | None:
        return await self.store.turn(turn_id)

    async def attempting(self, turn_id: str, key: str, *, piece: bool = False) -> None:
        await self._write(partial(self.store.attempting, turn_id, key, piece=piece))

    async def hold(self, turn_id: str) -> None:
        await self.store.hold(turn_id)

    async def posted(self, turn_id: str, key: str, message_id: str, *, shown: str = "") -> None:
        await self._write(partial(self.store.posted, turn_id, key, message_id, shown=shown))

    async def unposted(self, turn_id: str, key: str, state: Literal["unknown", "failed"]) -> None:
        await self._write(partial(self.store.unposted, turn_id, key, state))

    async def drop(self, seq: int, reason: str) -> None:
        """See `core.ports.Inbox`."""
        await self._write(partial(self.store.drop, seq, reason))

    async def put_aside(self, seq: int, why: Why) -> None:
        """See `core.storage.Aside`, here and below."""
        await self._write(partial(self.store.put_aside, seq, why))

    async def wanted(self, seqs: Collection[int]) -> Sequence[int]:
        return await self._write(partial(self.store.wanted, seqs))

    async def tried(self, seqs: Collection[int]) -> int:
        return await self._write(partial(self.store.tried, seqs))

    async def steer(
        self, turn_id: str, iteration: int, said: Sequence[tuple[int, Line]]
    ) -> Sequence[int]:
        """See `core.storage.Changes`, here and below."""
        return await self._write(partial(self.store.steer, turn_id, iteration, said))

    async def unsteer(self, turn_id: str, seqs: Collection[int]) -> None:
        await self._write(partial(self.store.unsteer, turn_id, seqs))

    async def withdraw(
        self, turn_id: str, *, changed: Accepted | None = None, by: int | None = None
    ) -> Sequence[int]:
        return await self._write(partial(self.store.withdraw, turn_id, changed=changed, by=by))

    async def disown(self, turn_id: str) -> bool:
        return await self._write(partial(self.store.disown, turn_id))

    async def revise(
        self,
        changed: Accepted,
        questions: Mapping[str, Line],
        line: Line,
        *,
        by: int | None = None,
    ) -> None:
        await self._write(partial(self.store.revise, changed, questions, line, by=by))

    async def unsay(
        self, seq: int, questions: Mapping[str, Line], *, by: int | None = None
    ) -> None:
        await self._write(partial(self.store.unsay, seq, questions, by=by))

    async def unpost(self, turn_id: str) -> None:
        await self._write(partial(self.store.unpost, turn_id))

    async def erase(self, texts: Texts) -> None:
        """See `core.storage.Erasing`."""
        await self._write(partial(self.store.erase, texts))

    async def remove(self, turn_id: str) -> None:
        """See `core.ports.History`."""
        await self._write(partial(self.store.remove, turn_id))

    async def condense(
        self, start: TurnStart, end: TurnEnd, summary: Line | None, *, lines: int
    ) -> bool:
        """See `core.storage.Epochs`, here and below."""
        return await self._write(partial(self.store.condense, start, end, summary, lines=lines))

    async def renew(self, session: str, *, by: str, at: int) -> int | None:
        return await self._write(partial(self.store.renew, session, by=by, at=at))

    async def unrenew(self, session: str, *, number: int | None = None, since: int) -> bool:
        return await self._write(partial(self.store.unrenew, session, number=number, since=since))

    async def pin(
        self, channel: str, text: str, *, author: Author, at: int, most: int
    ) -> int | None:
        """See `core.storage.Facts`, here and below."""
        pin = partial(self.store.pin, channel, text, author=author, at=at, most=most)
        return await self._write(pin)

    async def unpin(self, channel: str, place: int) -> bool:
        return await self._write(partial(self.store.unpin, channel, place))

    async def audit(self, change: Change) -> None:
        """See `core.ports.Audit`."""
        await self._write(partial(self.store.audit, change))

    async def vote(self, turn_id: str, person: str, vote: Vote, *, at: int) -> None:
        """See `core.ports.Votes`."""
        await self._write(partial(self.store.vote, turn_id, person, vote, at=at))

    async def set(
        self, scope: str, key: str, value: str | None, *, by: str, at: int, name: str = ""
    ) -> None:
        """See `core.storage.Settings`."""
        write = partial(self.store.set, scope, key, value, by=by, at=at, name=name)
        await self._write(write)


def _now() -> float:
    return asyncio.get_running_loop().time()
