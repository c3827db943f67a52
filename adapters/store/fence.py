"""Whose turn it is: every write of a turn names the run of the program that holds it (ADR 0044).

Decides what becomes of a write that the database did not take: whoever lost the turn is told so.
It costs no statement: the condition stands in the statement that writes. Only a write that
changed nothing is followed by a look.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from adapters.store.database import Database, Row, Statement
from adapters.store.queries import statement
from core.errors import StoreError, TurnTaken


class FencedRows:
    """A part of `SqlStore`. `_epoch` is this store's own number; no other one has it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._epoch = secrets.randbits(62)

    async def hold(self, turn_id: str) -> None:
        rows = await self._database.fetch(statement("holder", turn_id))
        if rows and rows[0]["epoch"] != self._epoch:
            raise TurnTaken(f"turn {turn_id} was taken up by another run of the program")

    async def _fenced(self, turn_id: str, *statements: Statement) -> Sequence[Row]:
        """Write for a turn that is held; the last statement gives a row if it is.

        Raises:
            TurnTaken: another run has taken it up; nothing was written.
        """
        rows = await self._database.write(*statements)
        if not rows:
            await self.hold(turn_id)
        return rows

    async def _checkpointed(self, turn_id: str, *statements: Statement) -> None:
        """Write as above; a turn that is not there is an error, too.

        Raises:
            StoreError: there is no such turn.
        """
        rows = await self._fenced(turn_id, *statements)
        if not rows and not await self._database.fetch(statement("holder", turn_id)):
            raise StoreError(f"There is no turn {turn_id!r} in the store.")
