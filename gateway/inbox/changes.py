"""Messages that somebody changes or deletes, and more that come right behind them (ADR 0038).

Decides what becomes of the turn that answers them: it is taken back and begun anew while nothing
of its answer was told, and else left alone. What is stored is replaced or taken out either way.
It answers nothing itself.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from core import whispers
from core.access import ADMITTED
from core.amends import ANEW_MS, older
from core.bursts import BEGUN_SECONDS, MOST_BEGUN, goes_on, whole
from core.crashpoints import crashpoint
from core.frames import Button
from core.storage.erasing import Texts
from core.texts.running import CHANGED
from core.types import Deleted, Edited, Line, Message
from core.wording import LABELS
from gateway.delivery.asides import at_question
from gateway.inbox.edits import Edit
from gateway.lanes.one_by_one import OneByOne
from gateway.lanes.running import begun

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from core.records import Accepted, Kept, StoredTurn
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

    async def act(self, accepted: Accepted, *, starting: bool = False) -> None:
        """Do what a change comes to; it is in the store. `starting`: nothing is in line yet."""
        async with self.one_by_one.held(accepted.incoming.address.whole.session):
            match accepted.incoming:
                case Edited() as edited:
                    done = await self._edited(accepted, edited, starting=starting)
                case Deleted() as deleted:
                    done = await self._deleted(accepted, deleted, starting=starting)
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
        incoming = accepted.incoming
        run = self.exchange.running.at(accepted.session)
        if run is None or run.began is None or not isinstance(incoming, Message):
            return
        last = run.parts[-1].incoming if run.parts else None
        late = asyncio.get_running_loop().time() - run.began > BEGUN_SECONDS
        if late or run.advised or not isinstance(last, Message) or not goes_on(last, incoming):
            return
        if len(run.parts) < MOST_BEGUN and self.sessions.place(accepted.seq) == 1:
            await self._take_back(run)

    # --- changed ----------------------------------------------------------------------------

    async def _edited(self, accepted: Accepted, edited: Edited, *, starting: bool) -> bool:
        """Replace a message wherever it stands; False if that has to wait for its turn's end."""
        found = await self._found(edited.address.platform, edited.message.event_id)
        said = None if found is None else found.accepted.incoming
        if found is None or not isinstance(said, Message) or older(said, edited):
            return True
        edit = Edit.of(accepted.seq, edited, found, said)
        first = not edit.overtakes(self.sessions.in_line(edit.kept.session))
        if first and await self._changed(edit, starting=starting):
            return True
        run = self.exchange.running.asking(edit.kept.seq, found.turn_id)
        self._later(run.session if run else edit.kept.session, accepted)  # it may have moved
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
        elif run is not None or (not starting and await self._left(found)):
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
            return not run.spoke and await self._take_back(run, edit)
        left = await self._left(edit.found) if starting else None
        if left is not None and edit.stands:
            return True  # it is begun anew already, and was cut before that was noted
        if left is None or left.rounds:
            return False
        return bool(await self._waits_again(edit.found.turn_id, edit))

    async def _left(self, found: Kept) -> StoredTurn | None:
        """Give the turn of a message that the last run has left unanswered, if there is one."""
        turn = await self.exchange.store.turn(found.turn_id) if found.turn_id else None
        return turn if turn is not None and turn.state == "running" else None

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
        question = await self._question(parts, kept)
        asked = {} if question is None else dict.fromkeys(turns, question)
        await exchange.keep.revise(kept, asked, own, by=edit.by)
        await self.untrace(await self._session(found), turns)

    async def _question(self, parts: Sequence[Kept], kept: Accepted | None) -> Line | None:
        """Make the question of a turn anew, of its messages as they are now."""
        said = [
            kept if kept is not None and kept.seq == each.accepted.seq else each.accepted
            for each in parts
            if not each.steered
        ]
        messages = [each.incoming for each in said if isinstance(each.incoming, Message)]
        if not messages:
            return None
        return await self.exchange.questions.line(replace(said[0], incoming=whole(messages)))

    async def _offer(self, edit: Edit) -> None:
        """Offer to ask again, where the answer is the newest one of its conversation."""
        edited, found, message = edit.edited, edit.found, edit.edited.message
        role = self.places.role(edited.author, edited.address, direct=message.direct)
        said = found.accepted.incoming
        if role not in ADMITTED or found.steered or not isinstance(said, Message):
            return
        turns = await self.exchange.store.asking_again(found.turn_id)
        last = await self.exchange.store.turns(await self._session(found), last=1)
        if not last or last[0].start.turn_id not in turns:
            return
        button = Button(action="retry", label=LABELS["retry"], turn_id=last[0].start.turn_id)
        self.asides.whisper(at_question(edited, said), [whispers.notice(CHANGED, [button])])

    # --- deleted ----------------------------------------------------------------------------

    async def _deleted(self, accepted: Accepted, deleted: Deleted, *, starting: bool) -> bool:
        """Take a message out, and stop the turn that answers it; False if that has to wait."""
        found = await self._found(deleted.address.platform, deleted.of)
        if found is None:
            return True
        seq = found.accepted.seq
        waits = None if starting else await self._in_line(found)
        run = self.exchange.running.asking(seq, found.turn_id)
        if run is not None and (found.steered or run.reads or run.takes(seq)):
            # It stands in what the turn will leave behind, or is about to write down.
            self._later(run.session, accepted)
            if run.reads and len(run.parts) == 1:
                self.exchange.runner.stop_soon(run.turn_id)
            return False
        self.sessions.take_out(seq)
        if found.turn_id:
            await self._unsaid(found, run or waits)
        else:
            await self.exchange.keep.unsay(seq, {})
        return True

    async def _unsaid(self, found: Kept, run: Run | None) -> None:
        """Take a message out of the turn that answered it, or that turn with it."""
        exchange, seq = self.exchange, found.accepted.seq
        session = await self._session(found)
        turns = await exchange.store.asking_again(found.turn_id)
        others = await self._others(found)
        busy = await self._stopped(found, run, whole=not others)
        if found.steered:
            await exchange.keep.unsay(seq, {})
        elif others:
            question = await self._question(others, None) or Line(role="user")
            await exchange.keep.unsay(seq, dict.fromkeys(turns, question))
        else:
            over = tuple(each for each in turns if each != busy)
            await exchange.keep.erase(Texts(turns=over, messages=(seq,)))
        await self.untrace(session, turns)

    async def _others(self, found: Kept) -> Sequence[Kept]:
        """Give the other messages that are one question with this one."""
        parts = await self.exchange.store.parts(found.turn_id)
        seq = found.accepted.seq
        return [each for each in parts if each.accepted.seq != seq and not each.steered]

    async def _stopped(self, found: Kept, run: Run | None, *, whole: bool) -> str:
        """Take back the turn that answers a message; what else it answered is asked anew.

        One that has told something, and answers others' messages too, goes on.

        Returns:
            The turn that was taken back, which takes its own texts out when it is over.
        """
        if run is None:
            return await self._left_behind(found)
        if run.spoke and not whole:
            return ""
        return run.turn_id if await self._take_back(run, gone=found.accepted.seq) else ""

    async def _left_behind(self, found: Kept) -> str:
        """Take back a turn of the last run of which nothing is in line yet; give which."""
        left = None if found.steered else await self._left(found)
        return found.turn_id if left and await self.exchange.keep.withdraw(found.turn_id) else ""

    async def _in_line(self, found: Kept) -> Run | None:
        """Give a turn of the last run that waits for its place, as if it ran."""
        left = None if found.steered else await self._left(found)
        return None if left is None else begun(left, self.exchange.new_id)

    def _later(self, session: str, accepted: Accepted) -> None:
        """Do a change when the turn is over that runs there, in the order in which they came."""
        kinds = Edited | Deleted
        self.sessions.insert_behind(session, accepted, lambda e: isinstance(e.incoming, kinds))

    # --- both -------------------------------------------------------------------------------

    async def _found(self, platform: str, event_id: str) -> Kept | None:
        return await self.exchange.store.kept(platform, event_id)

    async def _session(self, found: Kept) -> str:
        turn = await self.exchange.store.turn(found.turn_id)
        return found.accepted.session if turn is None else turn.start.session

    async def _take_back(self, run: Run, edit: Edit | None = None, gone: int = 0) -> bool:
        """Stop a turn of which nothing is to be seen, and let what it answered come next.

        Returns:
            False if it was too late: its ending is stored.
        """
        runner = self.exchange.runner
        write = partial(self._withdrawn, run, edit)
        works = await runner.withdrawn.take(run.turn_id, write)
        if works is None:
            return False
        self.sessions.insert(run.session, [each for each in works if each.seq != gone])
        runner.stop_soon(run.turn_id)
        return True

    async def _withdrawn(self, run: Run, edit: Edit | None) -> Sequence[Accepted] | None:
        """Write down that a turn is taken back; gives what waits again, None if it was too late."""
        exchange = self.exchange
        crashpoint("withdrawal.unkept", run.place.platform)
        seqs = await self._waits_again(run.turn_id, edit)
        crashpoint("withdrawal.kept", run.place.platform)
        if not seqs:
            return None
        works = [await exchange.keep.accepted(seq) for seq in seqs]
        return [each for each in works if each is not None]

    async def _waits_again(self, turn_id: str, edit: Edit | None) -> Sequence[int]:
        """Write it down with the change; gives the numbers of what waits again."""
        keep = self.exchange.keep
        if edit is None:
            return await keep.withdraw(turn_id)
        seqs = await keep.withdraw(turn_id, changed=edit.kept, by=edit.by)
        if seqs and edit.kept.seq not in seqs:
            await self._revise(edit)  # it was said to a turn that this one asks again
        return seqs
