"""Calls of tools, as a protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from core.outcomes import CallReport
from core.records import Approval, Decision, ToolRound, ToolStep


class ToolCalls(Protocol):
    """Calls of tools: what is to be run before it is, what came of it after (P4)."""

    async def called(self, turn_id: str, round_: ToolRound, calls: Sequence[CallReport]) -> None:
        """Keep an answer that calls tools, and all calls of the aggregator up to it."""
        ...

    async def intend(self, turn_id: str, step: ToolStep) -> bool:
        """Note that a call is about to be run. Commits before it returns.

        Where the step has an approval, that is used up with it, in one transaction.

        Returns:
            False if it must not be run: it was before, or there is no such yes.
        """
        ...

    async def returned(self, turn_id: str, step: ToolStep) -> None:
        """Keep the result of a call, run or not."""
        ...

    async def ask(self, turn_id: str, step: ToolStep, approval: Approval) -> None:
        """Note that somebody is asked about a call."""
        ...

    async def decide(
        self, turn_id: str, number: int, decision: Decision, *, by: str, at: int
    ) -> bool:
        """Decide an approval of a turn that runs, at `at` (ms); the first decision stands.

        Returns:
            Whether it did: False too where it has expired, unless that is the decision.
        """
        ...
