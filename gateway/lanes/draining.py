"""How the lanes of a program end that stops: what runs is given time, and then cut (P6).

Decides whom it waits for. It neither starts nor stores anything.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

LOOK = 0.1
"""Seconds between two looks at who still works."""


async def drained(
    lanes: Mapping[asyncio.Task[None], str],
    seconds: float,
    also: Iterable[asyncio.Task[object]],
    *,
    last: Callable[[], Awaitable[None]] | None,
    waits: Callable[[str], object],
) -> None:
    """Wait for these tasks, each the lane of a session, and for `also`; then cut the lanes.

    `last` is waited for before anything is cut. A session that `waits` is waited for by nobody.
    """
    others = set(also)

    def at_work() -> set[asyncio.Task[object]]:
        wanted = {each for each, session in lanes.items() if not waits(session)}
        return {each for each in wanted | others if not each.done()}

    await _over(at_work, seconds)
    if lanes and last is not None:
        await last()
    late = set(lanes)
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late)


async def _over(at_work: Callable[[], set[asyncio.Task[object]]], seconds: float) -> None:
    """Wait until nothing is at work any more, so long at most."""
    until = asyncio.get_running_loop().time() + seconds
    while (left := until - asyncio.get_running_loop().time()) > 0 and (tasks := at_work()):
        await asyncio.wait(tasks, timeout=min(LOOK, left))
