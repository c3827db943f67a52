"""Takes in what the adapters received: stored first, then acknowledged, then handed on.

Decides what is refused before it is stored, and nothing about the answer. Whoever calls it may
acknowledge to the platform once it returns and must not if it raises (P1).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import Overloaded, StoreError, UsageError
from core.markup import whole
from core.texts import intake as said
from core.types import Edited, Message, Press
from gateway.inbox.finishing import STOPPING

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.types import Incoming
    from gateway.access.admission import Admission
    from gateway.access.limits import Limits
    from gateway.backlog.backlog import Backlog
    from gateway.inbox.storing import Storing

TEXT_LIMIT = 200_000
"""Characters of one question; longer than any model here takes."""
AGAIN = 70.0
"""Seconds in which somebody is told once that too much waits, wherever they ask: a minute, and the
seconds by which the first time may have been shown late."""


class DurableIntake:
    """The intake of every adapter."""

    def __init__(
        self,
        storing: Storing,
        *,
        admission: Admission,
        admit: Callable[[Incoming, str], None],
        limits: Limits,
        backlog: Backlog,
    ) -> None:
        """Give `storing` what concerns us and `admit` lets into its session."""
        self.storing = storing
        self._admission = admission
        self._admit = admit
        self.limits = limits
        self._backlog = backlog
        self._closed = False

    async def recall(self) -> None:
        """Learn, before anything is taken in, what has to be known of the time before.

        Raises:
            StoreError: it cannot be told.
        """
        await self._admission.recall()

    def close(self) -> None:
        """Take in nothing more: the program stops."""
        self._closed = True
        self.storing.finishing.close()

    def _require_open(self, incoming: Incoming) -> None:
        """Refuse what comes while the program stops; a messenger keeps it for the next start."""
        if not self._closed:
            return
        if self._admission.guards(incoming.address.platform):
            raise StoreError(STOPPING)
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
        if self.storing.knows(incoming) and await self.storing.again(incoming):
            return True
        admitted = await self._admitted(incoming)
        if admitted is None:
            return False
        late = self._backlog.late(incoming)
        incoming, session = admitted
        if late:
            return not self._backlog.full(incoming) and await self.storing.late(incoming, session)
        if _stands_in_line(incoming) and not self._has_room(incoming, session):
            return False
        return await self.storing.take(incoming, session)

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
