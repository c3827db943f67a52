"""A server of tools that does what a test says, and remembers what it was asked to do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from core.ports import ToolResult
from core.types import Tool, ToolCall


class FakeServer:
    """Fulfils ToolServer. A tool that begins with "get" only reads; each call takes `seconds`."""

    def __init__(
        self,
        name: str = "files",
        *tools: str,
        answer: Callable[[ToolCall], str] = lambda call: f"did {call.arguments}",
        seconds: float = 0.0,
    ) -> None:
        self._name = name
        self._tools = tuple(
            Tool(name=f"{name}__{tool}", server=name, reads_only=tool.startswith("get"))
            for tool in tools
        )
        self._answer = answer
        self._seconds = seconds
        self.calls: list[ToolCall] = []
        self.starts = 0

    @property
    def name(self) -> str:
        return self._name

    @property
    def problem(self) -> str:
        return ""

    async def ready(self) -> None:
        self.starts += 1

    def tools(self) -> Sequence[Tool]:
        return self._tools if self.starts else ()

    async def call(self, call: ToolCall) -> ToolResult:
        self.calls.append(call)
        await asyncio.sleep(self._seconds)
        return ToolResult(text=self._answer(call))
