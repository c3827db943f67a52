"""One question and its answer in a chat: preset and history in, a delivered answer out.

Decides what a turn is asked with and what becomes of one that was cut; here all meet.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import structlog

from core.crashpoints import crashpoint
from core.engine import TurnRequest
from core.records import Accepted, TurnStart
from core.retell import checkpoints
from core.texts.access import REMOVED
from core.texts.turns import cut_off
from core.types import Message, Press
from gateway.access.scopes import Scopes
from gateway.delivery import TurnInfo
from gateway.delivery.mailbox import Mailbox
from gateway.delivery.posts import drop_told, tell_why
from gateway.lanes.cancelling import foreign_is_a_failure
from gateway.lanes.quarantine import Quarantine
from gateway.lanes.running import Run, Running, begun
from gateway.turn.asked import Head, Questions
from gateway.turn.compaction import Summing
from gateway.turn.endings import Endings
from gateway.turn.joining import Joining
from gateway.turn.preparing import Asked, prompt_of, read, shown, turn_info
from gateway.turn.quoting import Quoting
from gateway.turn.turns import untold, was_taken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core.events import TurnEvent
    from core.facts import Recalled
    from core.ports import ChatAdapter, Clock
    from core.records import StoredTurn
    from core.storage import Store
    from core.types import Incoming, Line
    from gateway.access.choices import Choices
    from gateway.access.places import Places
    from gateway.delivery import ChatBudgets
    from gateway.lanes.moves import Moves
    from gateway.lanes.sessions import Answerable, Sessions
    from gateway.patience import PatientStore
    from gateway.tools.tooling import Tooling
    from gateway.turn.attachments import Attachments
    from gateway.turn.compaction import Compaction
    from gateway.turn.turns import TurnRunner

LOOK = 0.275
"""Seconds between two looks at an answer, where the chat is not shown it oftener anyway."""
BEHIND = 1.1
"""What is read a little later than the chat may be shown it can be shown at once."""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What answering in chats takes. Reads from `store`, writes with patience through `keep`."""

    runner: TurnRunner
    store: Store
    keep: PatientStore
    chats: Mapping[str, ChatAdapter]
    budgets: ChatBudgets
    choices: Choices
    places: Places
    clock: Clock
    new_id: Callable[[], str]
    moves: Moves
    tooling: Tooling
    attachments: Attachments
    compaction: Compaction
    sessions: Callable[[], Sessions]
    running: Running = field(default_factory=Running)
    quarantine: Quarantine = field(default_factory=Quarantine)

    @property
    def questions(self) -> Questions:
        """Give what makes questions of what comes in."""
        return Questions(
            store=self.store,
            keep=self.keep,
            choices=self.choices,
            attachments=self.attachments,
            scopes=Scopes(places=self.places, store=self.store),
            quoting=Quoting(store=self.store, chats=self.chats, places=self.places),
        )

    @property
    def endings(self) -> Endings:
        """Give what shows answers, and ends turns that cannot be answered."""
        return Endings(
            store=self.store,
            keep=self.keep,
            chats=self.chats,
            places=self.places,
            budgets=self.budgets,
            withdrawn=self.runner.withdrawn,
        )

    @property
    def joining(self) -> Joining:
        """Give what lets messages join a turn."""
        return Joining(
            questions=self.questions, keep=self.keep, places=self.places, sessions=self.sessions
        )

    async def perform(self, work: Answerable) -> None:
        """Answer to the end; whatever breaks is logged, told to the asker, and over."""
        lane, work = work, self.moves.followed(work)
        run = begun(work, self.new_id)
        with self.attachments.room.kept(run.turn_id):
            answered = await self._performed(work, run, lane)
            if answered is not None:
                summing = Summing(
                    session=answered.scope, place=run.place, asker=run.asker, preset=answered.preset
                )
                await self.compaction.after_turn(summing, answered.lines)

    async def _performed(self, work: Answerable, run: Run, lane: Answerable) -> TurnRequest | None:
        try:
            with self.running.kept(run), foreign_is_a_failure():
                if isinstance(work, Accepted):
                    return await self._fresh(work, run, lane)
                async with self.quarantine.kept(work):
                    return await self._resumed(work, run, lane)
        except Exception as error:
            self.joining.apart(work, run)
            if was_taken(error):  # whoever has it goes on with it, and all is theirs
                log.warning("turn_taken", turn_id=run.turn_id)
            else:
                log.exception("exchange_failed", turn_id=run.turn_id, exc_info=untold(error))
                await self.endings.broken(work, run.turn_id)
            return None
        finally:
            self.runner.stopping.discard(run.turn_id)  # a Stop that came too late
            self.runner.withdrawn.forget(run.turn_id)

    async def _fresh(self, accepted: Accepted, run: Run, lane: Answerable) -> TurnRequest | None:
        accepted = self.joining.burst(accepted, run, lane)
        incoming = accepted.incoming
        # Known before the question is read: who deletes it meanwhile finds what asks it again.
        run.origin = await self.questions.origin(incoming)
        question = await self._question(accepted, run)
        if question is None:
            seqs = {accepted.seq, *(each.seq for each in run.parts)}
            await drop_told(self.keep, seqs, "refused, or there is nothing to answer any more")
            return None
        told = await self.questions.history(accepted.session)
        start = TurnStart(
            turn_id=run.turn_id,
            session=accepted.session,
            place=incoming.address,
            seq=accepted.seq,
            preset=await self.questions.preset(
                incoming, [*(line for _, line in told.lines), question]
            ),
            question=question,
            asker=incoming.author.id,
            history=told.lines[-1][0] if told.lines else 0,
            started=int(self.clock.now().timestamp() * 1000),
            joined=tuple(each.seq for each in run.parts[1:]),
            origin=run.origin,
        )
        crashpoint("turn.unbegun", incoming.address.platform)
        await self.keep.begin(start)
        crashpoint("turn.begun", incoming.address.platform)
        run.began = asyncio.get_running_loop().time()
        request = await self._request(start, told, incoming)
        request = replace(request, fresh=isinstance(incoming, Press))
        tools = self.tooling.in_chat(start, incoming, self.places)
        steer = self.joining.steering(run, incoming, lane)
        info = turn_info(self.places, start, incoming)
        return await self._run(run, Asked(request, start, tools, steer), info)

    async def _question(self, accepted: Accepted, run: Run) -> Line | None:
        """Make the question; None if it is refused, which is said, or there is none any more."""
        incoming = accepted.incoming
        named = await self.questions.preset_named(incoming)
        refusal = await self.choices.refusal(incoming, named)
        if isinstance(incoming, Message | Press) and not self.places.lets_in(incoming):
            refusal = REMOVED
        if refusal:
            await tell_why(self.keep, self.chats, accepted, refusal)
            crashpoint("refusal.said", incoming.address.platform)
            return None
        return await read(self.questions, self.runner, accepted, run.turn_id)

    async def _resumed(self, turn: StoredTurn, run: Run, lane: Answerable) -> TurnRequest | None:
        # It is this program's from here on, and read after that: while this one stood still,
        # another run may have gone on with it.
        attempts = await self.keep.attempt(turn.start.turn_id)
        now = await self.store.turn(turn.start.turn_id)
        if now is None or now.state == "delivered":  # forgotten, or over, while it waited
            return None
        start = replace(now.start, session=turn.start.session, place=turn.start.place)
        turn = replace(now, start=start)
        run.origin = start.origin
        if turn.removed:
            await self.endings.close(turn, "stopped")
            return None
        if turn.state == "running" and self.quarantine.over(attempts):
            log.error("turn_given_up", turn_id=start.turn_id, attempts=attempts - 1)
            turn = await self.endings.end(turn, "failed", cut_off(attempts - 1))
        crashpoint("turn.resumed", start.place.platform)
        if turn.state != "running":
            await self.endings.retell(turn)
            await self._gone(run)
            return None
        told = await self.questions.history(start.session, upto=start.history)
        asked = await self.endings.asked(turn)
        request = replace(
            await self._request(start, told, asked),
            kept=checkpoints(turn),
            closed=turn.references_done,
            rounds=turn.rounds,
            spent=turn.calls,
            steered=turn.steered,
        )
        tools = self.tooling.in_chat(start, asked, self.places, turn.rounds)
        info = replace(turn_info(self.places, start, asked), posted=turn.outbox)
        run.spoke = bool(turn.rounds)
        steer = self.joining.steering(run, asked, lane)
        return await self._run(run, Asked(request, start, tools, steer), info)

    async def _request(
        self, start: TurnStart, told: Recalled, incoming: Incoming | None
    ) -> TurnRequest:
        head = Head.of(told.facts, prompt_of(self.places, start.place, incoming))
        can = self.chats[start.place.platform].capabilities(start.place)
        carried = await self.questions.carried(start)
        said = [*(line for _, line in told.lines), start.question, *(e.line for e in carried)]
        return TurnRequest(
            turn_id=start.turn_id,
            preset=start.preset,
            lines=(*head.lines, *await shown(self.questions, self.runner, said, start.turn_id)),
            context=head.context,
            scope=start.session,
            steered=carried,
            pace=min(LOOK, BEHIND * (can.preview or can.pace)),
        )

    async def _run(self, run: Run, asked: Asked, info: TurnInfo) -> TurnRequest | None:
        """Answer; gives what was asked, None if that was taken back meanwhile."""
        mailbox = Mailbox(reasoning=False)

        def tell(event: TurnEvent) -> None:
            run.hear(event)
            mailbox.tell(event)

        async with asyncio.TaskGroup() as group:
            group.create_task(self.endings.deliver(info, mailbox), name="delivery")
            await self.runner.run(asked.request, asked.start, tell, asked.tools, asked.steer)
        return None if await self._gone(run) else asked.request

    async def _gone(self, run: Run) -> bool:
        """Tell whether a turn was taken back meanwhile: its texts are out, and nothing is left."""
        if run.turn_id not in self.runner.withdrawn:
            return False
        await self.store.scrub(whole=False)
        return True
