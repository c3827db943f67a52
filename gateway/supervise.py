"""Keeps what should run for ever running: starts it again, waiting longer each time.

Decides how long to wait. An error that the operator must mend ends the program instead; a chat
that is away, or not let in, is tried again quietly, for the others go on.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from core.errors import ChatError, ChatRefused, ConfigError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

log = structlog.get_logger()

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 60.0
STEADY = 60.0
"""Seconds that it has to run for its next failure to count as the first."""
FIRST_REFUSED = 60.0
LONGEST_REFUSED = 900.0


async def supervise(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Run something until cancelled, again and again if it fails.

    Raises:
        ConfigError: what it met can only be mended by the operator.
    """
    failures = _Pause(FIRST_PAUSE, LONGEST_PAUSE)
    refusals: dict[type, _Pause] = {ChatRefused: _Pause(FIRST_REFUSED, LONGEST_REFUSED)}
    told = ""
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        try:
            await run()
        except ConfigError:
            raise
        except ChatError as error:  # no fault of the program
            ran = loop.time() - began
            pause = refusals.get(type(error), failures).next(ran)
            told = _tell(f"{name}: {error}", "" if ran > STEADY else told, pause)
        except Exception:
            pause = failures.next(loop.time() - began)
            log.exception("service_failed", service=name, again_in=pause)
        else:
            return
        await asyncio.sleep(pause)


class Services:
    """What runs beside something else, as long as that does. Tasks are born in `group`."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        """Begin with none."""
        self._group = group
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run one more, supervised."""
        self._tasks.append(self._group.create_task(supervise(name, run), name=name))

    def end(self) -> None:
        """Cancel them all."""
        for task in self._tasks:
            task.cancel()


def _tell(text: str, told: str, pause: float) -> str:
    """Say what is wrong, unless it was said: what stays as it is, is said once."""
    if text != told:
        log.error(text, again_in=pause)
    return text


class _Pause:
    """A pause that doubles, until something has run for a while."""

    def __init__(self, first: float, longest: float) -> None:
        self._first, self._longest = first, longest
        self._next = first

    def next(self, ran: float) -> float:
        """Give the seconds to wait after something ran for `ran` seconds."""
        pause = self._first if ran > STEADY else self._next
        self._next = min(2 * pause, self._longest)
        return pause
