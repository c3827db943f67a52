"""What the store keeps of calls of tools: `core.storage.ToolCalls`, and its rows as values.

Decides what is written together: a call and the yes that it uses up change in one statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from adapters.store import codec
from adapters.store.database import Row, Statement, Value
from adapters.store.fence import FencedRows
from adapters.store.queries import statement, statement_of_rows
from core.outcomes import CallReport
from core.records import Approval, Decision, ToolRound, ToolStep
from core.types import Line


class ToolCallRows(FencedRows):
    """A part of `SqlStore`."""

    async def called(self, turn_id: str, round_: ToolRound, calls: Sequence[CallReport]) -> None:
        rows: list[tuple[Value, ...]] = [
            (
                *(turn_id, step.iteration, step.position),
                None if step.position else codec.pack(round_.line),
                *(step.state, step.text, int(step.failed), self._epoch),
            )
            for step in round_.steps
        ]
        writes = [statement_of_rows("add_tool_calls", rows)]
        made = aggregator_calls(turn_id, calls, self._epoch)
        await self._checkpointed(turn_id, *made, *writes)

    async def intend(self, turn_id: str, step: ToolStep) -> bool:
        at = (turn_id, step.iteration, step.position)
        if step.approval is None:
            return bool(await self._fenced(turn_id, statement("intend", *at, self._epoch)))
        allowed = statement("intend_allowed", *at, step.approval.digest, self._epoch)
        return bool(await self._fenced(turn_id, allowed))

    async def returned(self, turn_id: str, step: ToolStep) -> None:
        at = (turn_id, step.iteration, step.position)
        done = statement("returned", *at, step.text, int(step.failed), self._epoch)
        await self._fenced(turn_id, done)

    async def ask(self, turn_id: str, step: ToolStep, approval: Approval) -> None:
        await self._fenced(
            turn_id,
            statement(
                "ask",
                *(turn_id, step.iteration, step.position, approval.number),
                *(approval.server, approval.tool, approval.arguments),
                *(approval.digest, approval.expires, self._epoch),
            ),
        )

    async def decide(
        self, turn_id: str, number: int, decision: Decision, *, by: str, at: int
    ) -> bool:
        decided = statement("decide", turn_id, number, decision, by, at)
        return bool(await self._database.write(decided))


def aggregator_calls(turn_id: str, calls: Sequence[CallReport], epoch: int) -> list[Statement]:
    """Write down the aggregator's calls; those that are there already stay as they are."""
    rows = [
        (*codec.aggregator_row(turn_id, number, each), epoch)
        for number, each in enumerate(calls, 1)
    ]
    return [statement_of_rows("add_calls", rows)] if rows else []


def rounds(rows: Sequence[Row]) -> tuple[ToolRound, ...]:
    """Read a turn's calls of tools."""
    return tuple(
        _round(iteration, list(calls))
        for iteration, calls in groupby(rows, key=lambda row: int(row["iteration"]))
    )


def _round(iteration: int, rows: Sequence[Row]) -> ToolRound:
    line = codec.unpack(rows[0]["line"], Line)
    return ToolRound(iteration=iteration, line=line, steps=tuple(_step(row, line) for row in rows))


def _step(row: Row, line: Line) -> ToolStep:
    return ToolStep(
        iteration=row["iteration"],
        position=row["position"],
        call=line.tool_calls[row["position"]],
        state=row["state"],
        text=row["result"],
        failed=bool(row["failed"]),
        approval=None if row["number"] is None else _approval(row),
    )


def _approval(row: Row) -> Approval:
    return Approval(
        number=row["number"],
        server=row["server"],
        tool=row["tool"],
        arguments=row["arguments"],
        digest=row["digest"],
        expires=row["expires"],
        decision=row["decision"],
        by=row["decided_by"],
    )
