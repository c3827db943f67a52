"""Which terms hold in a session: what the file says of its place, word by word (ADR 0040).

Decides which row is asked for which term. It deletes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING

from core.retention import KINDS, Term, Terms, shorter
from core.types import Address

if TYPE_CHECKING:
    from collections.abc import Collection

    from core.storage import Store
    from gateway.access.places import Places
    from gateway.config.chats import Retention


_OURS = frozenset({"web", "console", "v1"})
"""Platforms that are there without a word in the file."""


class KeptFor:
    """The terms of every place."""

    def __init__(self, places: Places, store: Store) -> None:
        """Read the file as `places` has it; `store` knows where a session is."""
        self._places = places
        self._store = store

    @property
    def everywhere(self) -> Terms:
        """What holds where a place has no word of its own."""
        return _over(Terms(), self._places.settings.retention)

    @property
    def _said(self) -> list[Retention]:
        said = self._places.settings
        rows = (said.defaults, *said.workspaces, *said.channels)
        return [each.retention for each in rows if each.retention is not None]

    def there(self, address: Address, circles: Collection[str]) -> Terms:
        """Give what holds in a place; `circles` are those of somebody in it."""
        rows = self._places.rows(address, circles)
        return reduce(_over, [each.retention for each in rows], self.everywhere)

    async def of(self, session: str) -> Terms:
        """Give what holds in a session.

        Raises:
            StoreError: nobody can tell where it is.
        """
        if not self._said:
            return self.everywhere
        seen = await self._store.whereabouts(session)
        if seen is None:
            return self.there(Address.of(session), ())
        return self.there(seen.place, seen.circles)

    def answers(self, session: str) -> bool:
        """Tell whether what waits in a session will be answered: its platform is configured."""
        platform = Address.of(session).platform
        return platform in _OURS or platform in self._places.settings.platforms

    def shortest(self, kind: str) -> Term:
        """Give the shortest term that holds anywhere, of "messages" or another kind."""
        rows = [self.everywhere, *(_over(self.everywhere, each) for each in self._said)]
        terms: list[Term] = [getattr(each, kind) for each in rows]
        return reduce(shorter, terms)

    @property
    def spares_nothing(self) -> bool:
        """Tell whether there is a place that keeps no messages, or no files, after their turn."""
        return 0 in {self.shortest("messages"), self.shortest("files")}


def _over(terms: Terms, said: Retention | None) -> Terms:
    """Give the terms of the level above, as far as the more exact one says nothing."""
    if said is None:
        return terms
    named = {kind: getattr(said, kind) for kind in KINDS}
    return replace(terms, **{kind: each.seconds for kind, each in named.items() if each})
