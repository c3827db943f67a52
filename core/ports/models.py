"""Whoever answers, as protocols: models, those who offer them, and what they cost."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, TypeAlias

from core.calls import Chunk, ModelCall
from core.events import Note, Tell
from core.outcomes import Advice
from core.presets import Slot
from core.types import Usage


class Model(Protocol):
    """Anything that answers."""

    def stream(self, call: ModelCall) -> AsyncGenerator[Chunk, None]:
        """Yield the answer in pieces; closing the generator closes the connection at once.

        Raises:
            ModelError: the call failed; nothing else ever leaves a model.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A configured provider. `missing` says why it cannot be used ("no key"), if it cannot.

    `max_parallel`: how many of its calls may be in flight at once, None for any number.
    `local`: runs on this machine and costs nothing. `small`: its models are lost in long
    instructions and get the short ones.
    """

    name: str
    model: Model
    missing: str = ""
    max_parallel: int | None = None
    local: bool = False
    small: bool = False


Providers: TypeAlias = Mapping[str, Provider]
AskNow: TypeAlias = Callable[[Tell, Note], Awaitable[tuple[Advice, ...]]]
"""Asks the references now, telling how it goes and noting each outcome once, for whoever pays."""

Pricer: TypeAlias = Callable[[Slot, Usage], Decimal | None]
"""Dollars of a call at its slot's price; None where nobody knows (MOA-28)."""


class AdviceCache(Protocol):
    """Advice that may be used again, and fan-outs that several turns may share (MOA-24)."""

    async def advise(
        self, key: str, ask: AskNow, tell: Tell, note: Note, *, fresh: bool
    ) -> tuple[Advice, ...]:
        """Give the advice under `key`, asking only if it is not there; `fresh` asks anyway.

        Advice that is used again makes no call, no event, no cost. What is noted goes to the one
        who has waited longest of those who still wait, up to the last call's end (MOA-29).
        """
        ...
