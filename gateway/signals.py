"""What Ctrl-C and SIGTERM do to a command.

Decides that they end it at once while it loads, and let it put away what it has begun later on. The
exit code is 128 and the signal's number then, as shells have it, and nothing is printed. What the
gateway itself does when it is told to end, `gateway.cli.serving` says.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, NoReturn, TypeVar, cast

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")
ENDING = (signal.SIGINT, signal.SIGTERM)

at_once: set[Callable[[], object]] = set()
"""What is done before the program dies here and now: it may have children that outlive it."""


def die(code: int) -> NoReturn:
    """End the program here and now."""
    try:
        for each in at_once:
            each()
    finally:
        os._exit(code)


def leave_at_once() -> None:
    """Let signals end the program here and now, from here on.

    As the first process of a container it would else not hear SIGTERM at all.
    """
    _take(_leave)


def awaited(work: Coroutine[None, None, T]) -> T:
    """Do it to its end; a signal cancels it, and the program leaves once that is over.

    A second signal does not wait for that.
    """
    import asyncio

    told: list[int] = []

    async def until_told() -> T:
        loop = asyncio.get_running_loop()
        task = cast("asyncio.Task[T]", asyncio.current_task())

        def ends(number: int, frame: FrameType | None) -> None:
            if told:
                _leave(number, frame)
            told.append(number)
            loop.call_soon_threadsafe(task.cancel)

        with taken(ends):
            return await work

    try:
        return asyncio.run(until_told())
    except asyncio.CancelledError:
        if not told:
            raise
    _next_line()
    sys.exit(128 + told[0])


@contextmanager
def taken(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Have these signals handled like this meanwhile, at the next step of the main thread."""
    before = {number: signal.getsignal(number) for number in ENDING}
    _take(handler)
    try:
        yield
    finally:
        for number, handled in before.items():
            signal.signal(number, handled)


def _take(handler: Callable[[int, FrameType | None], None]) -> None:
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as whoever started it wants it
            signal.signal(number, handler)


def _leave(number: int, _frame: FrameType | None) -> None:
    try:
        _next_line()
    finally:
        die(128 + number)


def _next_line() -> None:
    """Leave the line on which a terminal shows ^C."""
    if os.isatty(2):
        os.write(2, b"\n")
