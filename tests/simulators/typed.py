"""What is typed at a simulator, line by line, wherever that comes from."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import suppress


def readable(number: int) -> bool:
    """Say whether lines can be waited for there."""
    with suppress(OSError):
        mode = os.fstat(number).st_mode
        return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(number)
    return False


async def lines() -> AsyncIterator[str]:
    """Yield what is typed, until the end of it."""
    if not readable(sys.stdin.fileno()):
        await asyncio.Event().wait()
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    while line := await reader.readline():
        yield line.decode(errors="replace")
