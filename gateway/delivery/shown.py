"""Which messages of a turn say already what they are to say, over restarts (P2).

A message that stands in its chat as it should needs no edit: in a group each costs seconds, and a
program that lives for a few of them would come no further. Decides nothing else.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.frames import Frame
    from core.records import Posted


def digest_of(frame: Frame) -> str:
    """Give the same for two states of a message only if they look the same."""
    state = repr((frame.content, frame.buttons, frame.mention))
    return hashlib.blake2b(state.encode(), digest_size=12).hexdigest()


class Shown:
    """What is known of the messages of one turn. `again`: an earlier run's stand in the chat.

    Of messages that still change nothing is known: their edits are written down nowhere.
    """

    def __init__(self, posted: Iterable[Posted]) -> None:
        """Begin with what an earlier run has written down."""
        rows = list(posted)
        self.again = bool(rows)
        self._digests = {each.key: each.shown for each in rows if each.shown}

    def says(self, frame: Frame) -> bool:
        """Tell whether a message says already, for good, what this frame wants."""
        known = self._digests.get(frame.key)
        return known is not None and frame.final and known == digest_of(frame)

    def knows(self, key: str) -> bool:
        """Tell whether something is written down of a message, which a change makes untrue."""
        return key in self._digests

    def note(self, key: str, frame: Frame | None) -> str:
        """Take note of what a message says now; give what is to be written down of it."""
        said = digest_of(frame) if frame is not None and frame.final else ""
        self._digests.pop(key, None)
        if said:
            self._digests[key] = said
        return said
