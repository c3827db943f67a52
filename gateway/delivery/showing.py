"""Shows one turn in its chat: what goes next, and what becomes of what failed.

The latest state of each message wins; finals are sent for sure, or given up by name. Waits for
the chat's budget and after failures, nowhere else. Decides nothing about what a message says.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Final

from core.approvals import asks
from core.crashpoints import crashpoint
from core.errors import ChatBusy, ChatClosed, ChatError, ChatSpent, MessageGone
from core.frames import Button, Content, File, Frame, Notice, Part
from core.ports import ChatAdapter
from core.reply import PANEL, Reply, answer_key, is_gone
from core.storage import Outbox
from core.texts.turns import UNSURE
from core.wording import LABELS
from gateway.delivery.info import TurnInfo
from gateway.delivery.mailbox import Mailbox
from gateway.delivery.pacing import APPROVAL_ASKED, FINAL, ChatBudget, ChatBudgets
from gateway.delivery.ranking import LAST_FINAL, REST, Rank, rank
from gateway.delivery.sending import NOTE, Sender
from gateway.delivery.trying import Trying
from gateway.delivery.underway import UnderWay

MOMENT: Final = 0.05
"""Seconds by which a change is put off, since an answer's end comes right behind its last word and
would else have to wait for the chat's pace."""

BEHIND: Final = 0.2
"""What more that waits takes of the urgency at most: a final is further ahead of all else."""

SELDOM: Final = 0.1
"""The part of their previews that whoever has very much waiting is shown."""

log = logging.getLogger(__name__)


async def deliver(
    turn: TurnInfo,
    events: Mailbox,
    *,
    adapter: ChatAdapter,
    outbox: Outbox,
    budgets: ChatBudgets,
) -> bool:
    """Show a turn until its end has been sent; runs beside the engine.

    Returns:
        Whether there is nothing left to do: False if a final was given up.

    Raises:
        StoreError: the outbox cannot be written; nothing is posted without its row.
    """
    can = adapter.capabilities(turn.address)
    budget = budgets.of(turn.address, can)
    sender = Sender(turn, adapter, outbox, budget.leave)
    reply = Reply(
        turn.turn_id,
        capabilities=can,
        detail=turn.detail,
        cost=turn.cost,
        mention=turn.mention,
        shown=sender.known,
    )
    showing = _Showing(turn, reply, sender, budget)
    showing.under_way = budgets.under_way
    showing.behind = partial(budgets.behind, (turn.address.platform, turn.asker))
    events.on_end(budget.ask_again)
    while not showing.done:
        if not showing.wanted:
            await events.wait()
        if showing.closed:
            showing.take(events)
        elif can.preview is None or not await showing.preview(events, can.preview):
            await showing.message(events)
    return not showing.trying.given_up


class _Showing:
    """What one turn wants to show, and what it shows."""

    def __init__(self, turn: TurnInfo, reply: Reply, sender: Sender, budget: ChatBudget) -> None:
        self._turn = turn
        self._reply = reply
        self._sender = sender
        self._budget = budget
        self._noted = NOTE in sender.known
        self._sent: dict[str, tuple[Content, tuple[Button, ...]]] = {}
        self._order: dict[str, int] = {}  # when a message was last touched
        self.trying = Trying()
        self.behind: Callable[[], float] = float
        self.under_way = UnderWay()
        self._reposted: set[str] = set()
        self._deleted: set[str] = set()  # by people, and left so
        self._previewing = False
        self.wanted: dict[str, Frame] = {}
        self.closed = False

    @property
    def done(self) -> bool:
        return self._reply.ended and not self.wanted

    def urgent(self, events: Mailbox) -> float:
        """How urgent it is, less for whoever has more waiting."""
        return self._kind(events) - BEHIND * self.behind()

    def _kind(self, events: Mailbox) -> float:
        """How urgent it is by its kind: a final that waits, told or not, then an approval."""
        ranks = [self._rank(frame)[0] for frame in self.wanted.values()]
        if self._reply.ended:
            return FINAL if min(ranks, default=REST) <= LAST_FINAL else 0.0
        if events.ended:
            return FINAL
        return APPROVAL_ASKED if LAST_FINAL in ranks else 0.0

    def take(self, events: Mailbox) -> None:
        """Turn what happened into wanted states; newer ones replace older ones."""
        taken = events.take_nowait()
        if not taken:
            return
        for event in taken:
            self._reply.tell(event)
        if self.closed:
            return
        for frame in self._reply.frames():
            self.wanted[frame.key] = frame
        for key in [key for key in self.wanted if not self._useful(self.wanted[key])]:
            del self.wanted[key]
        self._note()

    def next(self) -> Frame | None:
        """Choose: a new panel, which stands first; finals of the answer, what is new, the rest."""
        return min(self.wanted.values(), key=self._rank, default=None)

    async def preview(self, events: Mailbox, pace: float) -> bool:
        """Show what streams, while nothing else may be sent or is to be; an end waits for neither.

        Returns:
            Whether there is nothing that takes a slot now.
        """
        if self._previewing:
            await events.ended_within(self._budget.preview_due())
        self.take(events)
        frame = self.next()
        if frame is not None and (self._reply.ended or self._due(frame)):
            return False
        frame = next((each for each in self.wanted.values() if self._sender.previews(each)), None)
        self._previewing = frame is not None
        if frame is None and self.wanted:
            await events.ended_within(min(pace, self._budget.due()))
        elif frame is not None and self._budget.may_preview:
            await self._sketch(frame, pace)
        return True

    async def _sketch(self, frame: Frame, pace: float) -> None:
        """Show a preview, or leave it out: what it would say is part of the next one."""
        if self._budget.previewed(pace / max(1 - self.behind(), SELDOM)):
            await self.send(frame)

    def _due(self, frame: Frame) -> bool:
        return not self._sender.previews(frame) and self._budget.due() <= 0

    async def message(self, events: Mailbox) -> None:
        """Send what comes next, in a slot of the chat's."""
        if answer_key(0) in self._sender.ids and self._budget.idle:
            await events.ended_within(MOMENT)
        slot = await self._budget.slot(lambda: self.urgent(events))
        self.take(events)
        frame = self.next()
        if frame is None:
            self._budget.refund(slot)
        elif (wait := await self.send(frame)) is not None:
            self._budget.refund(slot)
            await events.ended_within(wait)

    async def send(self, frame: Frame) -> float | None:
        """Send one frame; what fails is dropped, or stays wanted, as its kind demands.

        Returns:
            None, unless it was refused because it came too early, which takes nothing of any
            budget: then for how many seconds only an end is worth another try.
        """
        del self.wanted[frame.key]
        self._order[frame.key] = max(self._order.values(), default=0) + 1
        try:
            async with self.under_way.one():
                shown = await self._sender.send(frame)
        except ChatSpent as spent:
            self.wanted.setdefault(frame.key, frame)
            return spent.retry_after
        except ChatBusy as busy:
            self._busy(frame, busy)
            return 0.0
        except ChatClosed as error:
            self._close(error)
        except MessageGone:
            self._gone(frame)
        except ChatError as error:
            await self._failed(frame, error)
        else:
            self.trying.worked()
            self._landed(frame, shown=shown)
            if self._reply.ended and any(isinstance(f.content, Part) for f in self.wanted.values()):
                crashpoint("part.shown", self._turn.address.platform)
        return None

    # --- choosing ----------------------------------------------------------------------------

    def _useful(self, frame: Frame) -> bool:
        key, ids = frame.key, self._sender.ids
        if key in self._sender.lost:
            return False
        if is_gone(frame):
            return key in self._sender.known
        if key in ids and (isinstance(frame.content, File) or self._sender.shown.says(frame)):
            return False
        if key in self._reposted and key not in ids and not frame.final:
            return False
        return self._sent.get(key) != (frame.content, frame.buttons) and (
            frame.final or not self.trying.finals_only
        )

    def _rank(self, frame: Frame) -> Rank:
        unseen = frame.key not in self._sender.ids
        return rank(
            frame,
            unseen=unseen,
            shown=frame.key in self._sent,
            touched=self._order.get(frame.key, 0),
            again=self._sender.shown.again and not unseen,
        )

    def _note(self) -> None:
        """Say once that an answer may be missing, where nobody can tell."""
        missed = self._sender.lost - self._deleted
        lost = any(key != PANEL and not asks(key) for key in missed)
        if lost and self._reply.ended and not self._noted:
            self._noted = True
            retry = Button(action="retry", label=LABELS["retry"], turn_id=self._turn.turn_id)
            told = Notice(text=UNSURE)
            self.wanted[NOTE] = Frame(key=NOTE, content=told, buttons=(retry,), final=True)

    # --- what came of it ---------------------------------------------------------------------

    def _landed(self, frame: Frame, *, shown: bool) -> None:
        if frame.key in self._sender.lost:
            self._note()
        elif not shown:  # there is no preview here
            self.wanted.setdefault(frame.key, frame)
        elif is_gone(frame):
            self._sent.pop(frame.key, None)
        else:
            self._sent[frame.key] = (frame.content, frame.buttons)

    def _busy(self, frame: Frame, busy: ChatBusy) -> None:
        self._budget.stall(busy.retry_after)
        if self.trying.busy(frame, asyncio.get_running_loop().time()):
            self.wanted.setdefault(frame.key, frame)
        else:
            self._dropped(frame, busy)

    def _close(self, error: ChatClosed) -> None:
        """Leave a chat in which nothing can be written any more; nobody is there to be told."""
        log.info("turn %s: its chat is closed: %s", self._turn.turn_id, error)
        self.closed = True
        self.wanted.clear()

    def _gone(self, frame: Frame) -> None:
        """Show an answer that somebody deleted once more, when it is whole; a panel never."""
        key = frame.key
        self._sender.forget(key)
        self._sent.pop(key, None)
        if key == PANEL or key in self._reposted:
            self._sender.lost.add(key)
            self._deleted.add(key)
            return
        self._reposted.add(key)
        if frame.final:
            self.wanted[key] = frame

    async def _failed(self, frame: Frame, error: ChatError) -> None:
        wait = self.trying.failed(frame, error, asyncio.get_running_loop().time())
        if wait is None:
            self._dropped(frame, error)
            return
        await asyncio.sleep(wait)
        self.wanted[frame.key] = frame

    def _dropped(self, frame: Frame, error: ChatError) -> None:
        if self.trying.given_up:
            log.error("turn %s: %s is given up: %s", self._turn.turn_id, frame.key, error)
        else:
            log.info("turn %s: %s was not shown: %s", self._turn.turn_id, frame.key, error)
