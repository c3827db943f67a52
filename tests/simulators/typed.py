"""What is typed at a simulator, line by line, and what it says to that."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from typing import Protocol

TICK = 0.3


class Hand(Protocol):
    """Somebody at a terminal."""

    async def type(self, line: str) -> str:
        """Do what a line says; what there is to tell of it."""
        ...

    def news(self) -> Iterable[str]:
        """Tell what has changed since it was asked last."""
        ...


async def talk(hand: Hand) -> None:
    """Do line by line what is typed, until there is no more, and write what changes meanwhile."""
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(_watch(hand))
        await _listen(hand)
        await asyncio.sleep(TICK)
        watching.cancel()


async def _watch(hand: Hand) -> None:
    while True:
        for each in hand.news():
            write(each)
        await asyncio.sleep(TICK)


async def _listen(hand: Hand) -> None:
    async for line in lines():
        if line.strip():
            try:
                write(await hand.type(line.strip()) or "·")
            except (LookupError, ValueError) as wrong:
                write(f"! {wrong}")
            except TimeoutError:
                write("! nothing came")


def write(text: str) -> None:
    """Write to the terminal, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


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
