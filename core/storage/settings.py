"""What people chose, as a protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Settings(Protocol):
    """What people chose in chat, per scope ("session:…", "user:…")."""

    async def settings(self, scope: str) -> Mapping[str, str]:
        """Give what is set in that scope."""
        ...

    async def chosen(
        self, key: str, scope: str, other: str = "", third: str = ""
    ) -> Mapping[str, str]:
        """Give the values of one setting in up to three scopes, by scope, in one look."""
        ...

    async def set(self, scope: str, key: str, value: str | None, *, by: str, at: int) -> None:
        """Set a value, or unset it with None; who and when (ms) is kept."""
        ...
