"""Stores what was let in, and hands it on.

Decides what is handed on when it is offered again. Whoever offers something may go away: what was
begun with it is done to its end. It refuses nothing.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from core.crashpoints import crashpoint
from core.errors import StoreError
from core.recent import Recent
from core.turnstile import Turnstile
from core.types import Command, Deleted, Edited, Message, Moved

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from core.records import Accepted
    from core.types import Incoming
    from gateway.access.admission import Admission
    from gateway.access.limits import Limits
    from gateway.backlog.backlog import Backlog
    from gateway.inbox.finishing import Finishing
    from gateway.patience import PatientStore

PER_ROUND = 4
"""What is stored in one round of the loop: a flood takes its time from nobody's answer. What is
refused does not stand in between: others would wait behind it."""
MOST_REMEMBERED = 10_000


class Storing:
    """What stands behind the intake. `handle` only queues."""

    def __init__(
        self,
        inbox: PatientStore,
        handle: Callable[[Accepted], Awaitable[None]],
        *,
        finishing: Finishing,
        admission: Admission,
        limits: Limits,
        backlog: Backlog,
    ) -> None:
        """Store into `inbox`, and tell the others what they count."""
        self._inbox = inbox
        self._handle = handle
        self.finishing = finishing
        self._admission = admission
        self._limits = limits
        self._backlog = backlog
        self._stile = Turnstile(PER_ROUND)
        self._unsure = Recent[tuple[str, str], bool](MOST_REMEMBERED)

    def knows(self, incoming: Incoming) -> bool:
        """Tell whether it is at work, or may be stored and say by now what is known already."""
        event = _event(incoming)
        return event in self.finishing or (
            event in self._unsure and isinstance(incoming, Edited | Deleted | Moved)
        )

    async def again(self, incoming: Incoming) -> bool:
        """Wait for what is done with it, or hand it on; False if that comes to nothing."""
        return await self.finishing.done(_event(incoming), partial(self._again, incoming))

    async def take(self, incoming: Incoming, session: str) -> bool:
        """Store it and hand it on; False if it was here before."""
        work = partial(self._take, incoming, session)
        with self._limits.entering(incoming, session):
            return await self.finishing.done(_event(incoming), work)

    async def late(self, incoming: Incoming, session: str) -> bool:
        """Take in what came long ago: nobody was too quick, and nothing waits in line for it."""
        work = partial(self._late, incoming, session)
        return await self.finishing.done(_event(incoming), work)

    async def _again(self, incoming: Incoming) -> bool:
        left = await self._left(incoming)
        if left is not None:
            await self._hand_on(left)
        return left is not None

    async def _take(self, incoming: Incoming, session: str) -> bool:
        await self._stile.passed()
        accepted = await self._accepted(incoming, session)
        if accepted is None:
            return False
        await self._hand_on(accepted)
        return True

    async def _hand_on(self, accepted: Accepted) -> None:
        """Hand it on; what could not be is, when it is offered again: it is stored all the same."""
        incoming, handed = accepted.incoming, False
        try:
            await self._admission.took(incoming)
            handed = isinstance(incoming, Message | Command)  # these are in line, or done
            await self._handle(accepted)
        except (StoreError, asyncio.CancelledError):
            if not handed:
                self._unsure[_event(incoming)] = True
            raise

    async def _late(self, incoming: Incoming, session: str) -> bool:
        accepted = await self._accepted(incoming, session)
        if accepted is None:
            return False
        try:
            await self._backlog.take(accepted)
        except (StoreError, asyncio.CancelledError):
            self._unsure[_event(incoming)] = True  # it is offered again, and put aside then
            raise
        return True

    async def _accepted(self, incoming: Incoming, session: str) -> Accepted | None:
        crashpoint("intake.unstored", incoming.address.platform)
        try:
            accepted = await self._inbox.accept(incoming, session)
        except BaseException:  # whatever it is, it may be stored
            self._unsure[_event(incoming)] = True
            raise
        crashpoint("intake.stored", incoming.address.platform)
        return accepted or await self._left(incoming)

    async def _left(self, incoming: Incoming) -> Accepted | None:
        """Give what is offered again because nobody could tell whether it was stored: it was.

        It waits, and nothing has begun with it. Anything else that was here before is done with,
        or somebody is at it.
        """
        if self._unsure.pop(_event(incoming)) is None:
            return None
        try:
            kept = await self._inbox.store.kept(*_event(incoming))
        except StoreError:
            self._unsure[_event(incoming)] = True
            raise
        return kept.accepted if kept is not None and kept.waiting else None


def _event(incoming: Incoming) -> tuple[str, str]:
    return incoming.address.platform, incoming.event_id
