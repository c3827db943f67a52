"""What /v1 answers: whole answers, chunks, failures and the list of models, as bytes.

Decides how a turn's ending is written, and under which status; it asks nobody. The shape is that
of OpenAI's API reference; `usage.moa` is ours (MOA-40).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from core.cost import bill
from core.events import TurnFailed, TurnResult, TurnStopped
from core.outcomes import Advice
from core.types import ToolCall, Usage
from gateway.http.errors import QUOTA

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def _encoded(value: object) -> bytes:
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:
        # Half an emoji, as a model's piece may end on it: its other half comes with the next one.
        plain = msgspec.to_builtins(value, builtin_types=(Decimal,))
        return json.dumps(plain, default=float, separators=(",", ":")).encode()


class _CalledOut(Struct):
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

    def whole(self, result: TurnResult, *, reasoning: str = "") -> bytes:
        """Write a whole answer."""
        said = Said(role="assistant", content=result.text or None)
        if reasoning:
            said.reasoning_content = reasoning
        if result.tool_calls:
            said.tool_calls = [_call_out(call) for call in result.tool_calls]
        choice = _Choice(message=said, finish_reason=_finish(result))
        return self._encode("chat.completion", [choice], usage=usage_of(result))

    def chunk(self, said: Said, *, finish: str | None = None) -> bytes:
        """Write one chunk as a server-sent event."""
        return self._event([_Choice(delta=said, finish_reason=finish)])

    def last(self, result: TurnResult) -> bytes:
        """Write the chunks that bring tool calls and the reason to stop."""
        data = b""
        if result.tool_calls:
            calls = enumerate(result.tool_calls)
            data = self.chunk(Said(tool_calls=[_call_out(call, index) for index, call in calls]))
        return data + self.chunk(Said(), finish=_finish(result))

    def usage(self, result: TurnResult) -> bytes:
        """Write the chunk that has the usage and no choice."""
        return self._event([], usage=usage_of(result))

    def _event(self, choices: list[_Choice], *, usage: dict[str, Any] | None = None) -> bytes:
        return event(self._encode("chat.completion.chunk", choices, usage=usage))

    def _encode(self, kind: str, choices: list[_Choice], *, usage: dict[str, Any] | None) -> bytes:
        answer = _Answer(
            id=self.id,
            object=kind,
            created=self.created,
            model=self.model,
            choices=choices,
            usage=usage if usage is not None else UNSET,
        )
        return _encoded(answer)


def event(data: bytes) -> bytes:
    """Write JSON as a server-sent event."""
    return b"data: " + data + b"\n\n"


def _finish(result: TurnResult) -> str:
    """Give the reason to stop; programs run tools by this word alone, so it has to fit."""
    if result.tool_calls:
        return "tool_calls"
    return "stop" if result.finish in {"tool_calls", "refusal"} else result.finish


def usage_of(result: TurnResult) -> dict[str, Any]:
    """Write the usage: the last aggregator call's own, for clients size windows by it (MOA-40).

    `moa` has what the advisors took, the sum of everything, and dollars; null where the price of
    a part is unknown, never a smaller sum.
    """
    own = result.calls[-1].usage if result.calls else Usage()
    return _tokens(own) | {
        "moa": {
            "preset": result.preset,
            "aggregator": result.calls[-1].label if result.calls else None,
            "references": [_reference(each) for each in result.advice],
            "synthesis": _reference(result.guidance) if result.guidance else None,
            "total": _tokens(result.usage),
            "dollars": result.dollars if result.priced else None,
            "estimated": result.usage.estimated,
            "seconds": round(result.seconds, 3),
            "notes": list(result.notes),
        }
    }


def _reference(advice: Advice) -> dict[str, Any]:
    """Write one advisor; advice that was used again took nothing (MOA-29)."""
    cost = bill(advice.calls)
    return {
        "position": advice.position,
        "model": advice.label,
        "outcome": advice.outcome,
        "reason": advice.reason,
        **({"in_place_of": advice.in_place_of} if advice.in_place_of else {}),
        **_tokens(cost.usage),
        "dollars": cost.dollars if cost.priced else None,
    }


def _tokens(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }


def _call_out(call: ToolCall, index: int | UnsetType = UNSET) -> _ToolCallOut:
    called = _CalledOut(name=call.name, arguments=call.arguments)
    return _ToolCallOut(id=call.id, function=called, index=index)


# --- failures -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why there is no whole answer. `again`: whether the same request may do better at once."""

    text: str
    status: int
    code: str
    again: bool = False

    @property
    def body(self) -> bytes:
        """The error in OpenAI's shape."""
        kind = "server_error" if self.status >= 500 else "invalid_request_error"
        kind = QUOTA if self.code == QUOTA else kind
        error = {"message": self.text, "type": kind, "param": None, "code": self.code}
        return _encoded({"error": error})

    @property
    def headers(self) -> Mapping[str, str]:
        """OpenAI's clients ask again after a 5xx on their own, and every time costs money."""
        return {"x-should-retry": "true" if self.again else "false"}


_BY_KIND: Mapping[str | None, tuple[int, str, bool]] = {
    # Clients shorten their transcript when they see exactly this.
    "context": (400, "context_length_exceeded", False),
    "busy": (503, "model_busy", True),
    "unreachable": (502, "model_unreachable", True),
    "stalled": (504, "model_stalled", False),
    "auth": (502, "model_forbidden", False),
    "refused": (502, "model_refused", False),
    "cancelled": (504, "turn_timeout", False),
}


def failure_of(ending: TurnFailed | TurnStopped) -> Failure:
    """Tell what a program is told of a turn that has no whole answer."""
    if isinstance(ending, TurnStopped):
        return Failure(text="The answer was stopped.", status=503, code="stopped", again=True)
    if ending.over_budget:
        return Failure(text=ending.error, status=429, code=QUOTA)
    calls = ending.result.calls
    kind = ending.kind or (calls[-1].error if calls else None)
    status, code, again = _BY_KIND.get(kind, (502, "model_failed", False))
    return Failure(text=ending.error, status=status, code=code, again=again)


# --- models ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """A preset as a model (MOA-5). `unavailable` says why it cannot answer now (MOA-7)."""

    name: str
    unavailable: str = ""


def models_body(cards: Iterable[ModelCard], *, created: int) -> bytes:
    """Write the list of models."""
    return _encoded({"object": "list", "data": [_model(card, created) for card in cards]})


def model_body(card: ModelCard, *, created: int) -> bytes:
    """Write one model."""
    return _encoded(_model(card, created))


def _model(card: ModelCard, created: int) -> dict[str, Any]:
    moa = {"unavailable": card.unavailable} if card.unavailable else {}
    named = {"id": card.name, "object": "model", "created": created, "owned_by": "moa-gateway"}
    return named | ({"moa": moa} if moa else {})
