"""A request of the Chat Completions format: a model call in, the body's fields out.

Decides the fields and their order. The messages come last and equal lines give equal bytes, so
request i+1 extends request i and every prompt cache keeps its prefix (MOA-19). What is None is
absent (MOA-4).
"""

from __future__ import annotations

from collections.abc import Mapping

from adapters.llm.chat_seal import unsealed
from adapters.llm.encoding import Fields
from adapters.llm.quirks import Quirks, cap_field, wishes
from adapters.llm.roles import known
from core.calls import ModelCall
from core.types import Image, Json, Line, Tool, ToolCall


def fields_of(call: ModelCall, extra_body: Mapping[str, Json], quirks: Quirks) -> Fields:
    """Give the body's fields, in order. `extra_body` is the provider's; the slot's own wins."""
    streamed = "no_stream" not in quirks
    options = {"include_usage": True} if streamed and "no_stream_options" not in quirks else None
    asked: Fields = {
        "model": call.slot.model,
        "stream": streamed or None,
        "stream_options": options,
        "temperature": None if "no_temperature" in quirks else call.temperature,
        cap_field(quirks): call.max_tokens,
        "reasoning_effort": call.slot.reasoning_effort,
        "tools": [_tool(tool) for tool in call.tools] or None,
    }
    fields: Fields = {name: value for name, value in asked.items() if value is not None}
    # A field that a program sent as null was sent: what it means is the provider's business.
    for more in (wishes(call.extra, quirks), extra_body, call.slot.extra_body):
        fields.update(more)
    fields["messages"] = fields.pop("messages", _messages(call, quirks))
    return fields


def _messages(call: ModelCall, quirks: Quirks) -> list[Json]:
    label, lines = call.slot.label, known(call.lines, quirks)
    messages = [_message(line, label, quirks) for line in lines]
    if "opt_in_cache" not in quirks or "no_cache_control" in quirks:
        return [*messages]
    marked = call.breakpoints
    return [_cached(message, here=at in marked) for at, message in enumerate(messages)]


def _cached(message: Fields, *, here: bool) -> Fields:
    """Give the content in parts, with a cache breakpoint on the last one if it belongs `here`.

    In parts it is everywhere: a message is the same bytes when its breakpoint has moved on.
    """
    content = message["content"]
    parts = [{"type": "text", "text": content}] if isinstance(content, str) and content else content
    if here and isinstance(parts, list):
        parts = [*parts[:-1], {**parts[-1], "cache_control": {"type": "ephemeral"}}]
    return {**message, "content": parts}


def _message(line: Line, label: str, quirks: Quirks) -> Fields:
    message: Fields = {"role": line.role, "content": _content(line)}
    if line.name is not None:
        message["name"] = line.name
    if line.tool_call_id is not None:
        message["tool_call_id"] = line.tool_call_id
    if line.role != "assistant":
        return message
    kept, beside = unsealed(line, label, quirks)
    if line.tool_calls:
        calls = zip(line.tool_calls, beside, strict=True)
        message["tool_calls"] = [_call(call) | more for call, more in calls]
    return message | kept


def _content(line: Line) -> Json:
    parts = line.parts
    if not parts:
        # Only a message of tool calls alone may have no content at all.
        return None if line.tool_calls else ""
    if len(parts) == 1 and isinstance(parts[0], str):
        return parts[0]
    return [_part(part) for part in parts]


def _part(part: str | Image) -> Fields:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    image: Fields = {"url": part.url}
    if part.detail is not None:
        image["detail"] = part.detail
    return {"type": "image_url", "image_url": image}


def _call(call: ToolCall) -> Fields:
    # A model that calls a tool without arguments may write none; nobody accepts that back.
    function: Fields = {"name": call.name, "arguments": call.arguments or "{}"}
    return {"id": call.id, "type": "function", "function": function}


def _tool(tool: Tool) -> Fields:
    given: Fields = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
        "strict": tool.strict,
    }
    function = {name: value for name, value in given.items() if value is not None}
    return {"type": "function", "function": function}
