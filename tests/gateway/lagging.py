"""By how much the machine is late, which no test may hold against the program."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def lagging() -> AsyncIterator[list[float]]:
    """Measure by how much this machine is late while the block runs, in seconds."""
    late = [0.0]
    loop = asyncio.get_running_loop()

    async def look() -> None:
        while True:
            before = loop.time()
            await asyncio.sleep(0.05)
            late[0] += max(0.0, loop.time() - before - 0.06)

    async with asyncio.TaskGroup() as group:
        looking = group.create_task(look())
        try:
            yield late
        finally:
            looking.cancel()
