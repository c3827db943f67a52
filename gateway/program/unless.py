"""Breaks off what is done while the program starts, when it is told to stop meanwhile (P6).

Decides nothing but when. What is broken off can be broken off by a kill as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


@asynccontextmanager
async def unless(stop: asyncio.Event) -> AsyncIterator[Callable[[], object]]:
    """Break off what is done in it as soon as `stop` is set, and go on behind it.

    Gives what puts an end to that: from then on, a stop is the business of whoever called it.
    """
    scope = asyncio.timeout(None)
    try:
        async with scope, asyncio.TaskGroup() as group:
            watching = group.create_task(_break_off(scope, stop), name="stop")
            try:
                yield watching.cancel
            finally:
                watching.cancel()
    except TimeoutError:
        if not scope.expired():
            raise


async def _break_off(scope: asyncio.Timeout, stop: asyncio.Event) -> None:
    await stop.wait()
    scope.reschedule(asyncio.get_running_loop().time())
