"""A model that says what a script tells it to: for tests, demos and bug reports. No network.

Decides nothing: it plays. A script names models, each with its answers:

    wise:                                   # a list: one call after another, then again
      - Take the train.                     # a bare text is an answer
      - text: "You asked: {last}"           # {last} is the last user line
        reasoning: Let me see.              # comes before the text
        first: 0.8                          # seconds before the first word
        between: 0.03                       # seconds between two pieces
        chunk: 12                           # characters of a piece
        usage: {input: 900, cache_read: 512, output: 40, reasoning: 8}
        dollars: 0.002                      # the cost that the provider reports
        finish: length                      # stop | length | tool_calls | content_filter | refusal
    clumsy:
      answers:
        - {error: busy, retry_after: 2}     # unreachable | busy | refused | auth | context |
                                            # stalled | broken | internal; `message` is its text
        - {text: I begin, error: broken}    # after the text
        - {text: I begin, stall: true}      # says nothing more until it is cancelled
        - tool_calls: [{name: clock, arguments: {zone: Europe/Kyiv}}]
      then: last                            # the last one again and again; default: cycle
    "*": {text: "{last}"}                   # every other model

In the configuration: `providers: {fake: {api: scripted, script: script.yaml}}`, or the same
mapping inline under `answers:`.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator, Iterator

import msgspec

from adapters.llm.script import Answer, Script
from core.calls import Chunk, ModelCall
from core.errors import (
    ContextOverflow,
    FailureKind,
    ModelBroken,
    ModelBusy,
    ModelError,
    ModelForbidden,
    ModelRefused,
    ModelStalled,
    ModelUnreachable,
)
from core.types import ToolCall, Usage

REMEMBERED = 1000
"""Calls that are kept to be looked at; a demo that runs for weeks must not grow."""


class Scripted:
    """A provider of scripted models. `calls` are the last ones that it was given."""

    def __init__(self, script: Script) -> None:
        """Play `script`, each model's answers from the first one."""
        self.calls: deque[ModelCall] = deque(maxlen=REMEMBERED)
        self._script = script
        self._counts: Counter[str] = Counter()

    async def stream(self, call: ModelCall) -> AsyncGenerator[Chunk, None]:
        self.calls.append(call)
        yield Chunk()
        name = call.slot.model
        plan = self._script.get(name) or self._script.get("*")
        if plan is None:
            raise ModelRefused(f"The script has no model {name!r}", status=404)
        answer = plan.at(self._counts[name])
        self._counts[name] += 1
        await asyncio.sleep(answer.first)
        for chunk in _words(answer, call):
            yield chunk
            await asyncio.sleep(answer.between)
        if answer.stall:
            await asyncio.Event().wait()
        if answer.error is not None:
            raise _failure(answer, answer.error)
        yield _end(answer, call, self._counts[name])


def _words(answer: Answer, call: ModelCall) -> Iterator[Chunk]:
    last = next((line.text for line in reversed(call.lines) if line.role == "user"), "")
    for piece in _cut(answer.reasoning, answer.chunk):
        yield Chunk(reasoning=piece)
    for piece in _cut(answer.text.replace("{last}", last), answer.chunk):
        yield Chunk(text=piece)


def _cut(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def _end(answer: Answer, call: ModelCall, count: int) -> Chunk:
    calls = tuple(
        ToolCall(
            # Another id for each call of a turn, the same ones in each run of a test.
            id=each.id or f"call_{call.slot.model}_{count}_{number}",
            name=each.name,
            arguments=each.arguments
            if isinstance(each.arguments, str)
            else msgspec.json.encode(each.arguments).decode(),
        )
        for number, each in enumerate(answer.tool_calls, 1)
    )
    usage = None if answer.usage is None else Usage(**msgspec.structs.asdict(answer.usage))
    finish = answer.finish or ("tool_calls" if calls else "stop")
    return Chunk(tool_calls=calls, usage=usage, dollars=answer.dollars, finish=finish)


def _failure(answer: Answer, kind: FailureKind) -> ModelError:
    text = answer.message or f"The script says: {kind}"
    match kind:
        case "busy":
            return ModelBusy(text, retry_after=answer.retry_after)
        case "stalled":
            return ModelStalled(text, stage="first_token")
        case _:
            return FAILURES[kind](text)


FAILURES: dict[FailureKind, type[ModelError]] = {
    "unreachable": ModelUnreachable,
    "refused": ModelRefused,
    "auth": ModelForbidden,
    "context": ContextOverflow,
    "broken": ModelBroken,
    "internal": ModelError,
}
