"""Which history a turn belongs to: that of a thread, of a channel, or of one person in it. Pure.

Decides the session's key, and who shares what is said under it. Where an answer is shown is the
place's matter, which every turn has beside it; who may ask is not decided here.
"""

from __future__ import annotations

from typing import Literal, TypeAlias
from urllib.parse import quote

from core.types import Address

SessionScope: TypeAlias = Literal["channel", "thread", "user"]


def session_key(place: Address, person: str, scope: SessionScope, *, direct: bool) -> str:
    """Name the session that `person` speaks in at a place.

    A key begins as the key of its channel does, so that it moves with it. That of one person has
    a "=", which no place's key has: `quote` never leaves one.
    """
    if scope == "thread":
        return place.session
    channel = Address(platform=place.platform, channel=place.channel).session
    if scope == "channel" or direct:
        return channel
    return f"{channel}/user={quote(person, safe='')}"


def is_shared(scope: SessionScope, *, direct: bool) -> bool:
    """Say whether more than one person may speak in a session."""
    return not direct and scope != "user"


def moved_key(session: str, old: Address, new: Address) -> str:
    """Give a session's key after the chat `old`, with every thread in it, became `new`."""
    was = old.session
    if session != was and not session.startswith(f"{was}/"):
        return session
    return new.session + session[len(was) :]
