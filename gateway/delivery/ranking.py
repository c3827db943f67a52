"""Which message of a turn goes next: a new panel stands first, then what ends the answer.

Decides the order alone; it neither waits nor sends. Lower goes first.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from core.frames import File, Frame, Notice, Part, Permission
from core.reply import PANEL, is_gone

Rank: TypeAlias = tuple[int, int, int]

REST: Final = 9
"""Behind everything that there is."""
LAST_FINAL: Final = 2
"""The rank up to which a frame belongs to the answer's end."""


def rank(frame: Frame, *, unseen: bool, shown: bool, touched: int, again: bool) -> Rank:
    """Say how far ahead a frame is.

    `unseen`: it does not stand in the chat. `shown`: it was shown before. `touched`: when it was
    last sent, counted from 1. `again`: it stands there from before a restart, which shows first
    what is missing.
    """
    index = int(frame.key.rpartition("/")[2]) if "/" in frame.key else -1
    panel = frame.key == PANEL
    ranks: tuple[tuple[bool, tuple[int, int]], ...] = (
        (is_gone(frame), (6, 0)),
        # Tried once: an answer waits for no panel that is refused.
        (panel and unseen and not touched, (-1, 0)),
        (frame.final and isinstance(frame.content, Part), (0, int(again))),
        (isinstance(frame.content, File), (1, 0)),
        (isinstance(frame.content, Notice | Permission), (LAST_FINAL, 0)),
        (unseen and not shown, (3, 0)),
        (panel, (4, touched)),
        (True, (5, touched)),
    )
    first, order = next(found for holds, found in ranks if holds)
    return (first, order, index)
