"""Which tools a turn may use, and whom it could ask: the configured servers, and ever less of them.

Decides what is offered, under which names and in which order. It runs nothing: `gateway.executor`
does.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from core.types import Message, Press
from gateway.executor import Executor, Settled
from gateway.reach import Offered, Reach

if TYPE_CHECKING:
    from core.authority import Approve
    from core.events import Tell
    from core.ports import Toolbox, ToolServer
    from core.records import Askable, ToolRound, TurnStart
    from core.storage import Turns
    from core.types import Incoming
    from gateway.approvals import Approvals
    from gateway.places import Places

OpenTools: TypeAlias = "Callable[[Turns, Tell, Settled], Toolbox]"
"""Makes the tools of a turn, for the store and the listeners that it runs with."""

READY = 15.0
"""Seconds that a turn waits for servers that are still starting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tooling:
    """The configured servers, and when their tools need somebody's yes."""

    approvals: Approvals
    servers: Mapping[str, ToolServer] = field(default_factory=dict)
    approve: Mapping[str, Approve] = field(default_factory=dict)

    async def in_chat(
        self,
        start: TurnStart,
        asked: Incoming | None,
        places: Places,
        rounds: Sequence[ToolRound] = (),
    ) -> OpenTools | None:
        """Give the tools of a chat's turn, by what the file says of the place."""
        if not isinstance(asked, Message | Press):
            return self._opener(Reach(), start, rounds)
        place = places.at(asked.address, asked.author.circles, direct=asked.direct)
        askable = places.askable(asked.address, direct=asked.direct)
        return self._opener(await self.reach(place.tools, askable), start, rounds)

    async def for_program(self, start: TurnStart) -> OpenTools | None:
        """Give the tools of a turn on /v1: nobody is there to be asked."""
        return self._opener(await self.reach(None, "nobody"), start)

    def _opener(
        self, reach: Reach, start: TurnStart, rounds: Sequence[ToolRound] = ()
    ) -> OpenTools | None:
        if not reach.tools and not rounds:
            return None

        def opened(store: Turns, tell: Tell, settled: Settled) -> Toolbox:
            return Executor(
                reach=reach,
                start=start,
                store=store,
                approvals=self.approvals,
                tell=tell,
                settled=settled,
                kept=[step for round_ in rounds for step in round_.steps],
            )

        return opened

    async def reach(self, allowed: Sequence[str] | None, askable: Askable) -> Reach:
        """Give what a turn may use of the servers `allowed`; None: of all of them.

        An entry names a server, or one tool of it: "files" or "files/read". Where nobody can be
        asked, only what never needs a yes is offered. The order is always the same (MOA-19).
        """
        names = [each for each in sorted(self.servers) if _named(each, allowed)]
        if askable == "nobody":
            names = [each for each in names if self.approve[each] == "never"]
        servers = [self.servers[each] for each in names]
        await _ready(servers)
        every = [
            Offered(tool=tool, server=server, name=tool.name, approve=self.approve[server.name])
            for server in servers
            for tool in server.tools()
            if allowed is None or server.name in allowed or f"{server.name}/{tool.name}" in allowed
        ]
        told = sorted(_told_apart(every), key=lambda each: each.tool.name)
        return Reach(tools={each.tool.name: each for each in told}, askable=askable)


async def _ready(servers: Sequence[ToolServer]) -> None:
    """Let servers that are still starting come; the turn goes on without those that do not."""
    with suppress(TimeoutError):
        async with asyncio.timeout(READY), asyncio.TaskGroup() as group:
            for server in servers:
                group.create_task(server.ready())


def _named(server: str, allowed: Sequence[str] | None) -> bool:
    return allowed is None or any(each.partition("/")[0] == server for each in allowed)


def _told_apart(offered: Sequence[Offered]) -> list[Offered]:
    """Put the server's name before tools that several servers call alike."""
    names = Counter(each.tool.name for each in offered)
    return [
        each
        if names[each.tool.name] == 1
        else replace(
            each, tool=replace(each.tool, name=f"{each.server.name}_{each.tool.name}"[:64])
        )
        for each in offered
    ]
