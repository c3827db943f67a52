"""What the aggregator may call, as protocols."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from core.outcomes import CallReport
from core.records import ToolRound, ToolStep
from core.types import Tool, ToolCall


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What a tool answered; an error is data for the model. `ran`: whether it was run at all."""

    text: str
    failed: bool = False
    ran: bool = True


Pause: TypeAlias = Callable[[], AbstractContextManager[None]]
"""Holds a deadline for as long as what it gives is entered."""


class Toolbox(Protocol):
    """The tools that the aggregator may call."""

    async def ready(self) -> None:
        """Return once it is known which there are; before the first call, and never two at once."""
        ...

    def tools(self) -> Sequence[Tool]:
        """List them; the same list for a whole turn."""
        ...

    async def begin(self, round_: ToolRound, calls: Sequence[CallReport]) -> None:
        """Keep an answer that calls tools, and what the aggregator took up to it (P4)."""
        ...

    async def call(self, step: ToolStep, pause: Pause) -> ToolResult:
        """Run one, if it may be; a failure is a result, not an exception.

        The turn's deadline is held by `pause` while somebody is asked.

        Raises:
            StoreError: it could not be noted before it ran, or its result not after it.
        """
        ...


class ToolServer(Protocol):
    """Somebody else's tools. Who may call which, and when a person is asked, is not its matter."""

    @property
    def name(self) -> str:
        """What the configuration calls it."""
        ...

    @property
    def problem(self) -> str:
        """Why none of its tools can be used now, for people; "" if they can."""
        ...

    async def ready(self) -> None:
        """Start it if it is not at work and hear what it offers; `problem` says how that went."""
        ...

    def tools(self) -> Sequence[Tool]:
        """Give what it offers now; nothing while it is of no use. Each name is unique."""
        ...

    async def call(self, call: ToolCall) -> ToolResult:
        """Run one of its tools, by the name that `tools` gives it.

        Whatever goes wrong is a result that a model can read. Cancelling it cancels the call.
        """
        ...
