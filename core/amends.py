"""What counts as a change of a message, and how long it changes an answer (ADR 0038). Pure."""

from __future__ import annotations

from typing import Final

from core.markup import whole
from core.types import Edited, Incoming, Message

ASKS_MS: Final = 3_600_000
"""How old a message may be that becomes a question because somebody changed it."""
ANEW_MS: Final = 60_000
"""How long after a question its change begins its turn anew."""


def asks(edited: Edited) -> bool:
    """Say whether a change may ask what the message did not."""
    message = edited.message
    return message.addressed and edited.at - message.at <= ASKS_MS


def newer(before: Incoming, edited: Edited) -> bool:
    """Tell whether a change was made after the one that is known: platforms tell in any order."""
    return isinstance(before, Message) and edited.at > before.changed


def older(before: Incoming, edited: Edited) -> bool:
    """Tell whether a change was made before the one that is known; the newer one stays."""
    return isinstance(before, Message) and edited.at < before.changed


def differs(before: Incoming, now: Message) -> bool:
    """Tell whether a message says something else: not every change that is told is one."""
    if not isinstance(before, Message):
        return False
    names = [[each.name for each in said.attachments] for said in (before, now)]
    return before.text != whole(now.text) or names[0] != names[1]
