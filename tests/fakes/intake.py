"""An intake made of one function, which takes in everything."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from core.types import Incoming


@dataclass(frozen=True, slots=True)
class Taking:
    """Gives what comes in to `take`."""

    take: Callable[[Incoming], Awaitable[bool]]

    async def __call__(self, incoming: Incoming) -> bool:
        return await self.take(incoming)

    async def admitted(self, incoming: Incoming) -> Incoming | None:
        return incoming
