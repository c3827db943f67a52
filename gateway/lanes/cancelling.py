"""Tells a cancellation that this program asked for from one that comes out of what it waits for.

A library may let one out that was meant for a task of its own. Taken for a Stop, it would end a
turn that nobody stopped, or a lane with all that waits in it. Decides nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def foreign_is_a_failure() -> Iterator[None]:
    """Make an error of a cancellation that nobody asked of this task.

    Raises:
        RuntimeError: what was waited for was cancelled by somebody else.
    """
    try:
        yield
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        message = "what was waited for was cancelled, and not by this program"
        raise RuntimeError(message) from error
