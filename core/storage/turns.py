"""Turns, as a protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from core.outcomes import Advice
from core.records import StoredTurn, TurnEnd, TurnStart
from core.storage.tools import ToolCalls


class Turns(ToolCalls, Protocol):
    """Turns and what they cost, checkpointed (P4).

    A turn is held by the store that began it, until another one counts an `attempt` of it: from
    then on the first one's writes change nothing and raise `TurnTaken` (P3).
    """

    async def begin(self, start: TurnStart) -> None:
        """Claim the inbox row and write the turn, in one transaction; counts the attempt.

        What was steered into turns that asked the same before goes on with it.

        Raises:
            TurnTaken: a turn answers that message already.
        """
        ...

    async def landed(self, turn_id: str, round_: int, advice: Advice) -> None:
        """Checkpoint one reference: its outcome, its text, what it took. One statement."""
        ...

    async def references_done(self, turn_id: str, round_: int, rest: Sequence[Advice]) -> None:
        """Checkpoint the references that have not landed yet and close the round."""
        ...

    async def finish(self, end: TurnEnd) -> None:
        """Write answer, history, the aggregator's calls and the state, in one transaction."""
        ...

    async def delivered(self, turn_id: str) -> None:
        """Mark that the final has reached the chat."""
        ...

    async def attempt(self, turn_id: str) -> int:
        """Take up a turn of an earlier run, and count that before it is gone on with (P3, P8)."""
        ...

    async def unfinished(self) -> Sequence[StoredTurn]:
        """List the turns that are not delivered, oldest first."""
        ...

    async def turn(self, turn_id: str) -> StoredTurn | None:
        """Find one turn."""
        ...
