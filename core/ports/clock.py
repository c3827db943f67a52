"""Time, as a protocol."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Time, as an argument."""

    def monotonic(self) -> float:
        """Give seconds that never go back; for deadlines."""
        ...

    def now(self) -> datetime:
        """Give the wall time, with a zone; for people and days."""
        ...
