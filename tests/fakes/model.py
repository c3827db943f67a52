"""A model that says what a script tells it, and remembers how it was asked and let go.

Stands behind `core.ports.Model`. Time is the loop's, so that a virtual loop makes it free.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import inf
from typing import Literal, TypeAlias

from core.asking import World
from core.calls import Chunk, ModelCall
from core.errors import ModelStalled
from core.ports import Provider
from core.presets import Slot
from core.types import ToolCall, Usage

Step: TypeAlias = str | float | Chunk | BaseException
Script: TypeAlias = Sequence[Step]


@dataclass
class Made:
    """One call as the model saw it. `ending` is "closed" where the caller went away."""

    call: ModelCall
    started: float
    ended: float | None = None
    ending: Literal["open", "finished", "failed", "closed"] = "open"


@dataclass
class ScriptedModel:
    """Answers a slot by its model's name. Each call takes the next script; the last one stays.

    A step that is text is said, a number is waited for in seconds, an exception is raised.
    """

    scripts: Mapping[str, Sequence[Script]] = field(default_factory=dict)
    made: list[Made] = field(default_factory=list)
    taken: dict[str, int] = field(default_factory=dict)
    open_now: int = 0
    most_open: int = 0

    def of(self, name: str) -> list[Made]:
        """Give the calls of one model, in order."""
        return [each for each in self.made if each.call.slot.model == name]

    async def stream(self, call: ModelCall) -> AsyncGenerator[Chunk, None]:
        made = Made(call=call, started=asyncio.get_running_loop().time())
        self.made.append(made)
        self.open_now += 1
        self.most_open = max(self.most_open, self.open_now)
        try:
            yield Chunk()
            finish = False
            for step in self._next(call.slot.model):
                chunk = await self._step(step, made)
                finish = finish or chunk.finish is not None
                yield chunk
            if not finish:
                yield Chunk(finish="stop")
            made.ending = "finished"
        except (GeneratorExit, asyncio.CancelledError):
            made.ending = "closed"
            raise
        except BaseException:
            made.ending = "failed"
            raise
        finally:
            self.open_now -= 1
            made.ended = asyncio.get_running_loop().time()

    def _next(self, name: str) -> Script:
        scripts = self.scripts.get(name, [[f"I am {name}."]])
        index = self.taken.get(name, 0)
        self.taken[name] = index + 1
        return scripts[min(index, len(scripts) - 1)]

    async def _step(self, step: Step, made: Made) -> Chunk:
        if isinstance(step, BaseException):
            raise step
        if isinstance(step, str):
            return Chunk(text=step)
        if isinstance(step, Chunk):
            return step
        left = step
        limit = made.call.seconds(inf)
        if limit < inf:
            left = made.started + limit - asyncio.get_running_loop().time()
        await asyncio.sleep(min(step, left))
        if left < step:
            raise ModelStalled("took too long", stage="total")
        return Chunk()


class LoopClock:
    """The loop's time as a Clock. Its wall time begins with 1970, as the times in tests do."""

    def __init__(self) -> None:
        self._begun: float | None = None

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def now(self) -> datetime:
        if self._begun is None:
            self._begun = self.monotonic()
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=self.monotonic() - self._begun)


def cents(slot: Slot, usage: Usage) -> Decimal | None:
    """Price: a cent a token of output; a model called "unpriced" has no price."""
    return None if slot.model == "unpriced" else Decimal(usage.output) / 100


def world(model: ScriptedModel, **others: Provider) -> World:
    """Make a world with the provider `p`, and others by name."""
    providers = {"p": Provider(name="p", model=model), **others}
    return World(providers=providers, pricer=cents, clock=LoopClock())


def calls(*names: str, text: str = "") -> Script:
    """Script an answer that calls tools: one for each name."""
    wanted = tuple(ToolCall(id=f"{name}-1", name=name, arguments='{"q": 1}') for name in names)
    return (
        [text, Chunk(tool_calls=wanted, finish="tool_calls")]
        if text
        else [Chunk(tool_calls=wanted, finish="tool_calls")]
    )
