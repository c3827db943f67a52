"""One question and its answer in a chat: preset and history in, a delivered answer out.

Decides what a turn is asked with and what becomes of one that was cut. The engine answers,
`delivery` shows it, the store keeps it; this is where they meet.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

import structlog

from core.engine import TurnRequest
from core.errors import ChatError, StoreError
from core.frames import Frame, Notice
from core.presets import in_force
from core.records import Accepted, TurnEnd, TurnStart
from core.retell import checkpoints, retell
from core.types import Address, Line, Message, Press, Usage
from gateway.delivery import TurnInfo, deliver
from gateway.mailbox import Mailbox

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from core.ports import ChatAdapter, Clock, Store
    from core.presets import Catalogue, Preset
    from core.records import Posted, StoredTurn
    from gateway.delivery import ChatBudgets
    from gateway.sessions import Work
    from gateway.turns import TurnRunner

ATTEMPTS = 3
OFF = "off"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What answering in chats takes."""

    runner: TurnRunner
    store: Store
    chats: Mapping[str, ChatAdapter]
    budgets: ChatBudgets
    catalogue: Callable[[], Catalogue]
    clock: Clock
    new_id: Callable[[], str]

    async def perform(self, work: Work) -> None:
        """Do one piece of a lane's work to its end."""
        if isinstance(work, Accepted):
            await self._fresh(work)
        else:
            await self._resumed(work)

    async def preset(self, session: str) -> Preset:
        """Find the preset in force in a session (MOA-5); `off` leaves its aggregator alone."""
        chosen = (await self.store.settings(f"session:{session}")).get("preset")
        preset, _ = in_force({"channel": chosen}, self.catalogue())
        return replace(preset, enabled=False) if chosen == OFF else preset

    async def _fresh(self, accepted: Accepted) -> None:
        incoming = accepted.incoming
        session = incoming.address.session
        match incoming:
            case Message():
                question = Line.of("user", incoming.text)
            case Press(action="retry"):
                old = await self.store.turn(incoming.turn_id)
                if old is None or old.start.session != session:
                    await self.store.drop(accepted.seq, "the turn to retry is gone")
                    return
                await self.store.remove(incoming.turn_id)
                question = old.start.question
            case _:
                await self.store.drop(accepted.seq, "nothing to answer")
                return
        history = await self.store.lines(session)
        start = TurnStart(
            turn_id=self.new_id(),
            session=session,
            seq=accepted.seq,
            preset=await self.preset(session),
            question=question,
            asker=incoming.author.id,
            history=history[-1][0] if history else 0,
            started=int(self.clock.now().timestamp() * 1000),
        )
        await self.store.begin(start)
        request = self._request(start, history)
        await self._run(replace(request, fresh=isinstance(incoming, Press)), start)

    async def _resumed(self, turn: StoredTurn) -> None:
        start = turn.start
        if turn.state == "running" and await self.store.attempt(start.turn_id) > ATTEMPTS:
            turn = await self._give_up(turn)
        if turn.state == "answered":
            mailbox = Mailbox(reasoning=False)
            for event in retell(turn):
                mailbox.tell(event)
            await self._deliver(start, mailbox, turn.outbox)
            return
        history = await self.store.lines(start.session, upto=start.history)
        kept = checkpoints(turn)
        request = self._request(start, history)
        request = replace(request, kept=kept, closed=turn.references_done)
        await self._run(request, start, turn.outbox)

    async def _give_up(self, turn: StoredTurn) -> StoredTurn:
        """End a turn that took the program down each time it was tried (P8)."""
        end = TurnEnd(
            turn_id=turn.start.turn_id,
            ending="failed",
            answer="",
            error=f"This question was tried {ATTEMPTS} times and each try was cut off.",
            calls=(),
            usage=Usage(),
            dollars=Decimal(0),
            priced=True,
            seconds=0.0,
        )
        await self.store.finish(end)
        return replace(turn, state="answered", end=end)

    def _request(self, start: TurnStart, history: Sequence[tuple[int, Line]]) -> TurnRequest:
        return TurnRequest(
            turn_id=start.turn_id,
            preset=start.preset,
            lines=(*(line for _, line in history), start.question),
            scope=start.session,
        )

    async def _run(
        self, request: TurnRequest, start: TurnStart, posted: Sequence[Posted] = ()
    ) -> None:
        mailbox = Mailbox(reasoning=False)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._deliver(start, mailbox, posted), name="delivery")
                await self.runner.run(request, start, mailbox.tell)
        except* StoreError as failures:
            await self._unstored(start, failures.exceptions[0])

    async def _deliver(self, start: TurnStart, mailbox: Mailbox, posted: Sequence[Posted]) -> None:
        address = Address.of(start.session)
        sent = await deliver(
            TurnInfo(turn_id=start.turn_id, address=address, posted=posted),
            mailbox,
            adapter=self.chats[address.platform],
            outbox=self.store,
            budgets=self.budgets,
        )
        if sent:
            await self.store.delivered(start.turn_id)

    async def _unstored(self, start: TurnStart, error: BaseException) -> None:
        """Say that the answer cannot be kept; the turn stays open and is taken up again (P9)."""
        log.error("turn_not_stored", turn_id=start.turn_id, error=str(error))
        address = Address.of(start.session)
        text = f"The answer could not be stored: {error} It is tried again at the next start."
        frame = Frame(key="notice", content=Notice(text=text), final=True)
        with suppress(ChatError):
            await self.chats[address.platform].post(
                address, frame, delivery_id=f"{start.turn_id}/notice"
            )
