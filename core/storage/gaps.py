"""How far an account has listened, as a protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from core.types import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """How far an account has listened: `since` is a message's number, as its platform counts.

    `filled`: what is not newer was taken in. Else what is newer is being read, and not all is here.
    """

    since: int
    filled: bool


class Gaps(Protocol):
    """What may have to be read again on a platform that keeps nothing for us (P1)."""

    async def bookmarks(self, platform: str, *, most: int = 50) -> Mapping[Address, str]:
        """Give the last message that was accepted in each place, of the newest places."""
        ...

    async def gap(self, platform: str) -> Gap | None:
        """Give what was noted last, None before anything was."""
        ...

    async def note_gap(self, platform: str, gap: Gap) -> None:
        """Note it, in place of what was noted before. Commits before it returns."""
        ...
