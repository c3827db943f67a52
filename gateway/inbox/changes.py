"""Messages that somebody changes or deletes, and more that come right behind them (ADR 0038).

Decides what becomes of the turn that answers them: it is taken back and begun anew while nothing
of its answer was told, and else left alone. What is stored is replaced or taken out either way.
It answers nothing itself.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from core import whispers
from core.access import ADMITTED
from core.amends import ANEW_MS, older
from core.bursts import BEGUN_SECONDS, MOST_BEGUN, goes_on
from core.crashpoints import crashpoint
from core.frames import Button
from core.texts.running import CHANGED
from core.types import Deleted, Edited, Line, Message
from core.wording import LABELS
from gateway.delivery.asides import at_question
from gateway.inbox.answering import Answering
from gateway.inbox.deletions import Deletions
from gateway.inbox.edits import Edit
from gateway.lanes.one_by_one import OneByOne

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from core.records import Accepted
    from gateway.access.places import Places
    from gateway.delivery.asides import Asides
    from gateway.lanes.running import Run
    from gateway.lanes.sessions import Sessions
    from gateway.turn.exchange import Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is done about changes, in each channel `one_by_one`: the later of two stays.

    `untrace` takes turns out of a session's traces and caches.
    """

    exchange: Exchange
    sessions: Sessions
    places: Places
    asides: Asides
    untrace: Callable[[str, Sequence[str]], Awaitable[None]]
    one_by_one: OneByOne = field(default_factory=OneByOne)

    @property
    def turns(self) -> Answering:
        """Give what finds the turns that answer messages, and takes them back."""
        return Answering(exchange=self.exchange, sessions=self.sessions)

    @property
    def _deletions(self) -> Deletions:
        return Deletions(turns=self.turns, untrace=self.untrace)

    async def act(self, accepted: Accepted, *, starting: bool = False) -> None:
        """Do what a change comes to; it is in the store. `starting`: nothing is in line yet."""
        async with self.one_by_one.held(accepted.incoming.address.whole.session):
            match accepted.incoming:
                case Edited() as edited:
                    done = await self._edited(accepted, edited, starting=starting)
                case Deleted() as deleted:
                    done = await self._deletions.deleted(accepted, deleted, starting=starting)
                case _:
                    raise TypeError("this changes nothing")
            if done:
                crashpoint("change.done", accepted.incoming.address.platform)
                await self.exchange.keep.unsay(accepted.seq, {})
                await self.exchange.store.scrub(whole=False)

    async def joins(self, accepted: Accepted) -> None:
        """Let a message that waits now join a turn that has only just begun, if it goes on there.

        The turn begins anew with both: nothing was held back for that.
        """
        async with self.one_by_one.held(accepted.incoming.address.whole.session):
            await self._joins(accepted)

    async def _joins(self, accepted: Accepted) -> None:
        incoming = accepted.incoming
        run = self.exchange.running.at(self.exchange.moves.key(accepted.session))
        if run is None or run.began is None or not isinstance(incoming, Message):
            return
        last = run.parts[-1].incoming if run.parts else None
        late = asyncio.get_running_loop().time() - run.began > BEGUN_SECONDS
        if late or run.advised or not isinstance(last, Message) or not goes_on(last, incoming):
            return
        if len(run.parts) < MOST_BEGUN and self.sessions.place(accepted.seq) == 1:
            await self.turns.take_back(run)

    # --- changed ----------------------------------------------------------------------------

    async def _edited(self, accepted: Accepted, edited: Edited, *, starting: bool) -> bool:
        """Replace a message wherever it stands; False if that has to wait for its turn's end."""
        found = await self.turns.found(edited.address.platform, edited.message.event_id)
        said = None if found is None else found.accepted.incoming
        if found is None or not isinstance(said, Message) or older(said, edited):
            return True
        edit = Edit.of(accepted.seq, edited, found, said)
        first = not edit.overtakes(self.sessions.in_line(edit.kept.session))
        if first and await self._changed(edit, starting=starting):
            return True
        run = self.exchange.running.asking(edit.kept.seq, found.turn_id)
        self.turns.later(run.session if run else edit.kept.session, accepted)  # it may have moved
        return False

    async def _changed(self, edit: Edit, *, starting: bool) -> bool:
        found, kept = edit.found, edit.kept
        run = self.exchange.running.asking(kept.seq, found.turn_id)
        if edit.repeats:
            await self._dated(edit)
        elif self.sessions.swap(kept) or (found.waiting and run is None):
            await self.exchange.keep.revise(kept, {}, Line(role="user"), by=edit.by)
        elif await self._anew(edit, run, starting=starting):
            pass  # it will be asked as it is now
        elif run is not None or (not starting and await self.turns.left(found)):
            return False
        else:
            await self._revise(edit)
            await self._offer(edit)
        return True

    async def _anew(self, edit: Edit, run: Run | None, *, starting: bool) -> bool:
        """Begin anew a turn of which nothing was told, if that is what its author may expect."""
        edited = edit.edited
        role = self.places.role(edited.author, edited.address, direct=edited.message.direct)
        if role not in ADMITTED or edited.at - edit.kept.incoming.at > ANEW_MS:
            return False
        if run is not None:
            write = partial(self._waits_again, run.turn_id, edit)
            return not run.spoke and await self.turns.take_back(run, write)
        left = await self.turns.left(edit.found) if starting else None
        if left is not None and edit.stands:
            return True  # it is begun anew already, and was cut before that was noted
        if left is None or left.rounds:
            return False
        return bool(await self._waits_again(edit.found.turn_id, edit))

    async def _dated(self, edit: Edit) -> None:
        """Keep when a message was changed last: it says the same, and what is older no more."""
        line = await self.exchange.questions.line(edit.kept) if edit.found.steered else None
        self.sessions.swap(edit.kept)
        await self.exchange.keep.revise(edit.kept, {}, line or Line(role="user"), by=edit.by)

    async def _revise(self, edit: Edit) -> None:
        exchange, kept, found = self.exchange, edit.kept, edit.found
        own = await exchange.questions.line(kept) or Line(role="user")
        turns = [] if found.steered else await exchange.store.asking_again(found.turn_id)
        parts = await exchange.store.parts(found.turn_id)
        question = await self.turns.question(parts, kept)
        asked = {} if question is None else dict.fromkeys(turns, question)
        await exchange.keep.revise(kept, asked, own, by=edit.by)
        await self.untrace(await self.turns.session(found), turns)

    async def _offer(self, edit: Edit) -> None:
        """Offer to ask again, where the answer is the newest one of its conversation."""
        edited, found, message = edit.edited, edit.found, edit.edited.message
        role = self.places.role(edited.author, edited.address, direct=message.direct)
        said = found.accepted.incoming
        if role not in ADMITTED or found.steered or not isinstance(said, Message):
            return
        turns = await self.exchange.store.asking_again(found.turn_id)
        last = await self.exchange.store.turns(await self.turns.session(found), last=1)
        if not last or last[0].start.turn_id not in turns:
            return
        button = Button(action="retry", label=LABELS["retry"], turn_id=last[0].start.turn_id)
        self.asides.whisper(at_question(edited, said), [whispers.notice(CHANGED, [button])])

    async def _waits_again(self, turn_id: str, edit: Edit) -> Sequence[int]:
        """Write down that a turn is taken back; gives the numbers of what waits again."""
        seqs = await self.exchange.keep.withdraw(turn_id, changed=edit.kept, by=edit.by)
        if seqs and edit.kept.seq not in seqs:
            await self._revise(edit)  # it was said to a turn that this one asks again
        return seqs
