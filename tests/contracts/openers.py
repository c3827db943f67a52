"""The stores that are held to one contract; a new one joins with a row in `OPENERS`."""

from __future__ import annotations

from pathlib import Path

from adapters.store import open_sqlite
from core.storage import Store
from tests.fakes.memory_store import MemoryStore


async def in_memory(_folder: Path) -> Store:
    return MemoryStore()


async def sqlite(folder: Path) -> Store:
    return await open_sqlite(folder / "data.db")


OPENERS = {"memory": in_memory, "sqlite": sqlite}
