"""What must survive a kill, as protocols. What is kept are the values of `core.records`.

An implementation raises only errors of `core.errors`. Which database it is, nothing here tells.
"""

from __future__ import annotations

from typing import Final, Protocol

from core.storage.aside import Aside
from core.storage.audit import Audit
from core.storage.changes import Changes
from core.storage.costs import Costs
from core.storage.erasing import Erasing
from core.storage.files import Files
from core.storage.gaps import Gap, Gaps
from core.storage.history import History
from core.storage.inbox import Inbox
from core.storage.outbox import Outbox
from core.storage.pairing import Pairings
from core.storage.presence import Presence
from core.storage.sessions import Epochs, Facts
from core.storage.settings import Settings
from core.storage.tools import ToolCalls
from core.storage.turns import Turns
from core.storage.votes import Votes
from core.types import Address

MOVED: Final = "moved"
"""The scope under which it is kept where chats have gone."""

__all__ = [
    "MOVED",
    "Aside",
    "Audit",
    "Changes",
    "Costs",
    "Epochs",
    "Erasing",
    "Facts",
    "Files",
    "Gap",
    "Gaps",
    "History",
    "Inbox",
    "Outbox",
    "Pairings",
    "Presence",
    "Settings",
    "Store",
    "ToolCalls",
    "Turns",
    "Votes",
]


class Store(
    Inbox,
    Turns,
    Outbox,
    History,
    Costs,
    Files,
    Votes,
    Settings,
    Pairings,
    Audit,
    Erasing,
    Presence,
    Changes,
    Epochs,
    Facts,
    Aside,
    Gaps,
    Protocol,
):
    """Everything that must survive a kill."""

    async def move(self, old: Address, new: Address) -> None:
        """Let a chat and every thread in it go on under another address, in one transaction.

        Both are of one platform and have no thread. What somebody has set there already stays
        as it is. `settings(MOVED)` tells it from then on: the new session by the old one.
        """
        ...

    async def close(self) -> None:
        """Flush and let go of the data."""
        ...
