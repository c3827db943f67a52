"""What the last run left: turns that were cut, messages that nobody has begun.

Decides what is taken up again, and in which order: a session's turns first, then what waits, each
in its lane as if it had just come in (P1, P3). It answers nothing itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import structlog

from core.crashpoints import crashpoint
from core.types import Address, Command, Deleted, Edited, Moved, Press
from gateway.lanes.poison import counted, survived
from gateway.turn.turns import unanswered

if TYPE_CHECKING:
    from core.records import Accepted, StoredTurn
    from core.storage import Store
    from gateway.lanes.moves import Moves
    from gateway.lanes.quarantine import Quarantine
    from gateway.lanes.sessions import Sessions

Stop: TypeAlias = str | tuple[Address, str]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What going on takes. What belongs to no platform of these stays where it is.

    `amend` does what somebody's change of a message comes to, before anything is asked. `sift`
    puts aside what waits for too long, and gives the rest.
    """

    store: Store
    sessions: Sessions
    moves: Moves
    quarantine: Quarantine
    platforms: Collection[str]
    amend: Callable[[Accepted], Awaitable[None]]
    sift: Callable[[Sequence[Accepted]], Awaitable[Sequence[Accepted]]]

    async def recover(self) -> None:
        """Queue what is left."""
        await self.moves.recall()
        waiting = await self._moved(await self.store.waiting())
        waiting = await self._amended(waiting)
        unfinished = await self._unfinished()
        waiting = await self.sift(waiting)
        waiting = await counted(self.store, waiting, {each.start.session for each in unfinished})
        stopped = _stopped(waiting)
        turns = [turn for turn in unfinished if turn.start.place.platform in self.platforms]
        items = [each for each in waiting if each.incoming.address.platform in self.platforms]
        for turn in self.quarantine.left(turns):
            log.info("turn_recovered", turn_id=turn.start.turn_id, state=turn.state)
            self.sessions.put(turn.start.session, await self._as_wished(turn, stopped))
        for accepted in items:
            self.sessions.put(_lane(accepted), accepted)
        if left := len(unfinished) - len(turns) + len(waiting) - len(items):
            log.warning("left_for_later", items=left, why="their platform is not configured")

    async def _amended(self, waiting: Sequence[Accepted]) -> Sequence[Accepted]:
        """Do what changes come to before anything that they change is asked."""
        changes = [each for each in waiting if isinstance(each.incoming, Edited | Deleted)]
        for each in changes:
            if await survived(self.store, each):
                await self.amend(each)
        return await self.store.waiting() if changes else waiting

    async def _unfinished(self) -> list[StoredTurn]:
        """Give the turns that a chat waits for. Those of programs on /v1 end here: nobody does."""
        left = await self.store.unfinished()
        for turn in left:
            if turn.start.seq is None and not turn.removed:
                await self.store.attempt(turn.start.turn_id)
                await self.store.finish(unanswered(turn, "stopped"))
                crashpoint("recovery.ended")
                await self.store.delivered(turn.start.turn_id)
        return [turn for turn in left if turn.start.seq is not None or turn.removed]

    async def _moved(self, waiting: Sequence[Accepted]) -> Sequence[Accepted]:
        """Do what comes before everything else: chats that go on under another id."""
        undone = [(each, each.incoming) for each in waiting if isinstance(each.incoming, Moved)]
        for each, moved in undone:
            if await survived(self.store, each):
                await self.moves.move(moved.address, moved.new)
                await self.store.drop(each.seq, "done")
        return await self.store.waiting() if undone else waiting

    async def _as_wished(self, turn: StoredTurn, stopped: dict[Stop, int]) -> StoredTurn:
        """End a turn whose Stop came in, but was not heard any more."""
        start = turn.start
        later = stopped.get((start.place, start.asker), 0) > (start.seq or 0)
        if turn.state != "running" or not (later or start.turn_id in stopped):
            return turn
        await self.store.attempt(start.turn_id)
        await self.store.finish(unanswered(turn, "stopped"))
        return await self.store.turn(turn.start.turn_id) or turn


def _lane(accepted: Accepted) -> str:
    """Give the lane of what waits; a turn of its session may wait for somebody's yes or no."""
    incoming = accepted.incoming
    decides = isinstance(incoming, Press) and incoming.action in {"approve", "refuse"}
    return f"{accepted.session}#{accepted.seq}" if decides else accepted.session


def _stopped(waiting: Iterable[Accepted]) -> dict[Stop, int]:
    """Name the turns whose Stop came in, and where somebody's turn was to stop: what came before.

    A Stop under a note of the line is for what waits there, and is done when its turn comes.
    """
    stops: dict[Stop, int] = {}
    for each in waiting:
        match each.incoming:
            case Press(action="stop", turn_id=turn_id) if turn_id:
                stops[turn_id] = each.seq
            case Press(action="stop", value="") | Command(name="stop"):
                stops[each.incoming.address, each.incoming.author.id] = each.seq
            case _:
                pass
    return stops
