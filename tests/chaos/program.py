"""The real program, started and killed: as an operator starts it, or out of a nursery.

A start is nearly a second of CPU, most of it imports. `Command` pays them each time; `Nursery`
once, and forks (tests/chaos/nursery.py). What runs from there on is the same.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Protocol

ROOT = Path(__file__).parents[2]
ARGUMENTS = ("run", "--config", "config.yaml")
LONG = 60.0
"""Seconds that an end may take on a busy machine."""


class Life:
    """One run of the program."""

    def __init__(self, pid: int, ended: asyncio.Future[int]) -> None:
        self.pid, self.ended = pid, ended

    @property
    def over(self) -> bool:
        return self.ended.done()

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless it is over."""
        if not self.over:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def end(self) -> int:
        """Wait until it is over; give its exit code, negative for a signal."""
        return await asyncio.wait_for(asyncio.shield(self.ended), LONG)


class Breeder(Protocol):
    """Starts the program, one life after the other."""

    async def start(self) -> Life: ...


class Command:
    """Starts `moa-gateway run` as an operator does."""

    def __init__(self, folder: Path, group: asyncio.TaskGroup) -> None:
        self._folder, self._group = folder, group

    async def start(self) -> Life:
        with (self._folder / "gateway.log").open("ab") as log:
            child = await asyncio.create_subprocess_exec(
                str(Path(sys.executable).with_name("moa-gateway")),
                *ARGUMENTS,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env={**os.environ, "PYTHONFAULTHANDLER": "1"},
            )
        return Life(child.pid, self._group.create_task(child.wait()))


class Nursery:
    """Lets a process that has imported everything fork."""

    def __init__(self, folder: Path, group: asyncio.TaskGroup) -> None:
        self._folder, self._group = folder, group
        self._child: asyncio.subprocess.Process | None = None

    async def start(self) -> Life:
        if self._child is None:
            self._child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.chaos.nursery",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                cwd=ROOT,
            )
        assert self._child.stdin is not None
        line = json.dumps([str(self._folder), ARGUMENTS])
        self._child.stdin.write(line.encode() + b"\n")
        return Life(await self._number(), self._group.create_task(self._number()))

    async def _number(self) -> int:
        assert self._child is not None
        assert self._child.stdout is not None
        return int(await self._child.stdout.readline())

    async def stop(self) -> None:
        if self._child is not None:
            assert self._child.stdin is not None
            self._child.stdin.close()
            await self._child.wait()


@asynccontextmanager
async def breeding(folder: Path, *, forked: bool) -> AsyncIterator[Breeder]:
    """Open what starts the program in a folder; what is alive at the end is killed."""
    async with asyncio.TaskGroup() as group:
        breeder = Last(Nursery(folder, group) if forked else Command(folder, group))
        try:
            yield breeder
        finally:
            await breeder.bury()


class Last:
    """Starts lives, and remembers the last one so that it ends with the test."""

    def __init__(self, breeder: Nursery | Command) -> None:
        self._breeder = breeder
        self._life: Life | None = None

    async def start(self) -> Life:
        self._life = await self._breeder.start()
        return self._life

    async def bury(self) -> None:
        if self._life is not None:
            self._life.send(signal.SIGKILL)
            await self._life.end()
        if isinstance(self._breeder, Nursery):
            await self._breeder.stop()
