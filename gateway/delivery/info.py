"""What is known of a turn that is to be shown, and what its messages are called. Values only."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.frames import Cost, Detail
    from core.records import Posted
    from core.types import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnInfo:
    """A turn to show. `posted` is its outbox, empty unless the turn is taken up again.

    `cost` says where the figures stand, `mention` is whom a long turn's end may mention.
    `reply_to` is what the messages are hung on, as the question named it; `since` is when the
    question came, in ms.
    """

    turn_id: str
    address: Address
    asker: str = ""
    detail: Detail = "summary"
    cost: Cost = "footer"
    mention: str | None = None
    reply_to: str | None = None
    since: int = 0
    posted: Sequence[Posted] = ()


def doubtful(posted: Posted) -> bool:
    """Tell whether a message may stand in its chat, though nobody knows its id."""
    return not posted.message_id and posted.state in {"attempting", "piece", "unknown"}


def delivery_id(turn_id: str, key: str, copy: int = 0) -> str:
    """Give 24 characters that are the same in every attempt to post this message.

    `copy` counts the messages of this key that stood in the chat and are gone.
    """
    return hashlib.blake2b(f"{turn_id}\0{key}\0{copy}".encode(), digest_size=12).hexdigest()
