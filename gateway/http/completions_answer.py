"""What /v1 answers: whole answers, chunks, errors and the list of models, as bytes.

Decides how a turn's result is written; it asks nobody. The shape is that of OpenAI's API
reference; `usage.moa` is ours (MOA-40).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from core.cost import bill
from core.events import TurnResult
from core.types import ToolCall, Usage


class _CalledOut(Struct, omit_defaults=True):
    name: str
    arguments: str


class _ToolCallOut(Struct):
    id: str
    function: _CalledOut
    type: str = "function"
    index: int | UnsetType = UNSET


class Said(Struct):
    """A message, or what a chunk adds to it."""

    role: str | UnsetType = UNSET
    content: str | UnsetType | None = UNSET
    reasoning_content: str | UnsetType = UNSET
    tool_calls: list[_ToolCallOut] | UnsetType = UNSET


class _Choice(Struct):
    index: int = 0
    message: Said | UnsetType = UNSET
    delta: Said | UnsetType = UNSET
    finish_reason: str | None = None
    logprobs: None = None


class _Answer(Struct):
    id: str
    object: str
    created: int
    model: str
    choices: list[_Choice]
    usage: dict[str, Any] | UnsetType | None = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Writes what belongs to one request. `created` is in seconds."""

    id: str
    model: str
    created: int

    def whole(self, result: TurnResult) -> bytes:
        """Write a whole answer."""
        said = Said(role="assistant", content=result.text or None)
        if result.tool_calls:
            said.tool_calls = [_call_out(call, None) for call in result.tool_calls]
        choice = _Choice(message=said, finish_reason=result.finish)
        return self._encode("chat.completion", [choice], usage=usage_of(result))

    def chunk(self, said: Said, *, finish: str | None = None) -> bytes:
        """Write one chunk as a server-sent event."""
        return self._event([_Choice(delta=said, finish_reason=finish)])

    def last(self, result: TurnResult) -> bytes:
        """Write the chunk that brings tool calls and the reason to stop."""
        said = Said()
        if result.tool_calls:
            calls = enumerate(result.tool_calls)
            said.tool_calls = [_call_out(call, index) for index, call in calls]
        return self.chunk(said, finish=result.finish)

    def usage(self, result: TurnResult) -> bytes:
        """Write the chunk that has the usage and no choice."""
        return self._event([], usage=usage_of(result))

    def _event(self, choices: list[_Choice], *, usage: dict[str, Any] | None = None) -> bytes:
        body = self._encode("chat.completion.chunk", choices, usage=usage)
        return b"data: " + body + b"\n\n"

    def _encode(self, kind: str, choices: list[_Choice], *, usage: dict[str, Any] | None) -> bytes:
        answer = _Answer(
            id=self.id,
            object=kind,
            created=self.created,
            model=self.model,
            choices=choices,
            usage=usage if usage is not None else UNSET,
        )
        return msgspec.json.encode(answer)


def usage_of(result: TurnResult) -> dict[str, Any]:
    """Write the usage: the last aggregator call's own, for clients size windows by it (MOA-40)."""
    own = result.calls[-1].usage if result.calls else Usage()
    references = [each.call for each in result.advice if each.call is not None]
    asked = bill(references)
    return _tokens(own) | {
        "moa": {
            "preset": result.preset,
            "references": [
                {"position": each.position, "model": each.label, "outcome": each.outcome}
                for each in result.advice
            ],
            "reference_usage": _tokens(asked.usage),
            "total": _tokens(result.usage),
            "cost_usd": str(result.dollars) if result.priced else None,
            "estimated": result.usage.estimated,
            "seconds": round(result.seconds, 3),
        }
    }


def _tokens(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }


def _call_out(call: ToolCall, index: int | None) -> _ToolCallOut:
    called = _CalledOut(name=call.name, arguments=call.arguments)
    return _ToolCallOut(id=call.id, function=called, index=UNSET if index is None else index)


def error_body(message: str, *, kind: str, code: str | None = None) -> bytes:
    """Write an error in OpenAI's shape."""
    error = {"message": message, "type": kind, "param": None, "code": code}
    return msgspec.json.encode({"error": error})


def models_body(names: Sequence[str], *, created: int) -> bytes:
    """Write the list of models: every preset is one (MOA-5)."""
    return msgspec.json.encode(
        {"object": "list", "data": [_model(name, created) for name in names]}
    )


def model_body(name: str, *, created: int) -> bytes:
    """Write one model."""
    return msgspec.json.encode(_model(name, created))


def _model(name: str, created: int) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": created, "owned_by": "moa-gateway"}
