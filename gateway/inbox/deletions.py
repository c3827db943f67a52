"""Messages that somebody deletes (ADR 0038).

Decides what goes with one: the turn that answers it alone, and else its part in a question. What
is stored of it is taken out. It answers nothing itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.storage.erasing import Texts
from core.types import Line
from gateway.lanes.running import begun

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence

    from core.records import Accepted, Kept, StoredTurn
    from core.types import Deleted
    from gateway.inbox.answering import Answering
    from gateway.lanes.running import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletions:
    """What is done about deletions, one by one in each channel."""

    turns: Answering
    untrace: Callable[[str, Sequence[str]], Awaitable[None]]

    async def deleted(self, accepted: Accepted, deleted: Deleted, *, starting: bool) -> bool:
        """Take a message out, and stop the turn that answers it; False if that has to wait."""
        found = await self.turns.found(deleted.address.platform, deleted.of)
        if found is None:
            return True
        seq = found.accepted.seq
        turn = None if starting else await self._turn(found)
        run = self.turns.exchange.running.asking(seq, found.turn_id)
        if run is not None and (found.steered or run.reads or run.takes(seq)):
            self._waits(run, accepted)
            return False
        self.turns.sessions.take_out(seq)
        if found.turn_id:
            shown = None if starting else _shown(run, turn)
            await self._unsaid(found, run or self._in_line(turn), shown)
        else:
            await self.turns.exchange.keep.unsay(seq, {})
        return True

    def _waits(self, run: Run, accepted: Accepted) -> None:
        """Let it wait: it stands in what the turn will leave behind, or is about to write down."""
        self.turns.later(run.session, accepted)
        if run.reads and len(run.parts) == 1:
            self.turns.exchange.runner.stop_soon(run.turn_id)

    async def _unsaid(self, found: Kept, run: Run | None, shown: Collection[str] | None) -> None:
        """Take a message out of the turn that answered it, or that turn with it.

        `shown` are the turns that may just be shown, None if any of the last run may wait for that.
        """
        exchange, seq = self.turns.exchange, found.accepted.seq
        session = await self.turns.session(found)
        turns = await exchange.store.asking_again(found.turn_id)
        others = await self._others(found)
        busy = await self._stopped(found, run, whole=not others)
        if found.steered:
            await exchange.keep.unsay(seq, {})
        elif others:
            question = await self.turns.question(others, None) or Line(role="user")
            await exchange.keep.unsay(seq, dict.fromkeys(turns, question))
        else:
            await self._erased([each for each in turns if each != busy], seq, shown)
        await self.untrace(session, turns)

    async def _erased(self, turns: Sequence[str], seq: int, shown: Collection[str] | None) -> None:
        """Take a message out, and the turns that answered it alone: what is being shown, later."""
        asked = [each for each in turns if shown is None or each in shown]
        half = [each for each in asked if await self.turns.disown(each)]
        over = tuple(each for each in turns if each not in half)
        await self.turns.exchange.keep.erase(Texts(turns=over, messages=(seq,)))
        await self._closed([] if shown is None else half)

    async def _closed(self, half: Sequence[str]) -> None:
        """Take out what was shown in part, and is being shown by nobody."""
        exchange = self.turns.exchange
        for turn_id in half:
            turn = None if turn_id in exchange.running else await exchange.store.turn(turn_id)
            if turn is not None:
                await exchange.endings.close(turn, "stopped")
                exchange.runner.withdrawn.forget(turn_id)

    async def _others(self, found: Kept) -> Sequence[Kept]:
        """Give the other messages that are one question with this one."""
        parts = await self.turns.exchange.store.parts(found.turn_id)
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
        return run.turn_id if await self.turns.take_back(run, gone=found.accepted.seq) else ""

    async def _left_behind(self, found: Kept) -> str:
        """Take back a turn of the last run of which nothing is in line yet; give which."""
        left = None if found.steered else await self.turns.left(found)
        if left is None or not await self.turns.exchange.keep.withdraw(found.turn_id):
            return ""
        return found.turn_id

    async def _turn(self, found: Kept) -> StoredTurn | None:
        """Give the turn that a message is the question of."""
        asks = found.turn_id and not found.steered
        return await self.turns.exchange.store.turn(found.turn_id) if asks else None

    def _in_line(self, turn: StoredTurn | None) -> Run | None:
        """Give a turn of the last run that waits for its place, as if it ran."""
        if turn is None or turn.state != "running":
            return None
        return begun(turn, self.turns.exchange.new_id)


def _shown(run: Run | None, turn: StoredTurn | None) -> Collection[str]:
    """Name what may just be shown: what is at work, and what was not shown to its end."""
    untold = turn.start.turn_id if turn is not None and turn.state == "answered" else ""
    return {untold, run.turn_id if run is not None else ""} - {""}
