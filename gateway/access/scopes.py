"""In which session something is said or asked: by the settings of its place, and by who it is.

Decides nothing else: `core.scopes` names the sessions, `gateway.lanes.sessions` has their lanes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.scopes import is_shared, session_key
from core.types import Added, Deleted, Edited, Moved, Press

if TYPE_CHECKING:
    from core.scopes import SessionScope
    from core.storage import Store
    from core.types import Command, Incoming, Message
    from gateway.access.places import Places


@dataclass(frozen=True, slots=True, kw_only=True)
class Scopes:
    """The sessions of all places."""

    places: Places
    store: Store

    async def session(self, incoming: Incoming) -> str:
        """Name the session that something belongs to: a press belongs where its turn does.

        Raises:
            StoreError: nobody can tell which turn is meant.
        """
        if isinstance(incoming, Moved | Deleted | Added):
            return incoming.address.session
        if isinstance(incoming, Edited):
            incoming = incoming.message
        if isinstance(incoming, Press) and incoming.turn_id:
            turn = await self.store.turn(incoming.turn_id)
            if turn is not None:
                return turn.start.session
        scope, direct = self._scope(incoming), incoming.direct
        return session_key(incoming.address, incoming.author.id, scope, direct=direct)

    def shares(self, incoming: Message | Command | Press) -> bool:
        """Tell whether more than one person may speak in that session."""
        if not self.places.guarded(incoming.address.platform):
            return False
        return is_shared(self._scope(incoming), direct=incoming.direct)

    def of_one_person(self, incoming: Message | Command | Press) -> bool:
        """Tell whether everybody has a session of their own there."""
        return self._scope(incoming) == "user" and not incoming.direct

    def _scope(self, incoming: Message | Command | Press) -> SessionScope:
        circles = incoming.author.circles
        return self.places.at(incoming.address, circles, direct=incoming.direct).session
