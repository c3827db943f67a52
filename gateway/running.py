"""Which turn is at work in which session, and whose it is. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.types import Address


class Running:
    """The turns of this process; a session has one at a time."""

    def __init__(self) -> None:
        """Begin with none."""
        self._turns: dict[str, tuple[str, str]] = {}

    @contextmanager
    def kept(self, session: str, turn_id: str, asker: str) -> Iterator[None]:
        """Know a turn for as long as this lasts."""
        self._turns[session] = (turn_id, asker)
        try:
            yield
        finally:
            del self._turns[session]

    def find(self, address: Address, person: str) -> tuple[str, str] | None:
        """Give the turn (and its asker) that runs in a place, else the newest one below it.

        Whoever says "stop" in a channel may mean a question in one of its threads, their own
        rather than another's: not every platform takes commands there.
        """
        session = address.session
        if session in self._turns or address.thread is not None:
            return self._turns.get(session)
        below = [each for key, each in self._turns.items() if key.startswith(f"{session}/")]
        own = [each for each in below if each[1] == person]
        return next(reversed(own or below), None)
