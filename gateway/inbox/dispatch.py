"""Says what is to be done with something that was accepted: at once, or by its session's lane.

Stop and settings jump the queue; questions, retries and what changes a history stand in it; a
removal comes right after the turn that runs, so that nothing is shown again of what was removed;
that a chat goes on under another id comes before everything. Answers nothing itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from core import whispers
from core.crashpoints import crashpoint
from core.records import Accepted, StoredTurn
from core.texts import commands as said
from core.types import Added, Command, Deleted, Edited, Message, Moved, Press
from gateway.access.admission import RETRY_COMMAND
from gateway.commands.privacy import halt
from gateway.lanes.sessions import Errand
from gateway.rereading import again

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.commands.acts import Acts
    from gateway.inbox.arrivals import Arrivals
    from gateway.inbox.changes import Changes
    from gateway.lanes.line import Line
    from gateway.lanes.poison import Poison
    from gateway.lanes.sessions import Answerable, Sessions, Work
    from gateway.patience import PatientStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """Where everything goes that was accepted."""

    sessions: Sessions
    acts: Acts
    keep: PatientStore
    over: Callable[[str], Awaitable[None]]
    arrivals: Arrivals
    changes: Changes
    line: Line
    poison: Poison

    async def __call__(self, accepted: Accepted) -> None:
        """Queue it, or do it now; it is in the store already."""
        match accepted.incoming:
            case Message() as message:
                who = message.address.platform, message.author.id
                self.acts.seen(message, more=bool(self.sessions.of(*who)))
                if self.sessions.put(accepted.session, accepted):
                    await self._waits(accepted)
            case Press(action="retry" | "advise" | "remove" | "undo") as press if (
                await self.acts.refuses(press)
            ):
                await self.keep.drop(accepted.seq, "refused")
            case Press(action="retry" | "advise") as press:
                if press.value == RETRY_COMMAND:
                    await self.acts.tell(press, [whispers.notice(said.ASKING_AGAIN)])
                self.sessions.put(accepted.session, accepted)
            case Press(action="remove" | "undo") as press:
                await self.acts.stop(press)
                self.sessions.put(accepted.session, accepted, ahead=True)
            case Command(name="new" | "compact" | "undo") | Press(action="back") | Added():
                self.sessions.put(accepted.session, accepted)
            case Press(action="forget") as press:
                await halt(self.acts.desk, press)
                self.sessions.put(accepted.session, accepted, ahead=True)
            case _:
                await self._act(accepted)

    async def _waits(self, accepted: Accepted) -> None:
        """See to a question that something is before; on a page, it stands there by itself."""
        if self.acts.desk.places.guarded(accepted.incoming.address.platform):
            await self.changes.joins(accepted)
            self.line.stands(accepted)

    async def perform(self, work: Work) -> None:
        """Do a lane's piece of work to its end; `over` hears that it is."""
        if not isinstance(work, Accepted) or not work.attempts:
            await self._performed(work)
            return
        async with self.acts.exchange.quarantine.kept(work):
            if await self.poison.fatal(work):
                await self.over(_session(work))
            else:
                await self._performed(work)

    async def _performed(self, work: Work) -> None:
        match work:
            case Accepted(
                incoming=Press(action="retry" | "advise" | "remove" | "undo") as press
            ) if await again(partial(self.acts.refuses, press)):  # it may be of an earlier run
                await self.keep.drop(work.seq, "refused")
            case StoredTurn() | Accepted(incoming=Message() | Press(action="retry" | "advise")):
                await self.acts.exchange.perform(work)
                await self.over(_session(work))
            case Errand():
                await work.run()
            case Accepted(incoming=Edited() | Deleted()):  # nobody offers it again
                await again(partial(self.changes.act, work))
            case _:
                await self._act(work)

    async def _act(self, accepted: Accepted) -> None:
        match accepted.incoming:
            case Moved() as moved:
                self.sessions.move(moved.address, moved.new)  # what comes there waits its turn
                await self.acts.exchange.moves.move(moved.address, moved.new)
                self.acts.exchange.running.move(moved.address, moved.new)
            case Added() as added:
                await self.arrivals.settle(added)
            case Command() | Press() as request:
                there = self.acts.exchange.moves.now(request.address)  # what runs there has moved
                await self.acts.act(replace(request, address=there))
            case Edited() | Deleted():
                await self.changes.act(accepted)
                return
            case Message():
                raise TypeError("a question is no act")
        crashpoint("command.done", accepted.incoming.address.platform)
        await again(partial(self.keep.drop, accepted.seq, "done"))  # else a start does it once more
        crashpoint("command.dropped", accepted.incoming.address.platform)
        await self.over(_session(accepted))


def _session(work: Answerable) -> str:
    return work.session if isinstance(work, Accepted) else work.start.session
