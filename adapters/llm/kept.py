"""What an answer may keep in memory until its end, beside its words: calls, signatures, items.

Decides where an honest answer ends. Words and thoughts are told as they come, and counted by
`http_model`; what is kept grows with every piece of a stream, however little is in it (P5).
"""

from __future__ import annotations

from core.errors import ModelBroken

ENDLESS = "The provider's answer has no end"
LONGEST_KEPT = 16 * 1024 * 1024
"""Characters, more or less: many times what any model writes into calls of tools."""
PIECE = 64
"""What a piece takes beyond its characters."""
MOST_CALLS = 128
"""Calls of one answer; each piece is held against all of them."""


class Kept:
    """What is left of the room of one answer."""

    def __init__(self) -> None:
        """Begin with all of it."""
        self._left = LONGEST_KEPT

    def take(self, *texts: object) -> None:
        """Take room for a piece with these texts; whatever is no text has none.

        Raises:
            ModelBroken: there is none left.
        """
        self._left -= PIECE + sum(len(each) for each in texts if isinstance(each, str))
        if self._left < 0:
            raise ModelBroken(ENDLESS)
