"""One question and its answer in a chat: preset and history in, a delivered answer out.

Decides what a turn is asked with and what becomes of one that was cut. The engine answers,
`delivery` shows it, the store keeps it; this is where they meet.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog

from core.engine import TurnRequest
from core.errors import ChatError
from core.frames import Frame, Notice
from core.presets import in_force
from core.records import Accepted, Standing, TurnStart
from core.retell import checkpoints, retell
from core.types import Address, Line, Message, Press
from core.wording import error_text
from gateway.delivery import TurnInfo, deliver
from gateway.mailbox import Mailbox
from gateway.turns import BROKEN, unanswered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from core.ports import ChatAdapter, Clock
    from core.presets import Catalogue, Preset
    from core.records import Ending, Posted, StoredTurn
    from core.storage import Store
    from gateway.delivery import ChatBudgets
    from gateway.patience import PatientStore
    from gateway.sessions import Work
    from gateway.turns import TurnRunner

ATTEMPTS = 3
OFF = "off"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What answering in chats takes. Reads from `store`, writes with patience through `keep`."""

    runner: TurnRunner
    store: Store
    keep: PatientStore
    chats: Mapping[str, ChatAdapter]
    budgets: ChatBudgets
    catalogue: Callable[[], Catalogue]
    clock: Clock
    new_id: Callable[[], str]

    async def perform(self, work: Work) -> None:
        """Answer to the end; whatever breaks is logged, told to the asker, and over."""
        turn_id = self.new_id() if isinstance(work, Accepted) else work.start.turn_id
        try:
            if isinstance(work, Accepted):
                await self._fresh(work, turn_id)
            else:
                await self._resumed(work)
        except Exception:
            log.exception("exchange_failed", turn_id=turn_id)
            await self._broken(work, turn_id)

    async def preset(self, session: str) -> Preset:
        """Find the preset in force in a session (MOA-5); `off` leaves its aggregator alone."""
        chosen = (await self.store.settings(f"session:{session}")).get("preset")
        off = chosen == OFF
        preset, _ = in_force({"channel": None if off else chosen}, self.catalogue())
        return replace(preset, enabled=False) if off else preset

    async def standing(self, platform: str, user: str) -> Standing:
        """Say what somebody uses on a platform, and what they have spent there this month."""
        now = self.clock.now()
        month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        spent = await self.store.spent_by(platform, user, since=int(month.timestamp() * 1000))
        catalogue = self.catalogue()
        return Standing(
            preset=catalogue.default,
            presets=tuple(catalogue.presets),
            dollars=spent.dollars,
            turns=spent.turns,
        )

    async def say(self, address: Address, text: str, *, delivery_id: str) -> None:
        """Put a sentence of the program's own into a chat; best effort."""
        frame = Frame(key="notice", content=Notice(text=text), final=True)
        with suppress(ChatError):
            await self.chats[address.platform].post(address, frame, delivery_id=delivery_id)

    async def _fresh(self, accepted: Accepted, turn_id: str) -> None:
        incoming = accepted.incoming
        session = incoming.address.session
        question = await self._question(accepted)
        if question is None:
            await self.keep.drop(accepted.seq, "there is nothing to answer any more")
            return
        history = await self.store.lines(session)
        start = TurnStart(
            turn_id=turn_id,
            session=session,
            seq=accepted.seq,
            preset=await self.preset(session),
            question=question,
            asker=incoming.author.id,
            history=history[-1][0] if history else 0,
            started=int(self.clock.now().timestamp() * 1000),
        )
        await self.keep.begin(start)
        request = self._request(start, history)
        await self._run(replace(request, fresh=isinstance(incoming, Press)), start)

    async def _question(self, accepted: Accepted) -> Line | None:
        """Give what is asked; a retry takes the old exchange out of the history first."""
        incoming = accepted.incoming
        if isinstance(incoming, Message):
            return Line.of("user", incoming.text)
        if not isinstance(incoming, Press):
            return None
        old = await self.store.turn(incoming.turn_id)
        if old is None or old.start.session != incoming.address.session:
            return None
        if old.removed and await self._went_on(old):
            return None
        await self.keep.remove(incoming.turn_id)
        return old.start.question

    async def _went_on(self, old: StoredTurn) -> bool:
        """Tell whether a removed turn has been asked again: the press came twice.

        A press that was cut between removing and asking has to be gone on with.
        """
        last = await self.store.turns(old.start.session, last=1)
        return any((each.start.seq or 0) > (old.start.seq or 0) for each in last)

    async def _resumed(self, turn: StoredTurn) -> None:
        start = turn.start
        if turn.removed:
            await self._close(turn, "stopped")
            return
        if turn.state == "running" and await self.keep.attempt(start.turn_id) > ATTEMPTS:
            error = f"This question was tried {ATTEMPTS} times and each try was cut off."
            turn = await self._end(turn, "failed", error)
        if turn.state != "running":
            await self._retell(turn)
            return
        history = await self.store.lines(start.session, upto=start.history)
        request = self._request(start, history)
        request = replace(request, kept=checkpoints(turn), closed=turn.references_done)
        await self._run(request, start, turn.outbox)

    async def _broken(self, work: Work, turn_id: str) -> None:
        """Let nothing wait for ever: end what broke, and say so."""
        turn = await self.store.turn(turn_id)
        if turn is None and isinstance(work, Accepted):
            address = work.incoming.address
            await self.say(address, error_text(BROKEN, turn_id), delivery_id=turn_id)
            await self.keep.drop(work.seq, f"failed: {turn_id}")
        elif turn is not None and turn.state == "running":
            await self._retell(await self._end(turn, "failed", BROKEN))

    async def _end(self, turn: StoredTurn, ending: Ending, error: str | None = None) -> StoredTurn:
        end = unanswered(turn.start.turn_id, ending, error)
        await self.keep.finish(end)
        return replace(turn, state="answered", end=end)

    async def _close(self, turn: StoredTurn, ending: Ending) -> None:
        """End a turn of which nothing is to be seen."""
        await self._end(turn, ending)
        await self.keep.delivered(turn.start.turn_id)

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
        async with asyncio.TaskGroup() as group:
            group.create_task(self._deliver(start, mailbox, posted), name="delivery")
            await self.runner.run(request, start, mailbox.tell)

    async def _retell(self, turn: StoredTurn) -> None:
        """Show a turn that has ended, as the store knows it."""
        mailbox = Mailbox(reasoning=False)
        for event in retell(turn):
            mailbox.tell(event)
        await self._deliver(turn.start, mailbox, turn.outbox)

    async def _deliver(self, start: TurnStart, mailbox: Mailbox, posted: Sequence[Posted]) -> None:
        address = Address.of(start.session)
        sent = await deliver(
            TurnInfo(turn_id=start.turn_id, address=address, posted=posted),
            mailbox,
            adapter=self.chats[address.platform],
            outbox=self.keep,
            budgets=self.budgets,
        )
        if sent:
            await self.keep.delivered(start.turn_id)
