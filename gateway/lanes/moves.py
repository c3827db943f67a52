"""Chats that go on under another id: the store learns it, the file follows, and so do lanes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.crashpoints import crashpoint
from core.records import StoredTurn
from core.scopes import moved_key
from core.storage import MOVED
from core.types import Address

if TYPE_CHECKING:
    from core.storage import Store
    from gateway.access.places import Places
    from gateway.lanes.sessions import Answerable


class Moves:
    """The moves: those since the program started are followed, all others are recalled."""

    def __init__(self, store: Store, places: Places) -> None:
        """Begin with none."""
        self._store = store
        self._places = places
        self._moves: list[tuple[Address, Address]] = []
        self._recalled: list[tuple[Address, Address]] = []

    async def recall(self) -> None:
        """Let what the file says hold for chats that have moved before."""
        moved = (await self._store.settings(MOVED)).items()
        self._recalled = [(Address.of(old), Address.of(new)) for old, new in moved]
        self.retell()

    def retell(self) -> None:
        """Let it hold for a file that was read again, too."""
        for old, new in (*self._recalled, *self._moves):
            self._places.moved(old, new)

    async def move(self, old: Address, new: Address) -> None:
        """Let a chat and all of its threads go on under another address."""
        await self._store.move(old, new)
        crashpoint("move.kept", old.platform)
        self._moves.append((old, new))
        self._places.moved(old, new)

    def followed(self, work: Answerable) -> Answerable:
        """Give work with the address that its chat has now."""
        if not self._moves:
            return work
        if isinstance(work, StoredTurn):
            start, place = work.start, self.now(work.start.place)
            return replace(work, start=replace(start, session=self.key(start.session), place=place))
        address = self.now(work.incoming.address)
        incoming = replace(work.incoming, address=address)
        return replace(work, incoming=incoming, session=self.key(work.session))

    def key(self, session: str) -> str:
        """Name a session as its chat is called now."""
        for old, new in self._moves:
            session = moved_key(session, old, new)
        return session

    def now(self, address: Address) -> Address:
        """Give a place as its chat is called now."""
        for old, new in self._moves:
            address = address.moved(old, new)
        return address
