"""The turns that answer messages, for whoever changes or deletes one of these (ADR 0038).

Decides how one is found, waited for and taken back. It changes no message.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from core.bursts import whole
from core.crashpoints import crashpoint
from core.types import Deleted, Edited, Message

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from core.records import Accepted, Kept, StoredTurn
    from core.types import Line
    from gateway.lanes.running import Run
    from gateway.lanes.sessions import Sessions
    from gateway.turn.exchange import Exchange

    Write: TypeAlias = Callable[[], Awaitable[Sequence[int]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """What finding them takes."""

    exchange: Exchange
    sessions: Sessions

    async def found(self, platform: str, event_id: str) -> Kept | None:
        """Find a message where it stands; its turn may have begun while this was read."""
        found = await self.exchange.store.kept(platform, event_id)
        if found is None or found.turn_id:
            return found
        seq = found.accepted.seq
        run = self.exchange.running.asking(seq, "")
        if run is None or run.reads or run.takes(seq):
            return found
        gone = run.turn_id in self.exchange.runner.withdrawn  # it only winds up
        return found if gone else replace(found, turn_id=run.turn_id, waiting=False)

    async def session(self, found: Kept) -> str:
        """Name the session in which a message was answered."""
        turn = await self.exchange.store.turn(found.turn_id)
        return found.accepted.session if turn is None else turn.start.session

    async def left(self, found: Kept) -> StoredTurn | None:
        """Give the turn of a message that the last run has left unanswered, if there is one."""
        turn = await self.exchange.store.turn(found.turn_id) if found.turn_id else None
        return turn if turn is not None and turn.state == "running" else None

    async def question(self, parts: Sequence[Kept], kept: Accepted | None) -> Line | None:
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

    def later(self, session: str, accepted: Accepted) -> None:
        """Do a change when the turn is over that runs there, in the order in which they came."""
        kinds = Edited | Deleted
        self.sessions.insert_behind(session, accepted, lambda e: isinstance(e.incoming, kinds))

    async def take_back(self, run: Run, write: Write | None = None, gone: int = 0) -> bool:
        """Stop a turn of which nothing is to be seen, and let what it answered come next.

        `write` takes it back in the store, and gives the numbers of what waits again.

        Returns:
            False if it was too late: its ending is stored.
        """
        runner = self.exchange.runner
        write = write or partial(self.exchange.keep.withdraw, run.turn_id)
        works = await runner.withdrawn.take(run.turn_id, partial(self._withdrawn, run, write))
        if works is None:
            return False
        self.sessions.insert(run.session, [each for each in works if each.seq != gone])
        runner.stop_soon(run.turn_id)
        return True

    async def disown(self, turn_id: str) -> bool:
        """Have an answer belong to no question any more that is being shown; False if it is not.

        What of it stands in the chat goes if the program is cut before all of it does: half an
        answer to nothing is of no use, and its text leaves the store with its last message.
        """
        keep = self.exchange.keep

        async def write() -> bool | None:
            return await keep.disown(turn_id) or None

        return bool(await self.exchange.runner.withdrawn.take(turn_id, write))

    async def _withdrawn(self, run: Run, write: Write) -> Sequence[Accepted] | None:
        """Write down that a turn is taken back; gives what waits again, None if it was too late."""
        exchange = self.exchange
        crashpoint("withdrawal.unkept", run.place.platform)
        seqs = await write()
        crashpoint("withdrawal.kept", run.place.platform)
        if not seqs:
            return None
        works = [await exchange.keep.accepted(seq) for seq in seqs]
        return [each for each in works if each is not None]
