"""What the store knows of money: `core.storage.Costs`.

Decides nothing about budgets. A sum is read exactly to a millionth of a millionth of a dollar,
whatever the database computes with.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import msgspec

from adapters.store.database import Database, Row
from adapters.store.queries import statement
from core.outcomes import CallReport
from core.records import Cost, ModelCost, Spent, Whose
from core.types import Usage

DIGITS = 12


class CostRows:
    """A part of `SqlStore`."""

    _database: Database

    async def costs(self, whose: Whose, *, since: int, until: int) -> Sequence[Cost]:
        wanted = (whose.platform, whose.asker, whose.channel, whose.preset)
        rows = await self._database.fetch(statement("costs", since, until, *wanted))
        return [_cost(row) for row in rows]

    async def costs_of_models(self, *, since: int, until: int) -> Sequence[ModelCost]:
        rows = await self._database.fetch(statement("costs_of_models", since, until))
        found = {row["model"]: _model(row) for row in rows}
        for row in await self._database.fetch(statement("costs_of_failures", since, until)):
            for call in msgspec.convert(json.loads(row["tried"]), tuple[CallReport, ...]):
                found[call.label] = _with(found.get(call.label), call)
        return [found[label] for label in sorted(found)]


def _cost(row: Row) -> Cost:
    return Cost(
        whose=Whose(
            platform=row["platform"],
            asker=row["asker"],
            channel=row["place"],
            preset=row["preset_name"],
        ),
        spent=Spent(
            dollars=_amount(row["dollars"]), turns=row["turns"], priced=bool(row["priced"])
        ),
        unpriced=int(row["unpriced"]),
    )


def _model(row: Row) -> ModelCost:
    return ModelCost(
        label=row["model"],
        calls=row["times"],
        usage=Usage(input=row["input"], cache_read=row["cache_read"], output=row["output"]),
        dollars=_amount(row["dollars"]),
        priced=bool(row["priced"]),
    )


def _with(cost: ModelCost | None, call: CallReport) -> ModelCost:
    """Add a call that failed before a fallback was asked."""
    known = cost or ModelCost(label=call.label)
    return replace(
        known,
        calls=known.calls + 1,
        usage=known.usage + call.usage,
        dollars=known.dollars + (call.dollars or Decimal(0)),
        priced=known.priced and call.dollars is not None,
    )


def _amount(value: float | Decimal | None) -> Decimal:
    """Read a sum: SQLite adds up in binary fractions, whose last digits mean nothing."""
    return round(Decimal(repr(value) if isinstance(value, float) else value or 0), DIGITS)
