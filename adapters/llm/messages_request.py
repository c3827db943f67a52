"""A request of Anthropic's Messages format: a model call in, the body's fields out.

Decides the fields and their order: tools, system and messages come last, in the order in which
Anthropic's cache reads them, and equal lines give equal bytes (MOA-19). What is None is absent
(MOA-4), but for `max_tokens`, which this format demands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adapters.llm.encoding import Fields
from adapters.llm.messages_content import messages_of, system_of
from adapters.llm.messages_thinking import default_cap, thinking
from adapters.llm.quirks import Quirks
from core.calls import ModelCall
from core.types import Json, Tool

NO_SAMPLING = "2026-10-21"
"""From this version on, temperature, top_p and top_k are refused, whatever the model."""

FORCED = frozenset({"any", "tool"})
"""Ways to choose a tool under which no model may think."""


def fields_of(
    call: ModelCall, extra_body: Mapping[str, Json], quirks: Quirks, *, version: str
) -> Fields:
    """Give the body's fields, in order. `extra_body` is the provider's; the slot's own wins.

    What a program asks for in the words of Chat Completions is said in this format's, where it
    has any; `seed`, penalties, `logit_bias` and a `response_format` without a schema have none.
    """
    cap = default_cap(call.slot.model, quirks) if call.max_tokens is None else call.max_tokens
    choice = _choice(call)
    thought = _thought(call, cap, quirks, forced=choice.get("type") in FORCED)
    sampled = version < NO_SAMPLING and "no_temperature" not in quirks and "thinking" not in thought
    fields = _given(
        {
            "model": call.slot.model,
            "max_tokens": cap,
            "stream": None if "no_stream" in quirks else True,
            **(_sampling(call) if sampled else {}),
            "stop_sequences": _stops(call.extra.get("stop")) or None,
            "tool_choice": choice or None,
            **_output(call, thought),
        }
    )
    for more in (extra_body, call.slot.extra_body):
        fields.update(more)
    marked = _marked(call, fields, quirks)
    written = _given(
        {
            "tools": [_tool(tool) for tool in _declared(call)] or None,
            "system": system_of(call.lines, marked) or None,
            "messages": messages_of(call, marked, thinks=_keeps_thoughts(call, thought)),
        }
    )
    return fields | {name: fields.pop(name, value) for name, value in written.items()}


def _marked(call: ModelCall, fields: Fields, quirks: Quirks) -> tuple[int, ...]:
    """Give the lines with a breakpoint; with one of the operator's, Anthropic moves it along."""
    unmarked = "cache_control" in fields or "no_cache_control" in quirks
    return () if unmarked else call.breakpoints


def _given(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if value is not None}


def _sampling(call: ModelCall) -> Fields:
    """Give what may be said of chance: one of the two, and neither to a model that thinks."""
    if call.temperature is not None:
        return {"temperature": call.temperature}
    return {"top_p": call.extra.get("top_p")}


def _thought(call: ModelCall, cap: int, quirks: Quirks, *, forced: bool) -> Fields:
    effort = call.slot.reasoning_effort or call.extra.get("reasoning_effort")
    if not isinstance(effort, str):
        return {}
    asked = thinking(call.slot.model, effort, cap, quirks)
    budgeted = _mapping(asked.get("thinking")).get("type") == "enabled"
    if forced or (budgeted and _lost_thoughts(call)):
        asked.pop("thinking", None)
    return asked


def _lost_thoughts(call: ModelCall) -> bool:
    """Tell whether the last round of tools was begun by somebody whose thoughts are not ours.

    A model with a budget for thinking takes its results only together with those.
    """
    last = next((line for line in reversed(call.lines) if line.role == "assistant"), None)
    if last is None or not last.tool_calls:
        return False
    return not any(each.label == call.slot.label for each in last.sealed)


def _keeps_thoughts(call: ModelCall, thought: Fields) -> bool:
    """Tell whether thinking blocks go back: to a model that is not asked to think they may not."""
    return "thinking" in thought or not call.slot.reasoning_effort


def _output(call: ModelCall, thought: Fields) -> Fields:
    """Add the schema that a program wants its answer in."""
    match call.extra.get("response_format"):
        case {"type": "json_schema", "json_schema": {"schema": dict() as schema}}:
            config = dict(_mapping(thought.get("output_config")))
            return {**thought, "output_config": config | {"format": _format(schema)}}
        case _:
            return thought


def _format(schema: Json) -> Json:
    return {"type": "json_schema", "schema": schema}


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _declared(call: ModelCall) -> Sequence[Tool]:
    """Give the tools; where there are none any more, those that the history speaks of.

    Anthropic may refuse a call of a tool that no request declares, and a server of tools may be
    away. `_choice` lets nobody call them.
    """
    if call.tools:
        return call.tools
    names = dict.fromkeys(each.name for line in call.lines for each in line.tool_calls)
    return [Tool(name=name) for name in names]


def _choice(call: ModelCall) -> Fields:
    if not call.tools:
        return {"type": "none"} if _declared(call) else {}
    choice: Fields = {}
    match call.extra.get("tool_choice"):
        case "auto" | "none" as kind:
            choice = {"type": kind}
        case "required":
            choice = {"type": "any"}
        case {"type": "function", "function": {"name": str(name)}}:
            choice = {"type": "tool", "name": name}
        case _:
            pass
    if call.extra.get("parallel_tool_calls") is False and choice.get("type") != "none":
        choice = {"type": "auto", **choice, "disable_parallel_tool_use": True}
    return choice


def _stops(stop: Json) -> list[Json]:
    """Give the stop sequences; one of white space alone is refused here."""
    given = [stop] if isinstance(stop, str) else stop
    if not isinstance(given, list | tuple):
        return []
    return [each for each in given if isinstance(each, str) and each.strip()]


def _tool(tool: Tool) -> Fields:
    schema: Fields = {"type": "object", **dict(tool.parameters or {})}
    given: Fields = {
        "name": tool.name,
        "description": tool.description,
        "input_schema": schema,
        "strict": tool.strict or None,
    }
    return {name: value for name, value in given.items() if value is not None}
