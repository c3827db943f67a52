"""The copies that are made before an upgrade: they hold all texts of their day, and have an end.

Decides nothing: how old one may get is said by whoever asks.
"""

from __future__ import annotations

import asyncio
from pathlib import Path


class Copies:
    """Those beside the database at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def drop(self, before: int | None) -> int:
        """Delete those that were made before that moment (ms), or all; give how many they were.

        Raises:
            OSError: one cannot be deleted.
        """
        return await asyncio.to_thread(self._drop, before)

    def _drop(self, before: int | None) -> int:
        found = [
            each
            for each in self._path.parent.glob(f"{self._path.name}.v*.backup*")
            if before is None or each.stat().st_mtime * 1000 < before
        ]
        for each in found:
            each.unlink(missing_ok=True)
        return len(found)
