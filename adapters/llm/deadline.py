"""Notices a model that stalls (P12).

Decides how long a call may be silent before its first word, between two words, and how long it
may take in all. Only the model's own time counts: neither a queue before the wire nor a slow
listener is its fault. A stream that keeps its connection alive but says nothing is silent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

from core.calls import Chunk, ModelCall
from core.errors import ModelStalled, Stage
from core.ports import Model

EMPTY = Chunk()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """In seconds, from the wire. `total` holds where a call brings none of its own."""

    first_token: float = 120.0
    between_tokens: float = 60.0
    total: float = 600.0


@dataclass(slots=True, kw_only=True)
class _Watch:
    """How long a call has left. `silent` is what it has spent since its last word."""

    timeouts: Timeouts
    total: float
    ends: float
    spoke: bool = False
    silent: float = 0.0

    def left(self, now: float) -> tuple[float, Stage, float]:
        """Give when time is up, for which reason, and the limit that says so."""
        limits = self.timeouts
        stage: Stage = "between_tokens" if self.spoke else "first_token"
        patience = limits.between_tokens if self.spoke else limits.first_token
        due = now + patience - self.silent
        return (self.ends, "total", self.total) if self.ends < due else (due, stage, patience)

    def note(self, chunk: Chunk, waited: float) -> None:
        self.silent += waited
        if chunk.text or chunk.reasoning or chunk.tool_calls or chunk.progress or chunk.finish:
            self.spoke, self.silent = True, 0.0


class Deadlined:
    """A model that fails with `ModelStalled` instead of hanging."""

    def __init__(self, model: Model, timeouts: Timeouts) -> None:
        """Hold `model` to `timeouts`."""
        self._model = model
        self._timeouts = timeouts

    async def stream(self, call: ModelCall) -> AsyncGenerator[Chunk, None]:
        """Yield what `model` says; of its empty chunks the first one only.

        Raises:
            ModelStalled: a deadline passed.
        """
        clock = asyncio.get_running_loop().time
        total = call.seconds(self._timeouts.total)
        watch = _Watch(timeouts=self._timeouts, total=total, ends=clock() + total)
        # Whoever looks seldom must not be taken for a model that is silent.
        call = replace(call, pace=min(call.pace, self._timeouts.between_tokens / 2))
        stream = self._model.stream(call)
        try:
            first = True
            while (chunk := await self._next(stream, watch)) is not None:
                if first or chunk != EMPTY:
                    yield chunk
                first = False
        finally:
            await stream.aclose()

    async def _next(self, stream: AsyncGenerator[Chunk, None], watch: _Watch) -> Chunk | None:
        clock = asyncio.get_running_loop().time
        asked = clock()
        due, stage, limit = watch.left(asked)
        try:
            async with asyncio.timeout_at(due):
                chunk = await anext(stream, None)
        except TimeoutError as error:
            raise ModelStalled(_sentence(stage, limit), stage=stage) from error
        if chunk is not None:
            watch.note(chunk, clock() - asked)
        return chunk


def _sentence(stage: Stage, limit: float) -> str:
    match stage:
        case "first_token":
            return f"No word came within {limit:g} s"
        case "between_tokens":
            return f"Nothing more came for {limit:g} s"
        case "connect" | "total":
            return f"The answer was not finished within {limit:g} s"
