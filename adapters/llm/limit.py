"""At most so many calls of one provider at once (MOA-8).

Decides who waits, in the order in which they came. The wait is before the wire: no deadline runs
yet, and a call that is cancelled gives its permit back at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from core.calls import Chunk, ModelCall
from core.ports import Model


class Limited:
    """A model whose calls share permits with every other call of its provider."""

    def __init__(self, model: Model, permits: asyncio.Semaphore) -> None:
        """Take a permit from `permits` for each call of `model`."""
        self._model = model
        self._permits = permits

    async def stream(self, call: ModelCall) -> AsyncGenerator[Chunk, None]:
        await self._permits.acquire()
        try:
            stream = self._model.stream(call)
            try:
                async for chunk in stream:
                    yield chunk
            finally:
                await stream.aclose()
        finally:
            self._permits.release()
