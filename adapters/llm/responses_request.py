"""A request of the Responses format: a model call in, the body's fields out.

Decides the fields and their order. The items come last and equal lines give equal bytes, so
request i+1 extends request i (MOA-19): that is why a system prompt is an item where it stands, and
no `instructions`. What is None is absent (MOA-4). What a program on /v1 asked for is put into this
format's words; what it has no word for (stop, seed, penalties) is left out.
"""

from __future__ import annotations

from collections.abc import Mapping

from adapters.llm.encoding import Fields
from adapters.llm.quirks import Quirk, Quirks, wishes
from adapters.llm.responses_seal import unsealed
from adapters.llm.roles import known
from core.calls import ModelCall
from core.types import Image, Json, Line, Tool, ToolCall

SAME = frozenset(
    {
        *("top_p", "parallel_tool_calls", "user", "metadata", "service_tier"),
        *("safety_identifier", "prompt_cache_key"),
    }
)
"""Fields of Chat Completions that are called the same here."""
UNWANTED: dict[str, Quirk] = {
    "stream": "no_stream",
    "store": "no_store",
    "include": "no_encrypted",
    "temperature": "no_temperature",
}
NO_PARAMETERS: Json = {"type": "object", "properties": {}}


def fields_of(call: ModelCall, extra_body: Mapping[str, Json], quirks: Quirks) -> Fields:
    """Give the body's fields, in order. `extra_body` is the provider's; the slot's own wins."""
    fields: Fields = {
        name: value
        for name, value in _asked(call).items()
        if value is not None and UNWANTED.get(name) not in quirks
    }
    for more in (_translated(wishes(call.extra, quirks)), extra_body, call.slot.extra_body):
        for name, value in more.items():
            fields[name] = _laid(fields.get(name), value)
    label = call.slot.label if "no_encrypted" not in quirks else None
    items: Json = [item for line in known(call.lines, quirks) for item in _items(line, label)]
    fields["input"] = fields.pop("input", items)
    return fields


def _asked(call: ModelCall) -> Fields:
    effort = call.slot.reasoning_effort
    return {
        "model": call.slot.model,
        "stream": True,
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "temperature": call.temperature,
        "max_output_tokens": call.max_tokens,
        "reasoning": None if effort is None else {"effort": effort},
        "tools": [_tool(tool) for tool in call.tools] or None,
    }


def _laid(under: Json, over: Json) -> Json:
    """Lay a field over what is there: `reasoning` and `text` hold several wishes in one."""
    if isinstance(under, Mapping) and isinstance(over, Mapping):
        return {**under, **over}
    return over


# --- what a program asked for ---------------------------------------------------------------


def _translated(extra: Mapping[str, Json]) -> Fields:
    fields: Fields = {name: value for name, value in extra.items() if name in SAME}
    if (effort := extra.get("reasoning_effort")) is not None:
        fields["reasoning"] = {"effort": effort}
    if (choice := extra.get("tool_choice")) is not None:
        fields["tool_choice"] = _choice(choice)
    text: Fields = {}
    if (wanted := extra.get("response_format")) is not None:
        text["format"] = _flat(wanted, "json_schema")
    if (verbosity := extra.get("verbosity")) is not None:
        text["verbosity"] = verbosity
    return fields | ({"text": text} if text else {})


def _choice(choice: Json) -> Json:
    choice = _flat(_flat(choice, "function"), "allowed_tools")
    if isinstance(choice, Mapping) and isinstance(tools := choice.get("tools"), list):
        return {**choice, "tools": [_flat(tool, "function") for tool in tools]}
    return choice


def _flat(value: Json, inner: str) -> Json:
    """Take what stands under `inner` one level up; here nothing is nested so."""
    if isinstance(value, Mapping) and isinstance(under := value.get(inner), Mapping):
        return {**{name: each for name, each in value.items() if name != inner}, **under}
    return value


# --- the conversation -----------------------------------------------------------------------


def _items(line: Line, label: str | None) -> list[Fields]:
    if line.role == "tool":
        output: Fields = {"type": "function_call_output", "call_id": line.tool_call_id or ""}
        return [{**output, "output": _content(line)}]
    verbatim = unsealed(line, label)
    if verbatim:
        return verbatim
    said = line.parts or not line.tool_calls
    message: Fields = {"type": "message", "role": line.role, "content": _content(line)}
    return [*([message] if said else []), *(_call(call) for call in line.tool_calls)]


def _content(line: Line) -> Json:
    """Give text alone as it is: every server takes that, whoever speaks."""
    if not line.images:
        return line.text
    return [_part(part) for part in line.parts]


def _part(part: str | Image) -> Fields:
    if isinstance(part, str):
        return {"type": "input_text", "text": part}
    return {"type": "input_image", "image_url": part.url, "detail": part.detail or "auto"}


def _call(call: ToolCall) -> Fields:
    # A model that calls a tool without arguments may write none; nobody accepts that back.
    named: Fields = {"type": "function_call", "call_id": call.id, "name": call.name}
    return {**named, "arguments": call.arguments or "{}"}


def _tool(tool: Tool) -> Fields:
    named: Fields = {"type": "function", "name": tool.name}
    if tool.description is not None:
        named["description"] = tool.description
    # Left out, `strict` would be on here; in Chat Completions it is off.
    return {**named, "parameters": tool.parameters or NO_PARAMETERS, "strict": bool(tool.strict)}
