"""A nursery from outside: each run of the program is a fork, and costs no imports.

life = await cradle.start(folder, {"MOA_GATEWAY_CRASH_AT": "turn.begun"})
assert await life.ended() == -signal.SIGKILL
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.chaos.life import Life

ROOT = Path(__file__).parents[2]
RUN = ("run", "--config", "config.yaml")


class Cradle:
    """A process that forks (tests/chaos/nursery.py), one life at a time, in any loop."""

    def __init__(self) -> None:
        command = (sys.executable, "-m", "tests.chaos.nursery")
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
        )
        self._read: asyncio.Future[bytes] | None = None

    def close(self) -> None:
        with self._child:
            assert self._child.stdin is not None
            self._child.stdin.close()

    async def start(
        self, folder: Path, environ: Mapping[str, str] | None = None, arguments: Sequence[str] = RUN
    ) -> Life:
        """Run `moa-gateway` in a folder; the life before it is over."""
        assert self._child.stdin is not None
        line = json.dumps([str(folder), list(arguments), {**(environ or {})}])
        self._child.stdin.write(line.encode() + b"\n")
        self._child.stdin.flush()
        return Life(await self._number(), self._number)

    @asynccontextmanager
    async def life(
        self, folder: Path, environ: Mapping[str, str], arguments: Sequence[str] = RUN
    ) -> AsyncIterator[Life]:
        """Run it; what lives at the end of the block is killed."""
        life = await self.start(folder, environ, arguments)
        try:
            yield life
        finally:
            await life.bury()

    async def _number(self) -> int:
        """Give what it answers next, also to whoever asks again because it was broken off."""
        assert self._child.stdout is not None
        if self._read is None:
            loop = asyncio.get_running_loop()
            self._read = loop.run_in_executor(None, self._child.stdout.readline)
        line = await asyncio.shield(self._read)
        self._read = None
        return int(line)
