"""What was spent, as a protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from core.records import Cost, ModelCost, Whose


class Costs(Protocol):
    """What was spent (MOA-29). A turn counts for the moment in which it began."""

    async def costs(self, whose: Whose, *, since: int, until: int) -> Sequence[Cost]:
        """Sum up the turns that began at `since` (ms) or later and before `until`."""
        ...

    async def costs_of_models(self, *, since: int, until: int) -> Sequence[ModelCost]:
        """Sum up the calls of those turns, by model."""
        ...
