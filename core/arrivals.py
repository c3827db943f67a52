"""What becomes of a chat that the bot was brought into. Pure; asks nobody and stores nothing.

Decides whether it stays, where it may introduce itself, and whom that is for. What it says
there, `core.texts.arrivals` words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from core.access import ADMITTED, Access, Role
from core.types import Added

Standing: TypeAlias = Literal["open", "partly", "closed"]
"""`partly`: not everybody in there is let in, but somebody or some channel is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """Whether the bot is wanted there, and the channels in which it may speak, best first."""

    standing: Standing
    rooms: tuple[str, ...] = ()


def people_named(access: Access, platform: str) -> frozenset[str]:
    """Give the ids that may be those of people whom `access` lets in by name on a platform."""
    named = (access.owners | access.admins | access.allow) - access.deny
    subjects = (each.split(":") for each in named)
    return frozenset(words[1] for words in subjects if words[0] == platform and len(words) == 2)  # noqa: PLR2004 - platform:id


def welcome(access: Access, added: Added, *, adder: Role, present: bool) -> Welcome:
    """Say whether the bot stays. A place that is denied is left, whoever is in there.

    `adder` is what the one is who added it, `present` whether somebody is there who is let in by
    name: whoever may ask it can be expected to want it there.
    """
    place = _subjects(added, added.circles)
    rooms = _rooms(access, added)
    if place & access.deny or (added.rooms and not rooms):
        return Welcome(standing="closed")
    if access.public or place & _named(access):
        return Welcome(standing="open", rooms=rooms)
    if opened := tuple(
        each for each in rooms if _subjects(added, [f"chat:{each}"]) & _named(access)
    ):
        return Welcome(standing="open", rooms=opened)
    if adder in ADMITTED or present or _subjects(added, added.groups) & _named(access):
        return Welcome(standing="partly", rooms=rooms)
    return Welcome(standing="closed")


def _rooms(access: Access, added: Added) -> tuple[str, ...]:
    """Give the channels that are not denied."""
    return tuple(
        each for each in added.rooms if not _subjects(added, [f"chat:{each}"]) & access.deny
    )


def _named(access: Access) -> frozenset[str]:
    return access.admins | access.allow


def _subjects(added: Added, circles: Iterable[str]) -> frozenset[str]:
    return frozenset(f"{added.address.platform}:{each}" for each in circles)
