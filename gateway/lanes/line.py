"""The place in line: one note for each question that waits, as long as it waits (ADR 0038).

Decides when a note is worth it and what goes next; how a lane moves, `gateway.lanes.sessions`.
Best effort, inside the chat's budget: nothing waits for it. Its id is in the outbox, so that the
next start finds it.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog

from core.bursts import goes_on
from core.crashpoints import crashpoint
from core.errors import ChatBusy, ChatError, ChatUnknown, MessageGone, StoreError
from core.frames import Button, Frame, Notice
from core.storage.changes import NOTE
from core.texts.running import place_text
from core.types import Message
from core.wording import LABELS
from gateway.delivery import delivery_id
from gateway.delivery.pacing import STATUS
from gateway.lanes.leftover import found as look
from gateway.lanes.leftover import leftovers, searched

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

    from core.ports import ChatAdapter
    from core.records import Accepted
    from gateway.delivery import ChatBudgets
    from gateway.lanes.leftover import Leftover
    from gateway.lanes.sessions import Sessions
    from gateway.patience import PatientStore

PATIENCE: Final = 1.0
"""Seconds that a question waits before it is worth a note."""
MOST_NOTED: Final = 10
"""Notes in one lane: whoever stands further back reads where the line ends."""
KEY: Final = "notice"

log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class _Note:
    """A note that stands in a chat; without an id where it could not be posted.

    `unsure`: perhaps it was, and the platform cannot tell. Then it is never posted again.
    """

    work: Accepted
    text: str = ""
    message_id: str | None = None
    unsure: bool = False


@dataclass(slots=True)
class _Lane:
    """What is known of a lane in which something waits."""

    since: dict[int, float] = field(default_factory=dict)
    notes: dict[int, _Note] = field(default_factory=dict)
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    def due(self, seq: int, now: float) -> float:
        """Say in how many seconds a question is worth a note."""
        return 0.0 if seq in self.notes else self.since[seq] + PATIENCE - now


class Line:
    """The notes of one process. A lane in which nothing waits costs nothing."""

    def __init__(
        self,
        group: asyncio.TaskGroup,
        sessions: Sessions,
        keep: PatientStore,
        chats: Mapping[str, ChatAdapter],
        budgets: ChatBudgets,
    ) -> None:
        """Note in `chats` what waits in `sessions`; tasks are born in `group`."""
        self._group = group
        self._sessions = sessions
        self._keep = keep
        self._chats = chats
        self._budgets = budgets
        self._lanes: dict[str, _Lane] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        sessions.moved = self._moved

    def close(self) -> None:
        """Say nothing more; what stands there is found by the next start."""
        self._closed = True
        for task in self._tasks:
            task.cancel()

    def stands(self, work: Accepted, message_id: str | None = None) -> None:
        """Hear that something waits; `message_id` is its note's, if one stands there already."""
        session = self._sessions.lane(work.session)
        lane = self._lanes.get(session)
        if self._closed:
            return
        if lane is None:
            lane = self._lanes[session] = _Lane()
            self._begin(partial(self._tend, session, lane), session)
        now = asyncio.get_running_loop().time()
        lane.since[work.seq] = now
        if message_id is not None:
            lane.notes[work.seq] = _Note(work=work, message_id=message_id)
        lane.moved.set()

    def _begin(self, work: Callable[[], Awaitable[None]], where: str) -> None:
        task = self._group.create_task(self._safely(work, where), name=f"line {where}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _safely(self, work: Callable[[], Awaitable[None]], where: str) -> None:
        """Do something about notes; whatever breaks in it costs a note and no more."""
        try:
            await work()
        except StoreError as error:
            log.warning("line_not_noted", where=where, error=str(error))
        except Exception:
            log.exception("line_failed", where=where)

    def _moved(self, session: str) -> None:
        lane = self._lanes.get(session)
        if lane is not None:
            lane.moved.set()

    async def _tend(self, session: str, lane: _Lane) -> None:
        try:
            while True:
                lane.moved.clear()
                wanted, due = self._wanted(session, lane)
                if await self._step(lane, wanted):
                    continue
                if not lane.since and not lane.notes:
                    return
                await _moved_within(lane, due)
        finally:
            del self._lanes[session]

    def _wanted(self, session: str, lane: _Lane) -> tuple[dict[int, str], float | None]:
        """Say what the notes should be, and in how many seconds that may be another matter."""
        waiting = self._sessions.in_line(session)
        now = asyncio.get_running_loop().time()
        there = {each.seq for each in waiting}
        lane.since = {seq: at for seq, at in lane.since.items() if seq in there}
        stand = [each for each in _firsts(waiting) if each[1].seq in lane.since][:MOST_NOTED]
        noted = [each for each in stand if lane.due(each[1].seq, now) <= 0]
        due = [lane.due(work.seq, now) for _, work in stand]
        due = [each for each in due if each > 0]
        for _, work in noted:
            lane.notes.setdefault(work.seq, _Note(work=work))
        return {work.seq: place_text(before) for before, work in noted}, min(due, default=None)

    async def _step(self, lane: _Lane, wanted: Mapping[int, str]) -> bool:
        """Do one thing that is to be done; False if there is nothing."""
        for seq, note in list(lane.notes.items()):
            if seq not in wanted:
                if note.message_id is None or await self._slotted(note, ""):
                    del lane.notes[seq]
                return True
        for seq, text in wanted.items():
            note = lane.notes[seq]
            if note.text != text:
                note.text = text
                await self._slotted(note, text)
                return True
        return False

    async def _slotted(self, note: _Note, text: str) -> bool:
        """Show or delete a note when there is room for that; False if it has to come again."""
        address = note.work.incoming.address
        adapter = self._chats[address.platform]
        budget = self._budgets.of(address, adapter.capabilities(address))
        slot = await budget.slot(lambda: STATUS)
        if text and not self._sessions.place(note.work.seq):
            budget.refund(slot)  # its turn has come meanwhile
            return True
        try:
            await self._show(note, text, adapter)
        except ChatBusy as busy:
            budget.stall(busy.retry_after)
            note.text = ""
            return False
        except MessageGone:
            note.message_id = None
        except ChatError as error:
            log.info("line_not_noted", error=str(error))
        return True

    async def _show(self, note: _Note, text: str, adapter: ChatAdapter) -> None:
        incoming = note.work.incoming
        name = f"{NOTE}{note.work.seq}"
        frame = Frame(key=KEY, content=Notice(text=text), buttons=(_stop(note.work),))
        if not text:
            with suppress(MessageGone):
                await adapter.delete(incoming.address, note.message_id or "")
            crashpoint("note.deleted", incoming.address.platform)
            await self._keep.unpost(name)
        elif note.message_id is not None:
            await adapter.edit(incoming.address, note.message_id, frame)
        elif isinstance(incoming, Message) and not note.unsure:
            await self._keep.attempting(name, KEY)
            crashpoint("note.noted", incoming.address.platform)
            posted = await self._posted(note, frame, name)
            crashpoint("note.posted", incoming.address.platform)
            note.message_id = posted
            await self._keep.posted(name, KEY, posted)

    async def _posted(self, note: _Note, frame: Frame, name: str) -> str:
        """Post a note, and find it where its post was perhaps lost.

        Raises:
            ChatError: it was not posted. ChatUnknown: nobody can tell, and it is `unsure` now.
        """
        incoming = note.work.incoming
        reply_to = incoming.reply_to if isinstance(incoming, Message) else None
        once = delivery_id(name, KEY)
        try:
            return await self._chats[incoming.address.platform].post(
                incoming.address, frame, delivery_id=once, reply_to=reply_to
            )
        except ChatUnknown:
            note.unsure = True
            found = await look(self._chats[incoming.address.platform], note.work, name, KEY)
            if found is None:
                raise
            return found
        except ChatError:  # it stands nowhere
            await self._keep.unpost(name)
            raise

    async def recall(self, noted: Callable[[str], bool]) -> None:
        """Find the notes of the last run: those of what waits go on, the others go away.

        What waits without one gets its own where its platform is `noted`, unless one was perhaps
        posted and the platform cannot tell (Telegram's): then there is never a second. That one
        stays until somebody presses its button, which is how its place is heard of. Platforms are
        asked behind this, each for itself.
        """
        known, doubtful = await leftovers(self._keep.store, self._chats)
        for left in known:
            self.stands(left.work, left.posted.message_id)
        unsure = {each.work.seq for several in doubtful.values() for each in several}
        for work in list(self._sessions.all_waiting()):
            if noted(work.incoming.address.platform) and work.seq not in unsure:
                self.stands(work)
        for platform, several in doubtful.items():
            self._begin(partial(self._search, platform, several, noted=noted(platform)), platform)

    async def _search(self, platform: str, several: Sequence[Leftover], *, noted: bool) -> None:
        """Ask one platform about the notes of which only it knows whether they stand there."""
        async with aclosing(searched(self._chats[platform], several)) as told:
            async for left, there in told:
                await self._safely(partial(self._settle, left, there, noted=noted), platform)

    async def _settle(self, left: Leftover, there: str | ChatError | None, *, noted: bool) -> None:
        work, name = left.work, left.posted.turn_id
        waits = self._sessions.find(work.seq) is not None
        if there is None or (isinstance(there, ChatError) and not waits):
            await self._keep.unpost(name)
        if isinstance(there, str) or (there is None and noted and waits):
            self.stands(work, there)


async def _moved_within(lane: _Lane, seconds: float | None) -> None:
    try:
        async with asyncio.timeout(seconds):
            await lane.moved.wait()
    except TimeoutError:
        pass


def _firsts(waiting: Sequence[Accepted]) -> Iterator[tuple[int, Accepted]]:
    """Number what waits; what will be asked as one counts once, for its first message."""
    before = 0
    last: Message | None = None
    for work in waiting:
        said = work.incoming if isinstance(work.incoming, Message) else None
        if last is None or said is None or not goes_on(last, said):
            before += 1
            yield before, work
        last = said


def _stop(work: Accepted) -> Button:
    return Button(action="stop", label=LABELS["stop"], turn_id="", value=str(work.seq))
