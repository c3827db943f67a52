"""Which turn is at work where, and whose it is. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.types import Address


class Running:
    """The turns of this process. A session has one at a time; a place may have several."""

    def __init__(self) -> None:
        """Begin with none."""
        self._turns: dict[str, tuple[Address, str]] = {}
        self._sessions: dict[str, str] = {}

    @contextmanager
    def kept(self, place: Address, turn_id: str, asker: str, session: str) -> Iterator[None]:
        """Know a turn for as long as this lasts."""
        self._turns[turn_id] = (place, asker)
        self._sessions[turn_id] = session
        try:
            yield
        finally:
            del self._turns[turn_id], self._sessions[turn_id]

    def of(self, session: str, person: str = "") -> list[str]:
        """Give the turns that run in a session, of one person or of anybody."""
        there = [turn_id for turn_id, where in self._sessions.items() if where == session]
        return [turn_id for turn_id in there if person in {"", self._turns[turn_id][1]}]

    def find(self, address: Address, person: str) -> tuple[str, str] | None:
        """Give a turn (and its asker) that runs in a place, else the newest one below it.

        Of several it is the newest of this person, else of anybody. Whoever says "stop" in a
        channel may mean a question in one of its threads: not every platform takes commands there.
        """
        found = self._at(lambda place: place == address)
        if not found and address.thread is None:
            found = self._at(lambda place: replace(place, thread=None) == address)
        own = [each for each in found if each[1] == person]
        return next(reversed(own or found), None)

    def _at(self, there: Callable[[Address], bool]) -> list[tuple[str, str]]:
        return [(turn, asker) for turn, (place, asker) in self._turns.items() if there(place)]
