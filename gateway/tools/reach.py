"""What one turn may use of the tools, and whom it could ask: ever less of what is configured.

Decides what is offered and in which order. It runs nothing: `gateway.tools.executor` does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from core.authority import authorise

if TYPE_CHECKING:
    from core.authority import Approve
    from core.ports import ToolServer
    from core.records import Askable
    from core.types import Tool

log = structlog.get_logger()

_NAMED = 20  # tools in one line of the log
READY = 90.0
"""Seconds that a turn waits at most for servers that start; each has a shorter limit of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A tool as a turn may call it: whose it is, and when somebody is asked."""

    tool: Tool
    server: ToolServer
    approve: Approve


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The servers that a turn may use, each with when to ask, and who could be asked.

    `only` names servers or tools, as the file says of the place; None: everything. What would
    have to be refused is not offered: where nobody can be asked, only what needs no yes is. `told`
    are the servers of which the operator has heard what runs unasked.
    """

    servers: Sequence[tuple[ToolServer, Approve]] = ()
    only: Sequence[str] | None = None
    askable: Askable = "nobody"
    told: set[str] = field(default_factory=set)

    @property
    def usable(self) -> Sequence[tuple[ToolServer, Approve]]:
        """The servers of which anything may be used."""
        return [
            (server, approve)
            for server, approve in self.servers
            if (approve != "always" or self.askable != "nobody") and self._names(server)
        ]

    async def offered(self) -> Mapping[str, Offered]:
        """Give the tools by name, in an order that is always the same (MOA-19)."""
        await _ready([server for server, _ in self.usable])
        tools = [
            Offered(tool=tool, server=server, approve=approve)
            for server, approve in self.usable
            for tool in server.tools()
            if self.only is None or server.name in self.only or tool.name in self.only
            if authorise(approve, tool, askable=self.askable) != "refuse"
        ]
        tools.sort(key=lambda each: each.tool.name)
        self._tell(tools)
        return {each.tool.name: each for each in tools}

    def _tell(self, tools: Sequence[Offered]) -> None:
        """Log once what may change something and runs without a yes, whoever's text asks for it."""
        free: dict[str, list[str]] = {}
        for each in tools:
            if each.approve == "never" and not each.tool.reads_only:
                free.setdefault(each.server.name, []).append(each.tool.name)
        for server, names in free.items():
            if server not in self.told:
                self.told.add(server)
                why = "approve: never, and they do not claim to only read"
                log.warning("tools_run_unasked", server=server, tools=names[:_NAMED], why=why)

    def _names(self, server: ToolServer) -> bool:
        if self.only is None or server.name in self.only:
            return True
        return any(each.startswith(f"{server.name}__") for each in self.only)


async def _ready(servers: Sequence[ToolServer]) -> None:
    """Let servers come that are still starting; the turn goes on without those that do not."""
    with suppress(TimeoutError):
        async with asyncio.timeout(READY), asyncio.TaskGroup() as group:
            for server in servers:
                group.create_task(server.ready())
