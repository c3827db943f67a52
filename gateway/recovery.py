"""What the last run left: turns that were cut, messages that nobody has begun.

Decides what is taken up again, and in which order: a session's turns first, then what waits, each
in its lane as if it had just come in (P1, P3). It answers nothing itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import structlog

from core.types import Address, Command, Deleted, Edited, Moved, Press
from gateway.poison import counted, survived
from gateway.turns import unanswered

if TYPE_CHECKING:
    from core.records import Accepted, StoredTurn
    from core.storage import Store
    from gateway.moves import Moves
    from gateway.sessions import Sessions

Stop: TypeAlias = str | tuple[Address, str]
Sift: TypeAlias = "Callable[[Sequence[Accepted]], Awaitable[Sequence[Accepted]]]"

log = structlog.get_logger()


async def recover(
    store: Store,
    sessions: Sessions,
    moves: Moves,
    platforms: Collection[str],
    amend: Callable[[Accepted], Awaitable[None]],
    *,
    sift: Sift | None = None,
) -> None:
    """Queue what is left; what belongs to a platform that is not configured stays where it is.

    `amend` does what somebody's change of a message comes to, before anything is asked. `sift`
    puts aside what waits for too long, and gives the rest.
    """
    await moves.recall()
    waiting = await _moved(store, moves, await store.waiting())
    waiting = await _amended(store, waiting, amend)
    unfinished = await _unfinished(store)
    waiting = waiting if sift is None else await sift(waiting)
    waiting = await counted(store, waiting, {each.start.session for each in unfinished})
    stopped = _stopped(waiting)
    turns = [turn for turn in unfinished if turn.start.place.platform in platforms]
    items = [each for each in waiting if each.incoming.address.platform in platforms]
    for turn in turns:
        log.info("turn_recovered", turn_id=turn.start.turn_id, state=turn.state)
        sessions.put(turn.start.session, await _as_wished(store, turn, stopped))
    for accepted in items:
        sessions.put(_lane(accepted), accepted)
    if left := len(unfinished) - len(turns) + len(waiting) - len(items):
        log.warning("left_for_later", items=left, why="their platform is not configured")


async def _amended(
    store: Store, waiting: Sequence[Accepted], amend: Callable[[Accepted], Awaitable[None]]
) -> Sequence[Accepted]:
    """Do what changes come to before anything that they change is asked."""
    changes = [each for each in waiting if isinstance(each.incoming, Edited | Deleted)]
    for each in changes:
        if await survived(store, each):
            await amend(each)
    return await store.waiting() if changes else waiting


def _lane(accepted: Accepted) -> str:
    """Give the lane of what waits; a turn of its session may wait for somebody's yes or no."""
    incoming = accepted.incoming
    decides = isinstance(incoming, Press) and incoming.action in {"approve", "refuse"}
    return f"{accepted.session}#{accepted.seq}" if decides else accepted.session


async def _unfinished(store: Store) -> list[StoredTurn]:
    """Give the turns that a chat waits for. Those of programs on /v1 end here: nobody does."""
    left = await store.unfinished()
    for turn in left:
        if turn.start.seq is None and not turn.removed:
            await store.attempt(turn.start.turn_id)
            await store.finish(unanswered(turn, "stopped"))
            await store.delivered(turn.start.turn_id)
    return [turn for turn in left if turn.start.seq is not None or turn.removed]


async def _moved(store: Store, moves: Moves, waiting: Sequence[Accepted]) -> Sequence[Accepted]:
    """Do what comes before everything else: chats that go on under another id."""
    undone = [(each, each.incoming) for each in waiting if isinstance(each.incoming, Moved)]
    for each, moved in undone:
        if await survived(store, each):
            await moves.move(moved.address, moved.new)
            await store.drop(each.seq, "done")
    return await store.waiting() if undone else waiting


def _stopped(waiting: Iterable[Accepted]) -> set[Stop]:
    """Name the turns whose Stop came in, and the places where somebody's turn was to stop."""
    stops: set[Stop] = set()
    for each in waiting:
        match each.incoming:
            case Press(action="stop", turn_id=turn_id) if turn_id:
                stops.add(turn_id)
            case Press(action="stop") | Command(name="stop"):
                stops.add((each.incoming.address, each.incoming.author.id))
            case _:
                pass
    return stops


async def _as_wished(store: Store, turn: StoredTurn, stopped: set[Stop]) -> StoredTurn:
    """End a turn whose Stop came in, but was not heard any more."""
    start = turn.start
    if turn.state != "running" or not {start.turn_id, (start.place, start.asker)} & stopped:
        return turn
    await store.attempt(start.turn_id)
    await store.finish(unanswered(turn, "stopped"))
    return await store.turn(turn.start.turn_id) or turn
