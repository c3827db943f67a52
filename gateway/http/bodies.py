"""What programs on /v1 may hold in memory with their requests, all of them together (P5).

Decides when one more request is too much. A body is counted as long as its answer is under way,
since the turn needs what it says; nobody but who has a key comes this far. It reads nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from core.errors import Overloaded
from core.texts import intake as said

BODY_BYTES: Final = 20 * 1024 * 1024
"""The longest body that is read at once (pictures on /v1); the chat's own limit is far lower."""
ROOM: Final = 256 * 1024 * 1024
"""Bytes of requests under way."""
LEAST: Final = 64 * 1024
"""Bytes that a request counts for, however short it is: it becomes a turn."""


class Bodies:
    """The requests that are under way. No key takes more than half of what others leave."""

    def __init__(self) -> None:
        """Begin with none."""
        self._held: Counter[str] = Counter()

    @contextmanager
    def room(self, key: str, length: int | None) -> Iterator[None]:
        """Hold room for a body of `length` bytes; one that does not say has the longest.

        Raises:
            Overloaded: there is none.
        """
        size = max(LEAST, BODY_BYTES if length is None else min(length, BODY_BYTES))
        others = self._held.total() - self._held[key]
        if self._held[key] + size > (ROOM - others) // 2:
            raise Overloaded(said.TOO_MUCH_SENT)
        self._held[key] += size
        try:
            yield
        finally:
            self._held[key] -= size
            if not self._held[key]:
                del self._held[key]
