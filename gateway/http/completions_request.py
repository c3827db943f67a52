"""What a program sends to /v1/chat/completions, read into our own values.

Decides what of a request can be understood; it asks nobody. The shape is that of OpenAI's API
reference; fields that no mixture could honour are passed over, as its own servers do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from core.errors import UsageError
from core.types import Image, Json, Line, Role, Tool, ToolCall


class _Function(Struct):
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class _Tool(Struct):
    function: _Function
    type: str = "function"


class _Called(Struct):
    name: str
    arguments: str = ""


class _ToolCall(Struct):
    id: str
    function: _Called
    type: str = "function"


class _ImageUrl(Struct):
    url: str
    detail: str | None = None


class _Part(Struct):
    type: str
    text: str | None = None
    refusal: str | None = None
    image_url: _ImageUrl | str | None = None


class _Message(Struct):
    role: str
    content: str | list[_Part] | None = None
    name: str | None = None
    tool_calls: list[_ToolCall] | None = None
    tool_call_id: str | None = None


class _StreamOptions(Struct):
    include_usage: bool = False


class _PassedOn(Struct, kw_only=True):
    """What the aggregator's provider gets as it came; advisors never do (MOA-40)."""

    top_p: Any = None
    stop: Any = None
    response_format: Any = None
    tool_choice: Any = None
    seed: Any = None
    parallel_tool_calls: Any = None
    frequency_penalty: Any = None
    presence_penalty: Any = None
    logit_bias: Any = None
    reasoning_effort: Any = None


class _Request(_PassedOn, kw_only=True):
    model: str
    messages: list[_Message]
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    tools: list[_Tool] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Meta(ge=1)] | None = None
    n: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a program asks for. `extra` are the fields that the aggregator gets as they came."""

    model: str
    lines: tuple[Line, ...]
    stream: bool
    include_usage: bool
    tools: tuple[Tool, ...] = ()
    temperature: float | None = None
    max_tokens: int | None = None
    extra: Mapping[str, Json] = field(default_factory=dict)


_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "developer",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}


def read_request(body: bytes) -> Wanted:
    """Read a request.

    Raises:
        UsageError: it cannot be read, or asks for something that a mixture cannot give.
    """
    try:
        request = _decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise UsageError(f"The request cannot be read: {error}") from error
    if not request.messages:
        raise UsageError("'messages' is empty: there is nothing to answer.")
    if request.n not in {None, 1}:
        raise UsageError("'n' has to be 1: a mixture gives one answer.")
    given = {name: getattr(request, name) for name in _PassedOn.__struct_fields__}
    return Wanted(
        model=request.model,
        lines=tuple(_line(message, at) for at, message in enumerate(request.messages)),
        stream=bool(request.stream),
        include_usage=bool(request.stream_options and request.stream_options.include_usage),
        tools=tuple(_tool(tool) for tool in request.tools or ()),
        temperature=request.temperature,
        max_tokens=request.max_completion_tokens or request.max_tokens,
        extra={name: value for name, value in given.items() if value is not None},
    )


def _decode(body: bytes) -> _Request:
    try:
        return msgspec.json.decode(body, type=_Request)
    except msgspec.DecodeError:
        if _HALF.search(body) is None:
            raise
    # Perhaps half an emoji, as a text that a program has cut may hold it; that is still JSON.
    return msgspec.convert(json.loads(body), _Request)


def _line(message: _Message, at: int) -> Line:
    role = _ROLES.get(message.role)
    where = f"messages[{at}]"
    if role is None:
        known = ", ".join(_ROLES)
        raise UsageError(f"{where}.role is {message.role!r}; it has to be one of: {known}.")
    if role == "tool" and message.tool_call_id is None:
        raise UsageError(f"{where}: a tool's message needs its 'tool_call_id'.")
    calls = tuple(
        ToolCall(id=call.id, name=call.function.name, arguments=call.function.arguments)
        for call in message.tool_calls or ()
    )
    return Line(
        role=role,
        parts=_parts(message.content, where),
        tool_calls=calls,
        tool_call_id=message.tool_call_id,
        name=message.name,
    )


def _parts(content: str | list[_Part] | None, where: str) -> tuple[str | Image, ...]:
    if not content:
        return ()
    if isinstance(content, str):
        return (content,)
    return tuple(_part(part, f"{where}.content[{at}]") for at, part in enumerate(content))


def _part(part: _Part, where: str) -> str | Image:
    image = part.image_url
    if isinstance(image, str):  # some clients shorten it so
        return Image(url=image)
    if image is not None:
        return Image(url=image.url, detail=image.detail)
    said = part.text if part.text is not None else part.refusal
    if said is None:
        text = f"{where}: a part of type {part.type!r} is not taken, only texts and images."
        raise UsageError(text)
    return said


def _tool(tool: _Tool) -> Tool:
    if tool.type != "function":
        raise UsageError(f"Tools of type {tool.type!r} are not taken, only functions.")
    asked = tool.function
    return Tool(
        name=asked.name,
        description=asked.description,
        parameters=asked.parameters,
        strict=asked.strict,
    )
