"""Opens the tools of each turn, by what the file says of the place and who could be asked there.

Decides nothing about a call: `core.authority` and `gateway.tools.executor` do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from core.types import Message, Press
from gateway.tools.executor import Aside, Executor, Settled
from gateway.tools.reach import Reach

if TYPE_CHECKING:
    from core.authority import Approve
    from core.events import Tell
    from core.ports import Toolbox, ToolServer
    from core.records import Askable, ToolRound, TurnStart
    from core.storage import Turns
    from core.types import Incoming
    from gateway.access.places import Places
    from gateway.tools.approvals import Approvals

OpenTools: TypeAlias = "Callable[[Turns, Tell, Settled], Toolbox]"
"""Makes the tools of a turn, for the store and the listeners that it runs with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tooling:
    """The configured servers by name, and when their tools need somebody's yes."""

    approvals: Approvals
    servers: Mapping[str, ToolServer] = field(default_factory=dict)
    approve: Mapping[str, Approve] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    aside: Aside = nullcontext

    def in_chat(
        self,
        start: TurnStart,
        asked: Incoming | None,
        places: Places,
        rounds: Sequence[ToolRound] = (),
    ) -> OpenTools | None:
        """Give the tools of a chat's turn; `rounds` are those of an earlier run of it."""
        if not isinstance(asked, Message | Press):
            return self._opener(Reach(), start, rounds)
        place = places.at(asked.address, asked.author.circles, direct=asked.direct)
        askable = places.askable(asked.address, direct=asked.direct)
        return self._opener(self._reach(place.tools, askable), start, rounds)

    def for_program(self, start: TurnStart) -> OpenTools | None:
        """Give the tools of a turn on /v1: nobody is there to be asked, so only what never asks."""
        reach = self._reach(None, "nobody")
        free = [each for each in reach.servers if each[1] == "never"]
        return self._opener(replace(reach, servers=free), start)

    def _reach(self, only: Sequence[str] | None, askable: Askable) -> Reach:
        servers = [(each, self.approve[name]) for name, each in self.servers.items()]
        return Reach(servers=servers, only=only, askable=askable, told=self.told)

    def _opener(
        self, reach: Reach, start: TurnStart, rounds: Sequence[ToolRound] = ()
    ) -> OpenTools | None:
        if not reach.usable and not rounds:
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
                aside=self.aside,
            )

        return opened
