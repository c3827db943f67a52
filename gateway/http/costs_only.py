"""Keeps of a program's turns what they cost, and no word of what was said.

Decides what is left out; the store behind it does the keeping. A program on /v1 sends its whole
transcript on every step, so nothing that it said is ever needed again here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.outcomes import CallReport
from core.types import Line

if TYPE_CHECKING:
    from core.outcomes import Advice
    from core.records import Approval, Decision, StoredTurn, ToolRound, ToolStep, TurnEnd, TurnStart
    from core.storage import Turns


@dataclass(frozen=True, slots=True)
class CostsOnly:
    """`core.ports.Turns` over another one, without the texts."""

    turns: Turns

    async def begin(self, start: TurnStart) -> None:
        await self.turns.begin(replace(start, question=Line(role="user")))

    async def landed(self, turn_id: str, round_: int, advice: Advice) -> None:
        await self.turns.landed(turn_id, round_, _silent(advice))

    async def references_done(self, turn_id: str, round_: int, rest: Sequence[Advice]) -> None:
        await self.turns.references_done(turn_id, round_, [_silent(each) for each in rest])

    async def called(self, turn_id: str, round_: ToolRound, calls: Sequence[CallReport]) -> None:
        """Keep nothing: a program's turn that was cut is not taken up again."""

    async def intend(self, turn_id: str, step: ToolStep) -> bool:
        """Let it run: nothing of it is known here, so only what needs no yes may."""
        return step.approval is None

    async def returned(self, turn_id: str, step: ToolStep) -> None:
        """Keep nothing, as above."""

    async def ask(self, turn_id: str, step: ToolStep, approval: Approval) -> None:
        """Ask nobody: a program's turn runs in no chat."""

    async def decide(
        self, turn_id: str, number: int, decision: Decision, *, by: str, at: int
    ) -> bool:
        return False

    async def finish(self, end: TurnEnd) -> None:
        calls = tuple(_wordless(call) for call in end.calls)
        await self.turns.finish(replace(end, answer="", calls=calls, lines=()))

    async def delivered(self, turn_id: str) -> None:
        await self.turns.delivered(turn_id)

    async def attempt(self, turn_id: str) -> int:
        return await self.turns.attempt(turn_id)

    async def unfinished(self) -> Sequence[StoredTurn]:
        return await self.turns.unfinished()

    async def turn(self, turn_id: str) -> StoredTurn | None:
        return await self.turns.turn(turn_id)


def _silent(advice: Advice) -> Advice:
    call = None if advice.call is None else _wordless(advice.call)
    return replace(advice, text="", call=call, tried=tuple(map(_wordless, advice.tried)))


def _wordless(call: CallReport) -> CallReport:
    return replace(call, lines=(), text="", tool_calls=())
