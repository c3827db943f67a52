"""Blocking work in a thread that ends soon when nobody waits for it any more.

Decides how it hears of that: it is given a question to ask again and again, and SQLite asks it as
well. Nothing is left half done by it but what a kill could leave, too.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from threading import Event
from typing import Final, TypeAlias, TypeVar

from core.errors import StoreError

CalledOff: TypeAlias = Callable[[], bool]
T = TypeVar("T")

STEPS: Final = 10_000
"""How many steps SQLite makes, or pages it checks, between two questions: a few milliseconds."""


def never() -> bool:
    """Say that it is not called off."""
    return False


async def in_thread(
    work: Callable[[CalledOff], T], *, lost: Callable[[T], object] = lambda _: None
) -> T:
    """Do it in a thread. A caller who is cancelled waits for its end all the same, which is near.

    `lost` is given what it gives nevertheless.
    """
    over = Event()
    doing = asyncio.get_running_loop().run_in_executor(None, work, over.is_set)
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError:
        over.set()
        await asyncio.wait([doing])
        if doing.exception() is None:
            lost(doing.result())
        raise


def heed(connection: sqlite3.Connection, called_off: CalledOff) -> None:
    """Have whatever the connection does break off once it is called off, and undo itself."""
    connection.set_progress_handler(called_off, STEPS)


def go_on(called_off: CalledOff) -> None:
    """Go on, unless it is called off.

    Raises:
        StoreError: it is.
    """
    if called_off():
        raise StoreError("It was called off.")
