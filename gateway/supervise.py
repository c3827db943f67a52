"""Keeps what should run for ever running: starts it again, waiting longer each time.

Decides how long to wait. An error that the operator must mend ends the program instead.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

log = structlog.get_logger()

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 60.0
STEADY = 60.0
"""Seconds that it has to run for its next failure to count as the first."""


async def supervise(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Run something until cancelled, again and again if it fails.

    Raises:
        ConfigError: what it met can only be mended by the operator.
    """
    pause = FIRST_PAUSE
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        try:
            await run()
        except ConfigError:
            raise
        except Exception:
            if loop.time() - began > STEADY:
                pause = FIRST_PAUSE
            log.exception("service_failed", service=name, again_in=pause)
        else:
            return
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
