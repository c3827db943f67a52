"""What Anthropic's API refuses in a Messages request, with its words and error types."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

VERSIONS = {"2023-06-01", "2026-10-21"}
SAMPLING = ("temperature", "top_p", "top_k")
KNOWN = {
    *("model", "max_tokens", "messages", "system", "tools", "tool_choice", "stream"),
    *("stop_sequences", "thinking", "output_config", "metadata", "service_tier", "container"),
    *("cache_control", "inference_geo", "speed", "diagnostics", *SAMPLING),
}
THOUGHTS = {"thinking", "redacted_thinking"}
FIELDS = {
    "text": {"text", "citations", "cache_control"},
    "image": {"source", "cache_control", "transformations"},
    "tool_use": {"id", "name", "input", "cache_control"},
    "tool_result": {"tool_use_id", "content", "is_error", "cache_control"},
    "thinking": {"thinking", "signature"},
    "redacted_thinking": {"data"},
}
ALLOWED = {
    "user": {"text", "image", "tool_result"},
    "assistant": {"text", "tool_use", *THOUGHTS},
}
EFFORTS = {"low", "medium", "high", "xhigh", "max"}
NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
ID = re.compile(r"[a-zA-Z0-9_-]+")
MEDIA = {"image/jpeg", "image/png", "image/gif", "image/webp"}
LARGEST_CAP = 64_000
MOST_BREAKPOINTS = 4


@dataclass(frozen=True, slots=True)
class Complaint:
    message: str
    type: str = "invalid_request_error"
    status: int = 400

    @property
    def body(self) -> dict[str, Any]:
        error = {"type": self.type, "message": self.message}
        return {"type": "error", "error": error, "request_id": "req_simulated"}


def complaint(headers: Mapping[str, str], raw: bytes) -> Complaint | None:
    """Give the first thing that is wrong with a request."""
    version = headers.get("anthropic-version", "")
    if not version:
        return Complaint("anthropic-version: header is required")
    if version not in VERSIONS:
        return Complaint(f'"{version}" is not a valid version')
    try:
        body = json.loads(raw)
    except ValueError:
        return Complaint("The request body is not valid JSON")
    if not isinstance(body, dict):
        return Complaint("The request body has to be an object")
    return (
        next(_fields(body, version), None)
        or next(_thinking(body), None)
        or next(_messages(body), None)
        or next(_turns(body), None)
        or next(_breakpoints(body), None)
    )


def _fields(body: Mapping[str, Any], version: str) -> Iterator[Complaint]:
    for name in ("model", "messages", "max_tokens"):
        if name not in body:
            yield Complaint(f"{name}: Field required")
    gone = SAMPLING if version >= "2026-10-21" else ()
    for name in body:
        if name not in KNOWN or name in gone:
            yield Complaint(f"{name}: Extra inputs are not permitted")
        if body[name] is None:
            yield Complaint(f"{name}: Input should be valid")
    yield from _numbers(body)
    if not isinstance(body.get("system", ""), str | list):
        yield Complaint("system: Input should be a valid list")
    for at, stop in enumerate(body.get("stop_sequences", ())):
        if not stop.strip():
            yield Complaint(f"stop_sequences.{at}: each must contain non-whitespace")
    yield from _tools(body)


def _numbers(body: Mapping[str, Any]) -> Iterator[Complaint]:
    cap = body["max_tokens"]
    if not isinstance(cap, int) or cap < 1:
        yield Complaint("max_tokens: Input should be greater than or equal to 1")
    elif cap > LARGEST_CAP:
        text = f"max_tokens: {cap} > {LARGEST_CAP}, which is the maximum allowed number of output"
        yield Complaint(f"{text} tokens for {body['model']}")
    if not 0 <= body.get("temperature", 0) <= 1:
        yield Complaint("temperature: range: 0..1")


def _tools(body: Mapping[str, Any]) -> Iterator[Complaint]:
    for at, tool in enumerate(body.get("tools", ())):
        where = f"tools.{at}.custom"
        unknown = set(tool) - {"name", "description", "input_schema", "strict", "cache_control"}
        if unknown:
            yield Complaint(f"{where}.{min(unknown)}: Extra inputs are not permitted")
        if not NAME.fullmatch(tool.get("name", "")):
            yield Complaint(f"{where}.name: String should match pattern")
        if tool.get("input_schema", {}).get("type") != "object":
            yield Complaint(f"{where}.input_schema.type: Field required")
    choice = body.get("tool_choice")
    if choice is not None and not body.get("tools"):
        yield Complaint("tool_choice: may only be specified while providing tools")
    if choice is not None and choice.get("type") not in {"auto", "any", "tool", "none"}:
        yield Complaint("tool_choice: Input tag does not match any of the expected tags")


def _thinking(body: Mapping[str, Any]) -> Iterator[Complaint]:
    thinking = body.get("thinking", {"type": "disabled"})
    adaptive = re.search(r"-(opus|sonnet|haiku|fable)-([5-9]|4[-.][6-9])", body["model"])
    effort = body.get("output_config", {}).get("effort", "high")
    if effort not in EFFORTS:
        yield Complaint("output_config.effort: Input should be 'low', 'medium', 'high' or 'max'")
    if thinking["type"] == "enabled":
        budget = thinking.get("budget_tokens", 0)
        if adaptive:
            text = '"thinking.type.enabled" is not supported for this model. Use '
            yield Complaint(f'{text}"thinking.type.adaptive" and "output_config.effort"')
        if not 1024 <= budget < body["max_tokens"]:
            yield Complaint("thinking.budget_tokens: has to be at least 1024 and below max_tokens")
    elif thinking["type"] == "adaptive" and not adaptive:
        yield Complaint("adaptive thinking is not supported on this model")
    if thinking["type"] != "disabled":
        if body.get("temperature", 1) != 1:
            yield Complaint("`temperature` may only be set to 1 when thinking is enabled")
        if body.get("tool_choice", {}).get("type") in {"any", "tool"}:
            yield Complaint("Thinking may not be enabled when tool_choice forces tool use.")


def _messages(body: Mapping[str, Any]) -> Iterator[Complaint]:
    messages = body["messages"]
    if not messages:
        yield Complaint("messages: at least one message is required")
        return
    if messages[0].get("role") != "user":
        yield Complaint('messages: first message must use the "user" role')
    for at, message in enumerate(messages):
        role = message.get("role")
        if role not in ALLOWED:
            text = f"messages.{at}.role: Input should be 'user' or 'assistant'"
            yield Complaint(f"{text}; Unexpected role")
            return
        if set(message) != {"role", "content"}:
            yield Complaint(f"messages.{at}: Extra inputs are not permitted")
        if not message["content"]:
            yield Complaint(f"messages.{at}: all messages must have non-empty content")
        for number, block in enumerate(blocks_of(message)):
            yield from _block(block, role, f"messages.{at}.content.{number}")
    last = blocks_of(messages[-1])[-1]
    if messages[-1]["role"] == "assistant" and last.get("text", "x")[-1:].isspace():
        yield Complaint("messages: final assistant content cannot end with trailing whitespace")


def _block(block: Mapping[str, Any], role: str, where: str) -> Iterator[Complaint]:
    kind = block.get("type")
    if kind not in ALLOWED[role]:
        yield Complaint(f"{where}: Input tag '{kind}' found using 'type' does not match")
        return
    unknown = set(block) - FIELDS[kind] - {"type"}
    if unknown:
        yield Complaint(f"{where}.{kind}.{min(unknown)}: Extra inputs are not permitted")
    match block:
        case {"type": "thinking", "thinking": thought, "signature": signature} if (
            signature != signed(thought)
        ):
            yield Complaint(f"{where}: Invalid `signature` in `thinking` block")
        case {"type": "text", "text": text} if not text.strip():
            yield Complaint(f"{where}: text content blocks must contain non-whitespace text")
        case {"type": "tool_use", "input": given, "id": id_} if not (
            isinstance(given, dict) and ID.fullmatch(id_)
        ):
            yield Complaint(f"{where}.tool_use: Input should be a valid dictionary, id a pattern")
        case {"type": "image", "source": {"type": "base64", "media_type": kind}} if (
            kind not in MEDIA
        ):
            yield Complaint(f"{where}.image.source.media_type: Input should be one of {MEDIA}")
        case _:
            pass


def signed(thought: str) -> str:
    """Sign a thought, so that one that comes back changed is found out."""
    return f"sig-{sha256(thought.encode()).hexdigest()[:24]}"


def _turns(body: Mapping[str, Any]) -> Iterator[Complaint]:
    """Hold the turns together: results right behind their calls, thoughts before them."""
    owed: set[str] = set()
    turns = merged(body["messages"])
    for at, (_, blocks) in enumerate(turns):
        given = {each["tool_use_id"] for each in blocks if each["type"] == "tool_result"}
        if given - owed:
            text = f"messages.{at}.content.0: unexpected `tool_use_id` found in `tool_result`"
            yield Complaint(f"{text} blocks: {', '.join(sorted(given - owed))}")
        if owed - given:
            text = f"messages.{at}: `tool_use` ids were found without `tool_result` blocks"
            yield Complaint(f"{text} immediately after: {', '.join(sorted(owed - given))}")
        owed = {each["id"] for each in blocks if each["type"] == "tool_use"}
    if owed:
        yield Complaint(f"`tool_use` ids were found without `tool_result` blocks: {sorted(owed)}")
    yield from _thoughts(body, turns)
    ids = [each["id"] for _, blocks in turns for each in blocks if each["type"] == "tool_use"]
    if len(set(ids)) < len(ids):
        yield Complaint("messages: `tool_use` ids must be unique")
    used = any(each["type"] == "tool_use" for _, blocks in turns for each in blocks)
    if used and not body.get("tools"):
        yield Complaint("Requests which include `tool_use` blocks must define tools")


def _thoughts(
    body: Mapping[str, Any], turns: list[tuple[str, list[Mapping[str, Any]]]]
) -> Iterator[Complaint]:
    answers = [blocks for role, blocks in turns if role == "assistant"]
    if body.get("thinking", {}).get("type") != "enabled" or not answers:
        return
    last = answers[-1]
    if any(each["type"] == "tool_use" for each in last) and last[0]["type"] not in THOUGHTS:
        text = "Expected `thinking` or `redacted_thinking`, but found `tool_use`."
        yield Complaint(f"{text} When `thinking` is enabled, a final `assistant` message must")


def _breakpoints(body: Mapping[str, Any]) -> Iterator[Complaint]:
    blocks = [*body.get("tools", ()), *system_of(body)]
    blocks += [each for message in body["messages"] for each in blocks_of(message)]
    marked = [each for each in blocks if "cache_control" in each]
    if len(marked) + ("cache_control" in body) > MOST_BREAKPOINTS:
        text = f"A maximum of {MOST_BREAKPOINTS} blocks with cache_control may be provided."
        yield Complaint(f"{text} Found {len(marked)}.")
    for each in marked:
        if each["cache_control"].get("type") != "ephemeral":
            yield Complaint("cache_control.type: Input should be 'ephemeral'")


def system_of(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give the system prompt in blocks."""
    system = body.get("system", [])
    return [{"type": "text", "text": system}] if isinstance(system, str) else system


def blocks_of(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give a message's content in blocks."""
    content = message["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def merged(messages: list[dict[str, Any]]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Give the turns as the model reads them: messages of one role that meet are one."""
    turns: list[tuple[str, list[Mapping[str, Any]]]] = []
    for message in messages:
        if not turns or turns[-1][0] != message["role"]:
            turns.append((message["role"], []))
        turns[-1][1].extend(blocks_of(message))
    return turns
