"""What OpenAI's API refuses in a Responses request, with its words and codes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.simulators.openai_rules import FUNCTION, REASONS, Complaint

Body = Mapping[str, Any]

KNOWN = {
    *("model", "input", "instructions", "stream", "stream_options", "store", "include", "tools"),
    *("tool_choice", "parallel_tool_calls", "max_output_tokens", "max_tool_calls", "temperature"),
    *("top_p", "top_logprobs", "reasoning", "text", "truncation", "metadata", "user", "background"),
    *("service_tier", "safety_identifier", "prompt_cache_key", "previous_response_id", "prompt"),
}
MOVED = {
    "messages": "input",
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    "response_format": "text.format",
    "reasoning_effort": "reasoning.effort",
}
PARTS = {
    "user": {"input_text", "input_image", "input_file"},
    "system": {"input_text", "input_image", "input_file"},
    "developer": {"input_text", "input_image", "input_file"},
    "assistant": {"output_text", "refusal"},
}
FIELDS = {
    "message": {"type", "role", "content", "id", "status", "phase"},
    "function_call": {"type", "call_id", "name", "arguments", "id", "status", "namespace"},
    "function_call_output": {"type", "call_id", "output", "id", "status"},
    "reasoning": {"type", "id", "summary", "content", "encrypted_content"},
}
PLAIN = re.compile(r"(.*/)?(gpt-4|gpt-3|chatgpt)")
"""Models that do not reason."""


def made_of(item_id: str) -> str:
    """Give the encrypted state that this simulator puts into a reasoning item."""
    return f"gAAAA-{item_id}"


def complaint(raw: bytes, extra: frozenset[str] = frozenset()) -> Complaint | None:
    """Give the first thing that is wrong with a request; `extra` are fields beyond OpenAI's."""
    try:
        body = json.loads(raw)
    except ValueError:
        return Complaint("We could not parse the JSON body of your request.")
    if not isinstance(body, dict):
        return Complaint("Invalid request: the body has to be an object.")
    wrong = next(_fields(body, extra), None)
    if wrong is not None or isinstance(body["input"], str):
        return wrong
    return next(_items(body["input"], stored=body.get("store", True)), None)


def _fields(body: Body, extra: frozenset[str]) -> Iterator[Complaint]:
    for name, place in MOVED.items():
        if name in body:
            text = f"Unsupported parameter: '{name}'. In the Responses API, this parameter has "
            yield Complaint(f"{text}moved to '{place}'.", name, "unsupported_parameter")
    for name in body.keys() - KNOWN - extra:
        yield Complaint(f"Unknown parameter: '{name}'.", name, "unknown_parameter")
    for name in ("model", "input"):
        if not body.get(name):
            text = f"Missing required parameter: '{name}'."
            yield Complaint(text, name, "missing_required_parameter")
    if not isinstance(body.get("input"), list | str):
        yield Complaint("Invalid type for 'input'.", "input", "invalid_type")
    yield from _of_the_model(body)
    yield from _tools(body)
    yield from _formatted(body.get("text") or {})


def _of_the_model(body: Body) -> Iterator[Complaint]:
    reasons, plain = REASONS.match(body["model"]), PLAIN.match(body["model"])
    if plain and "reasoning.encrypted_content" in (body.get("include") or ()):
        yield Complaint("Encrypted content is not supported with this model.", "include")
    if plain and body.get("reasoning"):
        text = "Unsupported parameter: 'reasoning.effort' is not supported with this model."
        yield Complaint(text, "reasoning.effort", "unsupported_parameter")
    if reasons and body.get("temperature") not in {None, 1}:
        text = "Unsupported parameter: 'temperature' is not supported with this model."
        yield Complaint(text, "temperature", "unsupported_parameter")
    cap = body.get("max_output_tokens")
    if cap is not None and cap < 16:
        text = f"Invalid 'max_output_tokens': expected a value >= 16, but got {cap} instead."
        yield Complaint(text, "max_output_tokens", "integer_below_min_value")


def _tools(body: Body) -> Iterator[Complaint]:
    for at, tool in enumerate(body.get("tools") or ()):
        if not FUNCTION.fullmatch(tool.get("name") or ""):
            where = f"tools[{at}].name"
            text = f"Missing required parameter: '{where}'."
            yield Complaint(text, where, "missing_required_parameter")
        schema = tool.get("parameters") or {}
        if tool.get("strict", True) and schema.get("additionalProperties") is not False:
            text = f"Invalid schema for function '{tool['name']}': 'additionalProperties' is "
            yield Complaint(f"{text}required to be supplied and to be false.", "tools")
    choice = body.get("tool_choice")
    if isinstance(choice, dict):
        if unknown := choice.keys() - {"type", "name", "mode", "tools"}:
            where = f"tool_choice.{min(unknown)}"
            yield Complaint(f"Unknown parameter: '{where}'.", where, "unknown_parameter")
        if choice.get("type") == "function" and not choice.get("name"):
            text = "Missing required parameter: 'tool_choice.name'."
            yield Complaint(text, "tool_choice.name", "missing_required_parameter")


def _formatted(text: Body) -> Iterator[Complaint]:
    wanted = text.get("format") or {"type": "text"}
    if wanted["type"] == "json_schema":
        for name in ("name", "schema"):
            if name not in wanted:
                said = f"Missing required parameter: 'text.format.{name}'."
                yield Complaint(said, f"text.format.{name}", "missing_required_parameter")


def _items(items: Sequence[Body], *, stored: bool) -> Iterator[Complaint]:
    called: list[str] = []
    owed: list[str] = []
    for at, item in enumerate(items):
        kind = item.get("type") or "message"
        yield from _shape(item, kind, f"input[{at}]")
        if kind == "function_call":
            called.append(item["call_id"])
            owed.append(item["call_id"])
        elif kind == "function_call_output" and item["call_id"] not in called:
            text = "No tool call found for function call output with call_id"
            yield Complaint(f"{text} {item['call_id']}.", "input")
        elif kind == "function_call_output":
            owed.remove(item["call_id"])
        elif kind == "reasoning":
            yield from _reasoning(item, items[at + 1 :], stored=stored)
    for call_id in owed:
        yield Complaint(f"No tool output found for function call {call_id}.", "input")


def _shape(item: Body, kind: str, where: str) -> Iterator[Complaint]:
    if kind not in FIELDS:
        yield Complaint(f"Invalid value: '{kind}'.", f"{where}.type", "invalid_value")
        return
    for name, value in item.items():
        if name not in FIELDS[kind] or value is None:
            told = f"{where}.{name}"
            yield Complaint(f"Unknown parameter: '{told}'.", told, "unknown_parameter")
    if kind == "message":
        yield from _message(item, where)
    needed = {"function_call": ("call_id", "name", "arguments"), "reasoning": ("id", "summary")}
    for name in needed.get(kind, ()):
        if name not in item:
            told = f"{where}.{name}"
            text = f"Missing required parameter: '{told}'."
            yield Complaint(text, told, "missing_required_parameter")


def _message(item: Body, where: str) -> Iterator[Complaint]:
    allowed, content = PARTS.get(item.get("role", "")), item.get("content")
    if allowed is None:
        yield Complaint(f"Invalid value: '{item.get('role')}'.", f"{where}.role", "invalid_value")
    elif not isinstance(content, list | str):
        yield Complaint(f"Invalid type for '{where}.content'.", f"{where}.content", "invalid_type")
    elif isinstance(content, list):
        for part in content:
            if part["type"] not in allowed:
                text = f"Invalid value: '{part['type']}'. Supported values are: {sorted(allowed)}."
                yield Complaint(text, f"{where}.content", "invalid_value")


def _reasoning(item: Body, following: Sequence[Body], *, stored: bool) -> Iterator[Complaint]:
    name, state = item["id"], item.get("encrypted_content")
    if state is None and not stored:
        text = f"Item with id '{name}' not found. Items are not persisted when `store` is set to "
        yield Complaint(f"{text}false. Try again with `store` set to true.", "input")
    elif state is not None and state != made_of(name):
        text = "The encrypted content could not be verified."
        yield Complaint(text, code="invalid_encrypted_content")
    own = {"reasoning", "message", "function_call"}
    if not following or following[0].get("type") not in own or following[0].get("role") == "user":
        text = f"Item '{name}' of type 'reasoning' was provided without its required following item"
        yield Complaint(f"{text}.", "input")
