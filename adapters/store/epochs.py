"""From where on a history is read, and what stands at its head: `core.storage.Epochs`.

Decides what is written together: a summary enters a history with what it took, and only if the
lines that it stands for are still those that were condensed.
"""

from __future__ import annotations

import msgspec

from adapters.store import codec
from adapters.store.database import Database, Statement
from adapters.store.facts import fact
from adapters.store.queries import statement
from adapters.store.tool_calls import aggregator_calls
from core.errors import StoreDamaged
from core.facts import Recalled
from core.records import TurnEnd, TurnStart
from core.types import Line

LAST_NUMBER = 2**63 - 1


class EpochRows:
    """A part of `SqlStore`."""

    _database: Database
    _epoch: int

    async def recalled(self, session: str, channel: str, *, upto: int | None = None) -> Recalled:
        last = LAST_NUMBER if upto is None else upto
        rows = await self._database.fetch(statement("recalled", session, last, channel))
        try:
            return Recalled(
                facts=tuple(fact(row) for row in rows if row["fact"]),
                lines=[
                    (row["number"], codec.unpack(row["line"], Line))
                    for row in rows
                    if not row["fact"]
                ],
            )
        except (ValueError, TypeError, msgspec.MsgspecError) as error:
            message = f"The store holds a line of a history that cannot be read: {error}"
            raise StoreDamaged(message) from error

    async def last_exchange(self, session: str) -> str | None:
        rows = await self._database.fetch(statement("last_exchange", session))
        return rows[0]["turn_id"] if rows else None

    async def renew(self, session: str, *, by: str, at: int) -> int | None:
        rows = await self._database.write(statement("renew", session, by, at))
        return rows[0]["number"] if rows else None

    async def unrenew(self, session: str, *, number: int | None = None, since: int) -> bool:
        return bool(await self._database.write(statement("unrenew", session, since, number or 0)))

    async def condense(
        self, start: TurnStart, end: TurnEnd, summary: Line | None, *, lines: int
    ) -> bool:
        spent = self._spent(start, end)
        if summary is None:
            await self._database.write(*spent)
            return False
        kept = (start.session, start.history, codec.pack(summary), start.turn_id)
        rows = await self._database.write(
            *spent, statement("condense", *kept, start.asker, start.started, lines)
        )
        return bool(rows)

    def _spent(self, start: TurnStart, end: TurnEnd) -> list[Statement]:
        """Write down what a summary took: a turn that nobody sees and that has no lines."""
        return [
            statement(
                "begin",
                *(start.turn_id, start.place.platform, start.session, None),
                *(codec.pack(start.preset), codec.pack(start.question)),
                *(start.asker, start.history, start.started, start.preset.name, start.origin),
                *(start.place.session, self._epoch),
            ),
            statement("finish", *codec.end_columns(end), self._epoch),
            *aggregator_calls(start.turn_id, end.calls, self._epoch),
            statement("remove_turn", start.turn_id),
            statement("delivered", start.turn_id, self._epoch),
        ]
