"""One nursery for all tests of a worker: each run of the program is a fork, and costs no imports.

life = await cradle.start(folder, {"MOA_GATEWAY_CRASH_AT": "turn.begun"})
assert await life.ended() == -signal.SIGKILL
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]
RUN = ("run", "--config", "config.yaml")
LONG = 60.0
"""Seconds that an end may take on a busy machine."""


class Cradle:
    """A process that forks (tests/chaos/nursery.py), one life at a time."""

    def __init__(self) -> None:
        command = (sys.executable, "-m", "tests.chaos.nursery")
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
        )

    def close(self) -> None:
        with self._child:
            assert self._child.stdin is not None
            self._child.stdin.close()

    @asynccontextmanager
    async def life(
        self, folder: Path, environ: Mapping[str, str], arguments: Sequence[str] = RUN
    ) -> AsyncIterator[Life]:
        """Run `moa-gateway` in a folder; what lives at the end of the block is killed."""
        assert self._child.stdin is not None
        line = json.dumps([str(folder), list(arguments), dict(environ)])
        self._child.stdin.write(line.encode() + b"\n")
        self._child.stdin.flush()
        life = Life(await self._number(), self)
        try:
            yield life
        finally:
            if life.code is None:
                with suppress(ProcessLookupError):
                    os.kill(life.pid, signal.SIGKILL)
                await life.ended()

    async def _number(self) -> int:
        assert self._child.stdout is not None
        return int(await asyncio.to_thread(self._child.stdout.readline))


class Life:
    """One run of the program. `code` is how it ended, negative for a signal."""

    def __init__(self, pid: int, cradle: Cradle) -> None:
        self.pid, self._cradle = pid, cradle
        self.code: int | None = None

    @property
    def over(self) -> bool:
        """Whether it has ended: the nursery buries it at once."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        return False

    def terminate(self) -> None:
        """Ask it to drain, if it lives."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)

    async def ended(self) -> int:
        """Wait for its end; what does not end is killed."""
        watch = asyncio.get_running_loop().call_later(LONG, os.kill, self.pid, signal.SIGABRT)
        if self.code is None:
            self.code = await self._cradle._number()
        watch.cancel()
        return self.code
