"""The one way to a tool: authorise, note, run, note what came of it.

Nothing else in the program calls a tool. What may be run is decided by `core.authority`; what is
asked waits in `gateway.tools.approvals`. References never get here: tools are the aggregator's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

import structlog

from core.authority import (
    NOBODY,
    PATIENCE,
    SPENT,
    Wanted,
    authorise,
    denial,
    grants,
    seal,
    settled,
    understood,
)
from core.crashpoints import crashpoint
from core.events import ApprovalChanged
from core.ports import ToolResult
from core.records import Approval, ToolStep
from core.types import ToolCall
from core.veil import kept_round
from gateway.logs import STRIKE

if TYPE_CHECKING:
    from core.events import Tell
    from core.outcomes import CallReport
    from core.ports import Pause
    from core.records import ToolRound, TurnStart
    from core.storage import Turns
    from core.types import Tool
    from gateway.tools.approvals import Approvals
    from gateway.tools.reach import Offered, Reach

Settled: TypeAlias = Callable[[], Awaitable[None]]
Aside: TypeAlias = Callable[[str], AbstractAsyncContextManager[object]]
"""Lets others have, for as long as that lasts, what a turn does not need meanwhile."""

log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Executor:
    """Fulfils `core.ports.Toolbox` for the turn of `start`.

    `settled` returns once all earlier checkpoints are kept. `kept` are the calls of an earlier
    run of the turn. `aside` is what the turn can do without while somebody is asked.
    """

    reach: Reach
    start: TurnStart
    store: Turns
    approvals: Approvals
    tell: Tell
    settled: Settled
    kept: Sequence[ToolStep] = ()
    aside: Aside = nullcontext
    asked: dict[int, Approval] = field(init=False)
    read: dict[str, None] = field(init=False, default_factory=dict)
    offered: Mapping[str, Offered] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        """Go on from what an earlier run has asked."""
        earlier = [step.approval for step in self.kept if step.approval is not None]
        self.asked = {each.number: each for each in earlier}

    async def ready(self) -> None:
        """See the port; the tools are the same for the whole turn (MOA-19).

        What an earlier run has asked is told again, before any server is waited for: it may not be
        shown yet, and its buttons have to go if the turn is stopped.
        """
        if self.offered is not None:
            return
        for approval in self.asked.values():
            self.tell(ApprovalChanged(approval=approval, askable=self.reach.askable))
        self.offered = offered = await self.reach.offered()
        for step in self.kept:
            if step.state == "done" and step.call.name in offered:
                self.read[offered[step.call.name].server.name] = None

    def tools(self) -> Sequence[Tool]:
        return tuple(each.tool for each in (self.offered or {}).values())

    async def begin(self, round_: ToolRound, calls: Sequence[CallReport]) -> None:
        await self.settled()
        kept, spent = kept_round(round_, calls, self.start.preset)
        crashpoint("tools.unkept", self.start.place.platform)
        await self.store.called(self.start.turn_id, kept, spent)
        crashpoint("tools.kept", self.start.place.platform)

    async def call(self, step: ToolStep, pause: Pause) -> ToolResult:
        with self.approvals.calling(self.start.turn_id):
            return await self._called(step, pause)

    async def _called(self, step: ToolStep, pause: Pause) -> ToolResult:
        tools = self.offered or {}
        wanted = understood(step.call, {name: each.tool for name, each in tools.items()})
        if isinstance(wanted, ToolResult):
            return await self._returned(step, wanted)
        offered = tools[wanted.tool.name]
        match authorise(offered.approve, wanted.tool, askable=self.reach.askable):
            case "refuse":
                refused = ToolResult(text=NOBODY, failed=True, ran=False)
                return await self._returned(step, refused)
            case "ask" if (
                step.approval is None and (said := settled(wanted, self.asked.values())) is not None
            ):
                return await self._returned(step, said)
            case "ask":
                approval, heard = await self._answer(step, wanted, pause)
                if not grants(approval, self._seal(step, wanted), now=heard):
                    return await self._returned(step, denial(approval))
                step = replace(step, approval=approval)
            case "run":
                step = replace(step, approval=None)
        return await self._run(step, wanted, offered)

    async def _run(self, step: ToolStep, wanted: Wanted, offered: Offered) -> ToolResult:
        """Run what is authorised; only what was noted first, and only once."""
        if not await self.store.intend(self.start.turn_id, step):
            return ToolResult(text=SPENT, failed=True, ran=False)
        crashpoint("tool.intended", self.start.place.platform)
        call = ToolCall(id=step.call.id, name=wanted.tool.name, arguments=wanted.arguments)
        result = await offered.server.call(call)
        crashpoint("tool.ran", self.start.place.platform)
        # A server may show what it was confided: to models, and by them to everybody.
        result = replace(result, text=STRIKE.text(result.text))
        self.read[offered.server.name] = None
        return await self._returned(step, result)

    async def _answer(self, step: ToolStep, wanted: Wanted, pause: Pause) -> tuple[Approval, int]:
        """Ask somebody, and wait for the answer; the turn's deadline waits too.

        Returns:
            The answer, and when it was heard (ms): after that, a turn may wait for what others
            have of it, and a yes that was given in time counts.
        """
        turn_id, read = self.start.turn_id, tuple(self.read)
        approval = step.approval
        if approval is None:
            approval = self._new(step, wanted)
            self.asked[approval.number] = approval
            await self.store.ask(turn_id, step, approval)
            crashpoint("approval.asked", self.start.place.platform)
        self.tell(ApprovalChanged(approval=approval, read=read, askable=self.reach.askable))
        with pause():
            async with self.aside(turn_id):
                approval = await self.approvals.decided(turn_id, approval, self.store)
                heard = self.approvals.now
        self.asked[approval.number] = approval
        log.info("approval", turn_id=turn_id, tool=approval.tool, decision=approval.decision)
        self.tell(ApprovalChanged(approval=approval, read=read, askable=self.reach.askable))
        return approval, heard

    def _new(self, step: ToolStep, wanted: Wanted) -> Approval:
        return Approval(
            number=max(self.asked, default=-1) + 1,
            server=wanted.tool.server,
            tool=wanted.tool.name,
            arguments=wanted.arguments,
            digest=self._seal(step, wanted),
            expires=self.approvals.now + PATIENCE * 1000,
        )

    def _seal(self, step: ToolStep, wanted: Wanted) -> str:
        place = (self.start.turn_id, step.iteration, step.position)
        return seal(wanted, place=place, asker=self.start.asker)

    async def _returned(self, step: ToolStep, result: ToolResult) -> ToolResult:
        done = replace(step, state="done", text=result.text, failed=result.failed)
        await self.store.returned(self.start.turn_id, done)
        crashpoint("tool.returned", self.start.place.platform)
        return result
