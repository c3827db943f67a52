"""Chats that go on under another id: the store learns it, and so does what waits in a lane."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.records import StoredTurn
from core.types import Address

if TYPE_CHECKING:
    from core.storage import Store
    from gateway.sessions import Work


class Moves:
    """The moves since the program started."""

    def __init__(self, store: Store) -> None:
        """Begin with none."""
        self._store = store
        self._moves: list[tuple[Address, Address]] = []

    async def move(self, old: Address, new: Address) -> None:
        """Let a chat and all of its threads go on under another address."""
        await self._store.move(old, new)
        self._moves.append((old, new))

    def followed(self, work: Work) -> Work:
        """Give work with the address that its chat has now."""
        if not self._moves:
            return work
        if isinstance(work, StoredTurn):
            session = self._now(Address.of(work.start.session)).session
            return replace(work, start=replace(work.start, session=session))
        address = self._now(work.incoming.address)
        return replace(work, incoming=replace(work.incoming, address=address))

    def _now(self, address: Address) -> Address:
        for old, new in self._moves:
            address = address.moved(old, new)
        return address
