"""An intake made of one function, which takes in everything."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from core.types import Added, Incoming


@dataclass(frozen=True, slots=True)
class Taking:
    """Gives what comes in to `take`; where the bot was brought is kept apart, in `arrivals`."""

    take: Callable[[Incoming], Awaitable[bool]]
    arrivals: list[Added] = field(default_factory=list)

    async def __call__(self, incoming: Incoming) -> bool:
        if isinstance(incoming, Added):
            self.arrivals.append(incoming)
            return True
        return await self.take(incoming)

    async def admitted(self, incoming: Incoming) -> Incoming | None:
        return incoming
