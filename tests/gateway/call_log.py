"""Writes down what the models of a running gateway are asked, and what becomes of each call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from tests.patience import PATIENCE
from tests.wire_invariants import Conversations

if TYPE_CHECKING:
    from core.calls import Chunk, ModelCall
    from core.ports import Model

End = Literal["open", "finished", "failed", "closed"]


@dataclass(slots=True, eq=False)
class Asked:
    """A call of a model, and what became of it. "closed": it was cut off on our side."""

    call: ModelCall
    end: End = "open"

    @property
    def model(self) -> str:
        return self.call.slot.model


@dataclass(slots=True)
class CallLog:
    """Every model call of a gateway in order, retries of one call counted once."""

    asked: list[Asked] = field(default_factory=list)
    conversations: Conversations = field(default_factory=Conversations)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def of(self, model: str) -> list[ModelCall]:
        """Give the calls of one model, by its name without the provider."""
        return [each.call for each in self.asked if each.model == model]

    def ends(self, model: str) -> list[End]:
        """Tell what became of them."""
        return [each.end for each in self.asked if each.model == model]

    @property
    def open(self) -> int:
        """How many are on the wire now."""
        return sum(each.end == "open" for each in self.asked)

    async def until(self, true: Callable[[], bool], *, seconds: float = PATIENCE) -> None:
        """Return as soon as something holds of the calls; `TimeoutError` if it never does."""
        async with asyncio.timeout(seconds):
            while not true():
                self._changed.clear()
                await self._changed.wait()

    async def until_asked(self, model: str, times: int = 1) -> None:
        """Return once a model has been asked so often."""
        await self.until(lambda: len(self.of(model)) >= times)

    async def until_quiet(self) -> None:
        """Return once no call is on the wire."""
        await self.until(lambda: not self.open)

    def note(self, asked: Asked, end: End) -> None:
        if end == "open":
            self.asked.append(asked)
            self.conversations.take_call(asked.call)
        asked.end = end
        self._changed.set()


class Listened:
    """A model whose calls are written down; it changes nothing about them."""

    def __init__(self, model: Model, log: CallLog) -> None:
        self._model = model
        self._log = log

    async def stream(self, call: ModelCall) -> AsyncGenerator[Chunk, None]:
        asked = Asked(call)
        self._log.note(asked, "open")
        end: End = "failed"
        stream = self._model.stream(call)
        try:
            async for chunk in stream:
                yield chunk
            end = "finished"
        except (GeneratorExit, asyncio.CancelledError):
            end = "closed"
            raise
        finally:
            await stream.aclose()
            self._log.note(asked, end)
