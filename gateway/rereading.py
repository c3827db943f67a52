"""Does again what has to read the store and could not, for a while (P9). Decides how long."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar

import structlog

from core.errors import StoreDamaged, StoreError, TurnTaken

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")

PAUSES: Final = (0.25, 1.0, 4.0)
"""Seconds before it is read again."""

log = structlog.get_logger()


async def again(read: Callable[[], Awaitable[T]]) -> T:
    """Do what has to read the store, again for a while where that fails.

    Raises:
        StoreError: it goes on failing.
    """
    for pause in PAUSES:
        try:
            return await read()
        except (StoreDamaged, TurnTaken):
            raise
        except StoreError as error:
            log.warning("not_read", error=str(error), again_in=pause)
        await asyncio.sleep(pause)
    return await read()
