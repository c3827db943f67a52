"""The real time. Decides nothing; everything else takes a clock as an argument."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """The machine's own clocks."""

    def monotonic(self) -> float:
        """Give seconds that never go back."""
        return time.monotonic()

    def now(self) -> datetime:
        """Give the wall time, in UTC."""
        return datetime.now(UTC)
