"""Who changed what, and when, as a protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from core.audit import Change


class Audit(Protocol):
    """One log of everything that was changed or looked at; settings write into it by themselves."""

    async def audit(self, change: Change) -> None:
        """Keep that something was done."""
        ...

    async def audited(self, *, last: int, since: int = 0) -> Sequence[Change]:
        """Give the newest changes that were made at `since` (ms) or later, oldest first."""
        ...

    async def forget_audit(self, *, before: int) -> int:
        """Drop what was done before that moment (ms); give how much."""
        ...
