"""One question and its answer in a chat: preset and history in, a delivered answer out.

Decides what a turn is asked with and what becomes of one that was cut; here all meet.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import structlog

from core.engine import TurnRequest
from core.errors import ChatError
from core.frames import Frame, Notice
from core.records import Accepted, TurnStart
from core.retell import checkpoints, retell
from core.texts.access import REMOVED
from core.types import Added, Deleted, Edited, Message, Moved, Press
from core.wording import error_text
from gateway.asides import SECONDS
from gateway.asked import Head, Questions
from gateway.compaction import Summing
from gateway.delivery import TurnInfo, deliver
from gateway.mailbox import Mailbox
from gateway.pacing import once_free
from gateway.quoting import Quoting
from gateway.running import Running
from gateway.scopes import Scopes
from gateway.turns import BROKEN, unanswered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core.facts import Recalled
    from core.ports import ChatAdapter, Clock
    from core.presets import Preset
    from core.records import Ending, StoredTurn
    from core.storage import Store
    from core.types import Address, Incoming, Line
    from gateway.attachments import Attachments
    from gateway.choices import Choices
    from gateway.compaction import Compaction
    from gateway.delivery import ChatBudgets
    from gateway.moves import Moves
    from gateway.patience import PatientStore
    from gateway.places import Places
    from gateway.sessions import Answerable
    from gateway.tooling import OpenTools, Tooling
    from gateway.turns import TurnRunner

ATTEMPTS = 3
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
    running: Running = field(default_factory=Running)

    @property
    def questions(self) -> Questions:
        """Give what makes questions of what comes in."""
        return Questions(
            store=self.store,
            keep=self.keep,
            choices=self.choices,
            attachments=self.attachments,
            scopes=Scopes(places=self.places, store=self.store),
            quoting=Quoting(store=self.store, chats=self.chats),
        )

    async def perform(self, work: Answerable) -> None:
        """Answer to the end; whatever breaks is logged, told to the asker, and over."""
        work = self.moves.followed(work)
        if isinstance(work, Accepted):
            turn_id, asker = self.new_id(), work.incoming.author.id
            place, session = work.incoming.address, work.session
        else:
            start = work.start
            turn_id, asker, place, session = start.turn_id, start.asker, start.place, start.session
        answered: TurnRequest | None = None
        try:
            with self.running.kept(place, turn_id, asker, session):
                if isinstance(work, Accepted):
                    answered = await self._fresh(work, turn_id)
                else:
                    answered = await self._resumed(work)
        except Exception:
            log.exception("exchange_failed", turn_id=turn_id)
            await self._broken(work, turn_id)
        finally:
            self.runner.stopping.discard(turn_id)  # a Stop that came too late
        if answered is not None:
            summing = Summing(
                session=answered.scope, place=place, asker=asker, preset=answered.preset
            )
            await self.compaction.after_turn(summing, answered.lines)

    async def preset(self, place: Address) -> Preset:
        """Find the preset in force in a place (MOA-5); `off` leaves its aggregator alone."""
        return (await self.choices.there(place)).preset

    async def _say(self, to: Incoming, text: str, *, delivery_id: str) -> None:
        """Put a sentence of the program's own into a chat; best effort."""
        frame = Frame(key="notice", content=Notice(text=text), final=True)
        reply_to = None if isinstance(to, Moved | Edited | Deleted | Added) else to.reply_to
        post = self.chats[to.address.platform].post
        with suppress(ChatError, TimeoutError):
            async with asyncio.timeout(SECONDS):
                await once_free(
                    partial(post, to.address, frame, delivery_id=delivery_id, reply_to=reply_to)
                )

    async def _fresh(self, accepted: Accepted, turn_id: str) -> TurnRequest | None:
        incoming = accepted.incoming
        if refusal := await self.choices.refusal(incoming):
            await self._say(incoming, refusal, delivery_id=turn_id)
            await self.keep.drop(accepted.seq, "refused")
            return None
        question = await self._question(accepted, turn_id)
        if question is None:
            await self.keep.drop(accepted.seq, "there is nothing to answer any more")
            return None
        told = await self.questions.history(accepted.session)
        start = TurnStart(
            turn_id=turn_id,
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
        )
        await self.keep.begin(start)
        request = await self._request(start, told, incoming)
        request = replace(request, fresh=isinstance(incoming, Press))
        tools = self.tooling.in_chat(start, incoming, self.places)
        await self._run(request, start, self._info(start, incoming), tools)
        return request

    async def _question(self, accepted: Accepted, turn_id: str) -> Line | None:
        """Make the question; a Stop while its files are fetched ends the fetching at once."""
        incoming = accepted.incoming
        if isinstance(incoming, Message | Press) and not self.places.lets_in(incoming):
            await self._say(incoming, REMOVED, delivery_id=turn_id)
            return None
        if not isinstance(incoming, Message) or not incoming.attachments:
            return await self.questions.line(accepted)
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(self.questions.line(accepted), name="files")
            self.runner.reading[turn_id] = reading
            try:
                await asyncio.wait([reading])
            finally:
                del self.runner.reading[turn_id]
        if reading.cancelled():
            return self.questions.unread(incoming)
        return reading.result()

    async def _resumed(self, turn: StoredTurn) -> TurnRequest | None:
        start = turn.start
        if turn.removed:
            await self._close(turn, "stopped")
            return None
        if turn.state == "running" and await self.keep.attempt(start.turn_id) > ATTEMPTS:
            error = f"This question was tried {ATTEMPTS} times and each try was cut off."
            turn = await self._end(turn, "failed", error)
        if turn.state != "running":
            await self._retell(turn)
            return None
        told = await self.questions.history(start.session, upto=start.history)
        asked = await self._asked(turn)
        request = await self._request(start, told, asked)
        request = replace(
            request,
            kept=checkpoints(turn),
            closed=turn.references_done,
            rounds=turn.rounds,
            spent=turn.calls,
        )
        tools = self.tooling.in_chat(start, asked, self.places, turn.rounds)
        info = replace(self._info(start, asked), posted=turn.outbox)
        await self._run(request, start, info, tools)
        return request

    async def _broken(self, work: Answerable, turn_id: str) -> None:
        """Let nothing wait for ever: end what broke, and say so."""
        turn = await self.store.turn(turn_id)
        if turn is None and isinstance(work, Accepted):
            await self._say(work.incoming, error_text(BROKEN, turn_id), delivery_id=turn_id)
            await self.keep.drop(work.seq, f"failed: {turn_id}")
        elif turn is not None and turn.state == "running":
            await self._retell(await self._end(turn, "failed", BROKEN))

    async def _end(self, turn: StoredTurn, ending: Ending, error: str | None = None) -> StoredTurn:
        end = unanswered(turn, ending, error)
        await self.keep.finish(end)
        return replace(turn, state="answered", end=end)

    async def _close(self, turn: StoredTurn, ending: Ending) -> None:
        """End a turn of which nothing is to be seen."""
        await self._end(turn, ending)
        await self.keep.delivered(turn.start.turn_id)

    async def _request(
        self, start: TurnStart, told: Recalled, incoming: Incoming | None
    ) -> TurnRequest:
        address = start.place
        head = Head.of(told.facts, self._prompt(address, incoming))
        can = self.chats[address.platform].capabilities(address)
        said = [*(line for _, line in told.lines), start.question]
        return TurnRequest(
            turn_id=start.turn_id,
            preset=start.preset,
            lines=(*head.lines, *await self.questions.shown(said)),
            context=head.context,
            scope=start.session,
            pace=min(LOOK, BEHIND * (can.preview or can.pace)),
        )

    def _prompt(self, address: Address, incoming: Incoming | None) -> str:
        """Give what the file tells the acting model about this channel."""
        if not isinstance(incoming, Message | Press):
            return ""
        circles = incoming.author.circles
        return self.places.at(address, circles, direct=incoming.direct).system_prompt

    def _info(self, start: TurnStart, incoming: Incoming | None) -> TurnInfo:
        """Say how a turn is to be shown, by the settings of the place where it was asked."""
        address = start.place
        info = TurnInfo(turn_id=start.turn_id, address=address, since=start.started)
        if not isinstance(incoming, Message | Press):
            return info
        place = self.places.at(address, incoming.author.circles, direct=incoming.direct)
        shared = self.places.guarded(address.platform) and not incoming.direct
        return replace(
            info,
            detail=place.advisors,
            cost=place.cost,
            mention=start.asker if shared and place.notify == "asker" else None,
            reply_to=incoming.reply_to,
        )

    async def _asked(self, turn: StoredTurn) -> Incoming | None:
        """Find what a turn of an earlier run answers."""
        seq = turn.start.seq
        accepted = None if seq is None else await self.store.accepted(seq)
        return accepted.incoming if accepted else None

    async def _run(
        self, request: TurnRequest, start: TurnStart, info: TurnInfo, tools: OpenTools | None
    ) -> None:
        mailbox = Mailbox(reasoning=False)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._deliver(info, mailbox), name="delivery")
            await self.runner.run(request, start, mailbox.tell, tools)

    async def _retell(self, turn: StoredTurn) -> None:
        """Show a turn that has ended, as the store knows it."""
        mailbox = Mailbox(reasoning=False)
        for event in retell(turn):
            mailbox.tell(event)
        info = self._info(turn.start, await self._asked(turn))
        await self._deliver(replace(info, posted=turn.outbox), mailbox)

    async def _deliver(self, info: TurnInfo, mailbox: Mailbox) -> None:
        sent = await deliver(
            info,
            mailbox,
            adapter=self.chats[info.address.platform],
            outbox=self.keep,
            budgets=self.budgets,
        )
        if sent:
            await self.keep.delivered(info.turn_id)
