"""The real program, started and killed: as an operator starts it, or out of a nursery.

A start is 2 seconds of CPU, nearly all of it imports. A command pays them each time; a nursery
once, and forks. What runs from there on is the same.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager, closing
from functools import partial
from pathlib import Path

from tests.chaos.cradle import RUN, Cradle
from tests.chaos.life import Life


class Breeder:
    """Starts the program, one life after the other, and remembers the last one."""

    def __init__(self, born: Callable[[], Awaitable[Life]]) -> None:
        self._born = born
        self._life: Life | None = None

    async def start(self) -> Life:
        self._life = await self._born()
        return self._life

    async def bury(self) -> None:
        if self._life is not None:
            await self._life.bury()


@asynccontextmanager
async def breeding(folder: Path, *, forked: bool) -> AsyncIterator[Breeder]:
    """Open what starts the program in a folder; what is alive at the end is killed."""
    with ExitStack() as stack:
        born = stack.enter_context(closing(Cradle())).start if forked else _commanded
        breeder = Breeder(partial(born, folder))
        try:
            yield breeder
        finally:
            await breeder.bury()


async def _commanded(folder: Path) -> Life:
    """Start `moa-gateway run` as an operator does."""
    with (folder / "gateway.log").open("ab") as log:
        child = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("moa-gateway")),
            *RUN,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            env={**os.environ, "PYTHONFAULTHANDLER": "1"},
        )
    return Life(child.pid, child.wait)
