"""What the tests of models share: a call in a line, and an answer gathered."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol

from core.calls import Chunk, ModelCall
from core.errors import ModelError
from core.ports import Model
from core.presets import Slot
from core.types import Line, Sealed, ToolCall, Usage

USER = Line.of("user", "Ship it today?")


def call(model: str = "m", lines: Sequence[Line] = (USER,), **more: Any) -> ModelCall:
    """Make a call; fields of a slot go to the slot."""
    slot = {name: more.pop(name) for name in ("extra_body", "reasoning_effort") if name in more}
    return ModelCall(slot=Slot(provider="p", model=model, **slot), lines=tuple(lines), **more)


@dataclass(frozen=True, slots=True)
class Heard:
    """A whole answer."""

    chunks: tuple[Chunk, ...]

    @property
    def text(self) -> str:
        return "".join(chunk.text for chunk in self.chunks)

    @property
    def reasoning(self) -> str:
        return "".join(chunk.reasoning for chunk in self.chunks)

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        return tuple(call for chunk in self.chunks for call in chunk.tool_calls)

    @property
    def sealed(self) -> tuple[Sealed, ...]:
        return tuple(each for chunk in self.chunks for each in chunk.sealed)

    @property
    def usage(self) -> Usage | None:
        return next((each.usage for each in reversed(self.chunks) if each.usage is not None), None)

    @property
    def finish(self) -> str | None:
        return self.chunks[-1].finish


async def hear(model: Model, request: ModelCall) -> Heard:
    """Ask and listen to the end."""
    async with aclosing(model.stream(request)) as stream:
        return Heard(tuple([chunk async for chunk in stream]))


def sse(*events: object, done: bool = True) -> bytes:
    """Write events as a stream."""
    lines = [f"data: {json.dumps(event)}\n\n" for event in events]
    return "".join([*lines, "data: [DONE]\n\n" if done else ""]).encode()


def said(text: object = None, finish: str | None = None, **delta: object) -> dict[str, Any]:
    """Write one event of a stream."""
    return {"choices": [{"delta": {"content": text, **delta}, "finish_reason": finish}]}


class Played:
    """A model that plays plans in order: chunks to yield, or an error to raise."""

    def __init__(self, *plans: Iterable[Chunk | Exception]) -> None:
        self.plans = [list(plan) for plan in plans]
        self.calls: list[ModelCall] = []

    async def stream(self, call: ModelCall) -> AsyncGenerator[Chunk, None]:
        plan = self.plans[min(len(self.calls), len(self.plans) - 1)]
        self.calls.append(call)
        for step in plan:
            if isinstance(step, Exception):
                raise step
            yield step


class Answer(Protocol):
    """What reads the answers of a wire format."""

    def take(self, document: str) -> None: ...

    def flush(self) -> Chunk: ...

    def end(self, *, streamed: bool) -> Chunk: ...


def outcome(answer: Answer, documents: Iterable[str], *, streamed: bool) -> str:
    """Let it read these, and say how that ended: why it stopped, or the words of its failure."""
    try:
        for document in documents:
            answer.take(document)
            answer.flush()
        return answer.end(streamed=streamed).finish or ""
    except ModelError as failure:
        return str(failure)
