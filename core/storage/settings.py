"""What people chose, as a protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from core.records import Setting


class Settings(Protocol):
    """What people chose in chat, per scope ("session:…", "user:…")."""

    async def settings(self, scope: str) -> Mapping[str, str]:
        """Give what is set in that scope."""
        ...

    async def chosen(
        self, key: str, scope: str, other: str = "", third: str = ""
    ) -> Mapping[str, Setting]:
        """Give one setting as it is in up to three scopes, by scope, in one look."""
        ...

    async def chosen_everywhere(self, key: str) -> Sequence[Setting]:
        """Give one setting wherever it is set, by scope."""
        ...

    async def set(
        self, scope: str, key: str, value: str | None, *, by: str, at: int, name: str = ""
    ) -> None:
        """Set a value, or unset it with None; who (an id, and a name to show) and when is kept.

        `at` is in ms. The log of changes keeps every value that was set, without names. What is
        decided of people has the command's id for a name: it is shown to nobody.
        """
        ...
