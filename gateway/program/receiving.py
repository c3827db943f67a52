"""The half of the gateway that receives: what lets in, queues, and does what people ask for.

Decides what is made of what, one part after the other; each is made when somebody asks for it.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import structlog

from gateway.access.admission import Admission
from gateway.access.doorkeeper import Doorkeeper
from gateway.access.limits import Limits
from gateway.access.refusals import Refusals
from gateway.access.scopes import Scopes
from gateway.backlog.backlog import Backlog
from gateway.commands.acts import Acts
from gateway.commands.desk import Desk, Health
from gateway.delivery.asides import Asides
from gateway.inbox.arrivals import Arrivals
from gateway.inbox.changes import Changes
from gateway.inbox.dispatch import Dispatch
from gateway.inbox.finishing import Finishing
from gateway.inbox.intake import DurableIntake
from gateway.inbox.storing import Storing
from gateway.lanes.line import Line
from gateway.lanes.poison import Poison
from gateway.lanes.sessions import Sessions
from gateway.privacy.lanes import LiveLanes
from gateway.program.answering import Answering

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from core.records import Accepted
    from gateway.lanes.sessions import Work
    from gateway.privacy.forgetting import Forgetting
    from gateway.program.ground import Ground

log = structlog.get_logger()


class Receiving:
    """Its parts, and `answering`, which it hands questions to."""

    def __init__(self, ground: Ground, root: asyncio.TaskGroup) -> None:
        """Begin with empty lanes; tasks are born in `root`."""
        self._ground = ground
        self._root = root
        self.sessions = Sessions(root, self._perform)
        self.answering = Answering(ground, root, lambda: self.sessions)
        self.asides = Asides(root, self.answering.chats)
        self.poison = Poison(keep=self.answering.keep, chats=self.answering.chats)

    async def _perform(self, work: Work) -> None:
        await self.dispatch.perform(work)

    async def _put(self, accepted: Accepted) -> None:
        await self.dispatch(accepted)

    @cached_property
    def line(self) -> Line:
        """What tells people that they wait."""
        exchange = self.answering.exchange
        return Line(self._root, self.sessions, exchange.keep, exchange.chats, exchange.budgets)

    @cached_property
    def backlog(self) -> Backlog:
        """What came long ago."""
        return Backlog(self._root, self.answering.exchange, self._put)

    @cached_property
    def doors(self) -> Doorkeeper:
        """Who is let in by whom."""
        parts = self.answering
        return Doorkeeper(
            keep=parts.keep, grants=parts.places.grants, asides=self.asides, chats=parts.chats
        )

    @cached_property
    def forgetting(self) -> Forgetting:
        """What takes somebody out of everything."""
        parts = self.answering
        running, halt = parts.exchange.running, parts.exchange.runner.stop_soon
        lanes = LiveLanes(sessions=self.sessions, running=running, halt=halt)
        return parts.keeping.forgetting(self._ground.store, lanes, parts.cache.clear)

    @cached_property
    def changes(self) -> Changes:
        """What is done when somebody changes what they said."""
        parts = self.answering
        return Changes(
            exchange=parts.exchange,
            sessions=self.sessions,
            places=parts.places,
            asides=self.asides,
            untrace=self._untrace,
        )

    async def _untrace(self, session: str, turns: Sequence[str]) -> None:
        self.answering.cache.clear()
        if not self._ground.config.trace_dir.is_dir():
            return
        try:
            await self._ground.outside.traces.drop(session, lambda line: line.turn_id in turns)
        except OSError as error:
            log.warning("traces_not_changed", session=session, error=str(error))

    @cached_property
    def dispatch(self) -> Dispatch:
        """Where everything goes that was let in."""
        parts = self.answering
        return Dispatch(
            sessions=self.sessions,
            acts=Acts(desk=self._desk()),
            keep=parts.keep,
            over=parts.keeping.sparing.over,
            arrivals=self._arrivals(),
            changes=self.changes,
            line=self.line,
            poison=self.poison,
        )

    def _desk(self) -> Desk:
        parts = self.answering
        return Desk(
            exchange=parts.exchange,
            choices=parts.choices,
            places=parts.places,
            asides=self.asides,
            accounts=parts.accounts,
            doors=self.doors,
            health=self._health(),
            keeping=parts.keeping,
            forgetting=self.forgetting,
            scopes=Scopes(places=parts.places, store=self._ground.store),
        )

    def _health(self) -> Health:
        return Health(
            unavailable=self.answering.live.unavailable,
            left_alone=self._ground.models.left_alone,
            sessions=self.sessions,
            backlog=self.backlog,
        )

    def _arrivals(self) -> Arrivals:
        parts = self.answering
        return Arrivals(
            store=self._ground.store,
            places=parts.places,
            choices=parts.choices,
            chats=parts.chats,
            kept=parts.keeping.kept,
        )

    @cached_property
    def intake(self) -> DurableIntake:
        """What the chats hand everything to."""
        parts, clock = self.answering, self._ground.world.clock
        refusals = Refusals(clock, parts.exchange.budgets)
        limits = Limits(self._ground.config.settings.limits, clock, self.sessions.of, refusals)
        admission = Admission(
            parts.places, self.doors, self._ground.store, parts.live.catalogue, refusals
        )
        storing = Storing(
            parts.keep,
            self.dispatch,
            finishing=Finishing(self._root),
            admission=admission,
            limits=limits,
            backlog=self.backlog,
        )
        return DurableIntake(
            storing,
            admission=admission,
            admit=self.sessions.admit,
            limits=limits,
            backlog=self.backlog,
        )
