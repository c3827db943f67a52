"""What OpenAI's API refuses in a Chat Completions request, with its words and codes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

NULLABLE = {
    *("temperature", "top_p", "n", "max_tokens", "max_completion_tokens", "stop", "stream"),
    *("presence_penalty", "frequency_penalty", "logit_bias", "seed", "logprobs", "top_logprobs"),
    *("store", "metadata", "reasoning_effort", "service_tier", "stream_options"),
}
KNOWN = NULLABLE | {
    *("model", "messages", "tools", "tool_choice", "parallel_tool_calls", "response_format"),
    *("user", "modalities", "prediction", "verbosity", "safety_identifier", "prompt_cache_key"),
}
PARTS = {
    "user": {"text", "image_url", "input_audio", "file"},
    "assistant": {"text", "refusal"},
    "system": {"text"},
    "developer": {"text"},
    "tool": {"text"},
}
REASONS = re.compile(r"(.*/)?(o\d|gpt-5)")
FUNCTION = re.compile(r"[a-zA-Z0-9_-]{1,64}")
SPEAKER = re.compile(r"[^\s<|\\/>]{1,64}")


@dataclass(frozen=True, slots=True)
class Complaint:
    message: str
    param: str | None = None
    code: str | None = None
    status: int = 400
    type: str = "invalid_request_error"

    @property
    def body(self) -> dict[str, Any]:
        error = {"message": self.message, "type": self.type, "param": self.param, "code": self.code}
        return {"error": error}


def complaint(raw: bytes, extra: frozenset[str] = frozenset()) -> Complaint | None:
    """Give the first thing that is wrong with a request; `extra` are fields beyond OpenAI's."""
    try:
        body = json.loads(raw)
    except ValueError:
        return Complaint("We could not parse the JSON body of your request.")
    if not isinstance(body, dict):
        return Complaint("Invalid request: the body has to be an object.")
    return next(_fields(body, extra), None) or next(_messages(body["messages"]), None)


def _fields(body: Mapping[str, Any], extra: frozenset[str]) -> Iterator[Complaint]:
    if not body.get("model") or not isinstance(body["model"], str):
        yield Complaint("you must provide a model parameter")
    if not isinstance(body.get("messages"), list):
        yield Complaint("Missing required parameter: 'messages'.", "messages", "missing_parameter")
    elif not body["messages"]:
        yield Complaint("Invalid 'messages': empty array.", "messages", "empty_array")
    yield from _names(body, extra)
    if body.get("stream_options") is not None and body.get("stream") is not True:
        text = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        yield Complaint(text, "stream_options")
    yield from _tools(body)
    yield from _numbers(body)


def _names(body: Mapping[str, Any], extra: frozenset[str]) -> Iterator[Complaint]:
    for name, value in body.items():
        if name not in KNOWN | extra:
            yield Complaint(f"Unrecognized request argument supplied: {name}")
        if value is None and name not in NULLABLE | extra:
            yield Complaint(f"Invalid type for '{name}': got null.", name, "invalid_type")


def _tools(body: Mapping[str, Any]) -> Iterator[Complaint]:
    if body.get("tools") == []:
        yield Complaint("[] is too short - 'tools'", "tools")
    if "tool_choice" in body and "tools" not in body:
        yield Complaint("'tool_choice' is only allowed when 'tools' are specified.", "tool_choice")
    for tool in body.get("tools") or ():
        if tool.get("type") != "function" or not FUNCTION.fullmatch(tool["function"]["name"]):
            yield Complaint("Invalid tool.", "tools", "invalid_value")


def _numbers(body: Mapping[str, Any]) -> Iterator[Complaint]:
    temperature = body.get("temperature")
    if temperature is not None and not 0 <= temperature <= 2:
        yield Complaint("Invalid 'temperature': out of range.", "temperature", "decimal_above_max")
    for name in ("max_tokens", "max_completion_tokens"):
        cap = body.get(name)
        if cap is not None and (not isinstance(cap, int) or cap < 1):
            yield Complaint(f"Invalid '{name}': integer below minimum.", name, "integer_below_min")
    if not REASONS.match(body["model"]):
        return
    if body.get("max_tokens") is not None:
        text = (
            "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead."
        )
        yield Complaint(text, "max_tokens", "unsupported_parameter")
    if temperature not in {None, 1}:
        text = (
            f"Unsupported value: 'temperature' does not support {temperature} with this model. "
            "Only the default (1) value is supported."
        )
        yield Complaint(text, "temperature", "unsupported_value")


def _messages(messages: list[dict[str, Any]]) -> Iterator[Complaint]:
    owed: list[str] = []
    for position, message in enumerate(messages):
        where = f"messages[{position}]"
        role = message.get("role")
        if role not in PARTS:
            text = f"Invalid value: '{role}'. Supported values are: {sorted(PARTS)}."
            yield Complaint(text, f"{where}.role", "invalid_value")
            return
        if role != "tool":
            yield from _unanswered(owed)
        elif message.get("tool_call_id") in owed:
            owed.remove(message["tool_call_id"])
        else:
            text = "messages with role 'tool' must be a response to a preceeding message"
            yield Complaint(f"{text} with 'tool_calls'.", f"{where}.role")
            return
        yield from _content(message, where)
        owed += [call.get("id") for call in message.get("tool_calls") or ()]
    yield from _unanswered(owed)


def _unanswered(owed: list[str]) -> Iterator[Complaint]:
    if owed:
        text = (
            "An assistant message with 'tool_calls' must be followed by tool messages responding "
            f"to each 'tool_call_id'. Those without a response: {', '.join(owed)}"
        )
        yield Complaint(text, "messages")


def _content(message: Mapping[str, Any], where: str) -> Iterator[Complaint]:
    content = message.get("content")
    yield from _calls(message, f"{where}.tool_calls")
    if "name" in message and not SPEAKER.fullmatch(message["name"] or ""):
        yield Complaint("Invalid 'name'.", f"{where}.name", "invalid_value")
    if content is None and not message.get("tool_calls"):
        text = "Invalid value for 'content': expected a string, got null."
        yield Complaint(text, f"{where}.content")
    if isinstance(content, list):
        kinds = {part.get("type") for part in content}
        if not content or not kinds <= PARTS[message["role"]]:
            yield Complaint("Invalid content parts.", f"{where}.content", "invalid_value")


def _calls(message: Mapping[str, Any], where: str) -> Iterator[Complaint]:
    calls = message.get("tool_calls")
    if "tool_calls" in message and (message["role"] != "assistant" or not calls):
        yield Complaint(f"Invalid '{where}'.", where, "invalid_value")
    for call in calls or ():
        yield from _call(call, where)


def _call(call: Mapping[str, Any], where: str) -> Iterator[Complaint]:
    function = call.get("function", {})
    named = FUNCTION.fullmatch(function.get("name") or "")
    if not call.get("id") or call.get("type") != "function" or not named:
        yield Complaint("Invalid tool call.", where, "invalid_value")
    if not isinstance(function.get("arguments"), str):
        yield Complaint("Invalid type for arguments.", where, "invalid_type")
