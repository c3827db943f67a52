"""Sends a turn's messages: the latest state wins, inside the chat's budget, finals for sure.

The only place that waits for a chat. A message is noted in the outbox before it is posted and
its id after (P2); edits are written down nowhere. What may have been posted is never posted
again. Decides nothing about what a message says: that is `core.reply`.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.errors import ChatBusy, ChatError, ChatUnknown, MessageGone
from core.frames import Button, Content, Cost, Detail, Frame, Notice, Part
from core.ports import ChatAdapter
from core.records import Posted
from core.reply import PANEL, Reply, is_gone
from core.storage import Outbox
from core.types import Address
from core.wording import LABELS, UNSURE
from gateway.mailbox import Mailbox
from gateway.pacing import ChatBudget, ChatBudgets

__all__ = ["ChatBudgets", "TurnInfo", "deliver", "delivery_id"]

BACKOFF: Final = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds before a refused final is tried again; after the last one it is given up."""

PATIENCE: Final = 900.0
"""Seconds for which a final waits for a chat that is under flood control."""

TRIES: Final = 3
"""Failures in a row after which only finals are tried."""

NOTE: Final = "note"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnInfo:
    """A turn to show. `posted` is its outbox, empty unless the turn is taken up again.

    `cost` says where the figures stand, `mention` is whom a long turn's end may mention.
    `reply_to` is what the messages are hung on, as the question named it; `since` is when the
    question came, in ms.
    """

    turn_id: str
    address: Address
    detail: Detail = "summary"
    cost: Cost = "footer"
    mention: str | None = None
    reply_to: str | None = None
    since: int = 0
    posted: Sequence[Posted] = ()


def delivery_id(turn_id: str, key: str, copy: int = 0) -> str:
    """Give 24 characters that are the same in every attempt to post this message.

    `copy` counts the messages of this key that stood in the chat and are gone.
    """
    return hashlib.blake2b(f"{turn_id}\0{key}\0{copy}".encode(), digest_size=12).hexdigest()


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
    budget = budgets.of(turn.address, adapter.capabilities(turn.address).pace)
    delivery = _Delivery(turn, adapter, outbox, budget)
    while not delivery.done:
        if not delivery.wanted:
            await events.wait()
        slot = await budget.slot(lambda: events.ended)
        delivery.take(events)
        frame = delivery.next()
        if frame is None:
            budget.refund(slot)
        else:
            await delivery.send(frame)
    return not delivery.given_up


class _Delivery:
    """What one turn wants to show, and what it shows."""

    def __init__(
        self, turn: TurnInfo, adapter: ChatAdapter, outbox: Outbox, budget: ChatBudget
    ) -> None:
        self._turn = turn
        self._adapter = adapter
        self._outbox = outbox
        self._budget = budget
        self._ids = {each.key: each.message_id for each in turn.posted if each.message_id}
        can = adapter.capabilities(turn.address)
        self._lost = {
            each.key
            for each in turn.posted
            if not each.message_id and each.state in {"attempting", "unknown"}
            if not can.repeatable
        }
        shown = {*self._ids, *self._lost}
        self._reply = Reply(
            turn.turn_id,
            capabilities=adapter.capabilities(turn.address),
            detail=turn.detail,
            cost=turn.cost,
            mention=turn.mention,
            shown=shown,
        )
        self._noted = NOTE in shown
        self._sent: dict[str, tuple[Content, tuple[Button, ...]]] = {}
        self._order: dict[str, int] = {}  # when a message was last touched
        self._failures = 0
        self._tries: dict[str, int] = {}
        self._reposted: set[str] = set()
        self._copies: Counter[str] = Counter()
        self._deadline: float | None = None
        self.wanted: dict[str, Frame] = {}
        self.given_up = False

    @property
    def done(self) -> bool:
        return self._reply.ended and not self.wanted

    def take(self, events: Mailbox) -> None:
        """Turn what happened into wanted states; newer ones replace older ones."""
        taken = events.take_nowait()
        if not taken:
            return
        for event in taken:
            self._reply.tell(event)
        for frame in self._reply.frames():
            self.wanted[frame.key] = frame
        for key in [key for key in self.wanted if not self._useful(self.wanted[key])]:
            del self.wanted[key]
        self._note()

    def next(self) -> Frame | None:
        """Choose: finals of the answer, then what is not there yet, then the stalest."""
        return min(self.wanted.values(), key=self._rank, default=None)

    async def send(self, frame: Frame) -> None:
        """Send one frame; what fails is dropped, or stays wanted, as its kind demands."""
        del self.wanted[frame.key]
        self._order[frame.key] = max(self._order.values(), default=0) + 1
        try:
            await self._perform(frame)
        except ChatBusy as busy:
            self._busy(frame, busy)
        except MessageGone:
            self._gone(frame)
        except ChatError as error:
            await self._failed(frame, error)
        else:
            self._failures = 0
            if frame.key in self._ids:
                self._sent[frame.key] = (frame.content, frame.buttons)

    # --- choosing ----------------------------------------------------------------------------

    def _useful(self, frame: Frame) -> bool:
        if frame.key in self._lost:
            return False
        if is_gone(frame):
            return frame.key in self._ids
        if frame.key in self._reposted and frame.key not in self._ids and not frame.final:
            return False
        return self._sent.get(frame.key) != (frame.content, frame.buttons) and (
            frame.final or self._failures < TRIES
        )

    def _rank(self, frame: Frame) -> tuple[int, int, int]:
        index = frame.content.index if isinstance(frame.content, Part) else -1
        if is_gone(frame):
            return (3, 0, index)
        if frame.final and frame.key != PANEL:
            return (0, 0, index)
        if frame.key not in self._ids:
            return (1, 0, index)
        return (2, self._order.get(frame.key, 0), index)

    def _note(self) -> None:
        """Say once that an answer may be missing, where nobody can tell."""
        lost = any(key != PANEL for key in self._lost - self._reposted)
        if lost and self._reply.ended and not self._noted:
            self._noted = True
            retry = Button(action="retry", label=LABELS["retry"], turn_id=self._turn.turn_id)
            self.wanted[NOTE] = Frame(
                key=NOTE, content=Notice(text=UNSURE), buttons=(retry,), final=True
            )

    # --- sending -----------------------------------------------------------------------------

    async def _perform(self, frame: Frame) -> None:
        message_id = self._ids.get(frame.key)
        if message_id is None:
            await self._post(frame)
        elif is_gone(frame):
            await self._adapter.delete(self._turn.address, message_id)
            self._forget(frame.key)
        else:
            await self._adapter.edit(self._turn.address, message_id, frame)

    async def _post(self, frame: Frame) -> None:
        turn_id, key = self._turn.turn_id, frame.key
        await self._outbox.attempting(turn_id, key)
        try:
            message_id = await self._adapter.post(
                self._turn.address,
                frame,
                delivery_id=delivery_id(turn_id, key, self._copies[key]),
                reply_to=self._turn.reply_to,
            )
        except ChatUnknown as error:
            await self._outbox.unposted(turn_id, key, "unknown")
            log.warning("turn %s: %s may or may not be posted: %s", turn_id, key, error)
            self._lost.add(key)
            self._note()
            return
        except ChatError:
            await self._outbox.unposted(turn_id, key, "failed")
            raise
        self._ids[key] = message_id
        await self._outbox.posted(turn_id, key, message_id)

    def _busy(self, frame: Frame, busy: ChatBusy) -> None:
        self._budget.stall(busy.retry_after)
        now = asyncio.get_running_loop().time()
        if frame.final and self._deadline is None:
            self._deadline = now + PATIENCE
        if self._deadline is not None and now > self._deadline:
            self._give_up(frame, busy)
        else:
            self.wanted.setdefault(frame.key, frame)

    def _gone(self, frame: Frame) -> None:
        """Show an answer that somebody deleted once more, when it is whole; a panel never."""
        key = frame.key
        self._forget(key)
        if key == PANEL or key in self._reposted:
            self._lost.add(key)
            return
        self._reposted.add(key)
        if frame.final:
            self.wanted[key] = frame

    def _forget(self, key: str) -> None:
        del self._ids[key]
        self._sent.pop(key, None)
        self._copies[key] += 1

    async def _failed(self, frame: Frame, error: ChatError) -> None:
        self._failures += 1
        if not frame.final or is_gone(frame):
            log.info("turn %s: %s was not shown: %s", self._turn.turn_id, frame.key, error)
            return
        tries = self._tries.get(frame.key, 0)
        if tries == len(BACKOFF) or self.given_up:
            self._give_up(frame, error)
            return
        self._tries[frame.key] = tries + 1
        await asyncio.sleep(BACKOFF[tries])
        self.wanted[frame.key] = frame

    def _give_up(self, frame: Frame, error: ChatError) -> None:
        log.error("turn %s: %s is given up: %s", self._turn.turn_id, frame.key, error)
        self.given_up = True
