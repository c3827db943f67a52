"""What became of a model call, and of a reference. Values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, TypeAlias

from core.types import Finish, Line, ToolCall, Usage

Outcome: TypeAlias = Literal["ok", "empty", "failed", "timed_out", "late", "skipped", "cancelled"]

GUIDANCE = 0
"""The position of what a synthesizer made of the references' advice (MOA-39)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReport:
    """One model call as it went: who was asked what, and what it took.

    `dollars` is None where the price is unknown (never $0). Seconds run from the wire;
    `started` is seconds after the turn began, below 0 where a turn that began earlier had asked
    and left it to this one. `lines` is the exact input. `iteration` counts the
    aggregator's answers of the turn from 1; a reference's call is made for one of them.
    """

    label: str
    lines: tuple[Line, ...] = ()
    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage = field(default_factory=Usage)
    dollars: Decimal | None = None
    started: float = 0.0
    seconds: float = 0.0
    first_token: float | None = None
    finish: Finish | None = None
    error: str | None = None
    iteration: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What became of one reference (MOA-9). `position` counts from 1, as people see it.

    What a synthesizer made of all advice stands beside it, at position 0 (MOA-39).
    `reason` is the failure's kind or why it was skipped: ours, never a vendor's text.
    `call` is None where nothing was asked. Where a fallback was asked, `label` is the fallback's
    and `in_place_of` the slot's own; `tried` are the calls of this slot that had failed before.
    """

    position: int
    label: str
    outcome: Outcome
    text: str = ""
    reason: str = ""
    role: str = ""
    call: CallReport | None = None
    in_place_of: str = ""
    tried: tuple[CallReport, ...] = ()

    @property
    def calls(self) -> tuple[CallReport, ...]:
        """Every call that was made for it, each of which is paid for (MOA-29)."""
        return self.tried if self.call is None else (*self.tried, self.call)

    @property
    def condenses(self) -> bool:
        """Whether this is the synthesizer's, and no reference's."""
        return self.position == GUIDANCE


def apart(advice: Sequence[Advice]) -> tuple[tuple[Advice, ...], Advice | None]:
    """Give the references' advice, and what a synthesizer made of it, if there is one."""
    references = tuple(each for each in advice if not each.condenses)
    return references, next((each for each in advice if each.condenses), None)
