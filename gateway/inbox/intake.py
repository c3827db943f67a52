"""Takes in what the adapters received: stored first, then acknowledged, then handed on.

Decides what is refused before it is stored, and nothing about the answer. Whoever calls it may
acknowledge to the platform once it returns and must not if it raises (P1).
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from core.crashpoints import crashpoint
from core.errors import Overloaded, StoreError, UsageError
from core.markup import whole
from core.recent import Recent
from core.texts import intake as said
from core.turnstile import Turnstile
from core.types import Command, Deleted, Edited, Message, Moved, Press

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from core.records import Accepted
    from core.types import Incoming
    from gateway.access.admission import Admission
    from gateway.access.limits import Limits
    from gateway.backlog.backlog import Backlog
    from gateway.patience import PatientStore

TEXT_LIMIT = 200_000
"""Characters of one question; longer than any model here takes."""
PER_ROUND = 4
"""What is stored in one round of the loop: a flood takes its time from nobody's answer. What is
refused does not stand in between: others would wait behind it."""
AGAIN = 70.0
"""Seconds in which somebody is told once that too much waits, wherever they ask: a minute, and the
seconds by which the first time may have been shown late."""
MOST_REMEMBERED = 10_000


class DurableIntake:
    """The intake of every adapter."""

    def __init__(
        self,
        inbox: PatientStore,
        handle: Callable[[Accepted], Awaitable[None]],
        *,
        admission: Admission,
        admit: Callable[[Incoming, str], None],
        limits: Limits,
        backlog: Backlog,
    ) -> None:
        """Store into `inbox` what concerns us and `admit` lets into its session.

        `handle` only queues.
        """
        self._inbox = inbox
        self._admission = admission
        self._handle = handle
        self._admit = admit
        self.limits = limits
        self._backlog = backlog
        self._closed = False
        self._stile = Turnstile(PER_ROUND)
        self._unsure = Recent[tuple[str, str], bool](MOST_REMEMBERED)

    async def recall(self) -> None:
        """Learn, before anything is taken in, what has to be known of the time before.

        Raises:
            StoreError: it cannot be told.
        """
        await self._admission.recall()

    def close(self) -> None:
        """Take in nothing more: the program stops."""
        self._closed = True

    def _require_open(self, incoming: Incoming) -> None:
        """Refuse what comes while the program stops; a messenger keeps it for the next start."""
        if not self._closed:
            return
        if self._admission.guards(incoming.address.platform):
            raise StoreError("the gateway is stopping, so this was not taken in")
        raise Overloaded(said.STOPPING)

    async def __call__(self, incoming: Incoming) -> bool:
        """Store it and hand it on; False if it was here before, or does not concern us.

        Raises:
            UserError: there is nothing in it, or far too much, or its author is not let in or
                asks too often; it is not stored.
            Overloaded: the program stops, or too much waits already; it is not stored.
            StoreError: it could not be stored, or what comes from a messenger comes while the
                program stops; do not acknowledge it.
        """
        if not _stands_by_itself(incoming) and (left := await self._left(incoming)) is not None:
            await self._hand_on(left)  # it is stored, and may say by now what is known already
            return True
        admitted = await self._admitted(incoming)
        if admitted is None:
            return False
        late = self._backlog.late(incoming)
        incoming, session = admitted
        if late:
            return await self._late(incoming, session)
        if _stands_in_line(incoming) and not self._has_room(incoming, session):
            return False
        with self.limits.entering(incoming, session):
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
        """Take in what came long ago: nobody was too quick, and nothing waits in line for it."""
        if self._backlog.full(incoming):
            return False
        accepted = await self._accepted(incoming, session)
        if accepted is None:
            return False
        try:
            await self._backlog.take(accepted)
        except (StoreError, asyncio.CancelledError):
            self._unsure[_event(incoming)] = True  # it is offered again, and put aside then
            raise
        return True

    def _has_room(self, incoming: Incoming, session: str) -> bool:
        """Tell whether it may wait in line; of a burst that may not, its author is told once.

        Raises:
            Overloaded: it may not, and is the first of those.
        """
        try:
            self._admit(incoming, session)
        except Overloaded:
            platform = incoming.address.platform
            waits = not self._admission.guards(platform) or isinstance(incoming, Press)
            whose = ("full", platform, incoming.author.id)
            if self.limits.refusals.may_tell(whose, AGAIN, incoming.address, waits=waits):
                raise
            return False
        return True

    async def _accepted(self, incoming: Incoming, session: str) -> Accepted | None:
        crashpoint("intake.unstored", incoming.address.platform)
        try:
            accepted = await self._inbox.accept(incoming, session)
        except (StoreError, asyncio.CancelledError):
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

    async def admitted(self, incoming: Incoming) -> Incoming | None:
        """Say what it would be taken in as, None if it does not concern us; store nothing.

        Raises:
            UserError, Overloaded, StoreError: it would not be taken in, as above.
        """
        admitted = await self._admitted(incoming)
        return admitted[0] if admitted else None

    async def _admitted(self, incoming: Incoming) -> tuple[Incoming, str] | None:
        self._require_open(incoming)
        concerning = await self._admission.admit(incoming)
        if concerning is None or _says_nothing(concerning):
            return None
        checked = _checked(concerning)
        session = await self._admission.session(checked)
        page = not self._admission.guards(checked.address.platform)
        late = self._backlog.late(incoming)
        taken = late or self.limits.require(checked, session, answers=page)
        return (checked, session) if taken else None


def _event(incoming: Incoming) -> tuple[str, str]:
    return incoming.address.platform, incoming.event_id


def _stands_by_itself(incoming: Incoming) -> bool:
    """Tell whether it is somebody's word, and not about a message or a chat that is known."""
    return not isinstance(incoming, Edited | Deleted | Moved)


def _stands_in_line(incoming: Incoming) -> bool:
    """Tell whether it asks something, so that it waits for what was asked before."""
    match incoming:
        case Message() | Press(action="retry" | "advise"):
            return True
        case _:
            return False


def _says_nothing(incoming: Incoming) -> bool:
    """Tell whether it is a message without content that nobody addressed to us."""
    if not isinstance(incoming, Message) or incoming.direct or incoming.addressed:
        return False
    return not incoming.text.strip() and not incoming.attachments


def _checked(incoming: Incoming) -> Incoming:
    """Refuse what cannot be asked; a text is taken in whole characters."""
    if isinstance(incoming, Edited):
        checked = _checked(incoming.message)
        return replace(incoming, message=checked) if isinstance(checked, Message) else incoming
    if not isinstance(incoming, Message):
        return incoming
    text = whole(incoming.text)
    if not (text.strip() or incoming.attachments or incoming.answers):
        raise UsageError(said.EMPTY)
    if len(text) > TEXT_LIMIT:
        raise UsageError(said.too_long(len(text), TEXT_LIMIT))
    return replace(incoming, text=text)
