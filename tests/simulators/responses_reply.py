"""How the provider simulator answers in the Responses format: a `Reply` in, its bytes out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from tests.simulators.openai_rules import Complaint
from tests.simulators.provider_reply import Reply, cut
from tests.simulators.responses_rules import made_of

Item = dict[str, Any]

_ids = count(1)
NULLS = ("error", "incomplete_details", "instructions", "metadata", "previous_response_id")


@dataclass(frozen=True, slots=True)
class ResponsesAnswer:
    """One reply to one request, as bytes."""

    reply: Reply
    body: Mapping[str, Any]
    usage: Mapping[str, Any]

    @property
    def text(self) -> str:
        """What is said."""
        given = self.body["input"]
        users = [given] if isinstance(given, str) else _said(given)
        return self.reply.text.replace("{last}", users[-1] if users else "")

    def document(self) -> bytes:
        """Give the whole answer as one JSON document."""
        if self.reply.raw is not None:
            return self.reply.raw
        return json.dumps(self._response(self._items(), self._status)).encode()

    def events(self) -> Iterator[bytes]:
        """Give the answer as a stream."""
        if self.reply.raw is not None:
            yield from self.reply.raw_pieces()
            return
        for number, event in enumerate(self._events()):
            whole = {**event, "sequence_number": number}
            yield f"event: {event['type']}\ndata: {json.dumps(whole)}\n\n".encode()

    def _events(self) -> Iterator[dict[str, Any]]:
        opened = self._response([], "in_progress")
        yield {"type": "response.created", "response": opened}
        yield {"type": "response.in_progress", "response": opened}
        items = self._items()
        for at, item in enumerate(items):
            for event in _grown(item, self.reply.size):
                yield {**event, "output_index": at, "item_id": item["id"]}
        if self.reply.error is not None:
            failed = {**self._response(items, "failed"), "error": self.reply.error.get("error")}
            yield {"type": "response.failed", "response": failed}
        elif self._status is not None:
            ended = self._response(items, self._status)
            yield {"type": f"response.{self._status}", "response": ended}

    @property
    def _status(self) -> str | None:
        if self.reply.finish is None:
            return None
        short = self.reply.finish in {"length", "content_filter"}
        return "incomplete" if short else "completed"

    def _items(self) -> list[Item]:
        number = next(_ids)
        items: list[Item] = []
        if self.reply.reasoning:
            items.append(self._thought(f"rs_{number}"))
        if self.text or not self.reply.tool_calls:
            part = {"type": "output_text", "text": self.text, "annotations": [], "logprobs": []}
            message = {"id": f"msg_{number}", "type": "message", "role": "assistant"}
            items.append({**message, "status": "completed", "content": [part]})
        for at, call in enumerate(self.reply.tool_calls):
            head = {"id": f"fc_{number}_{at}", "type": "function_call", "status": "completed"}
            items.append({**head, "call_id": call["id"], **call["function"]})
        return items

    def _thought(self, name: str) -> Item:
        summary = [{"type": "summary_text", "text": self.reply.reasoning}]
        item = {"id": name, "type": "reasoning", "summary": summary, "content": []}
        wanted = "reasoning.encrypted_content" in (self.body.get("include") or ())
        return {**item, "encrypted_content": made_of(name)} if wanted else item

    def _response(self, items: list[Item], status: str | None) -> dict[str, Any]:
        reasons = {"length": "max_output_tokens", "content_filter": "content_filter"}
        ended = status in {"completed", "incomplete", "failed"}
        return {
            **dict.fromkeys(NULLS),
            "id": "resp_1",
            "object": "response",
            "created_at": 1,
            "model": self.body["model"],
            "status": status,
            "incomplete_details": (
                {"reason": reasons[self.reply.finish or ""]} if status == "incomplete" else None
            ),
            "output": items,
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "usage": _usage(self.usage) if ended and self.reply.say_usage else None,
        }


def _said(items: list[Item]) -> list[str]:
    users = [item["content"] for item in items if item.get("role") == "user"]
    return [content if isinstance(content, str) else "…" for content in users]


def _grown(item: Item, size: int) -> Iterator[dict[str, Any]]:
    yield {"type": "response.output_item.added", "item": _empty(item)}
    if item["type"] == "reasoning":
        [part] = item["summary"]
        yield {"type": "response.reasoning_summary_part.added", "summary_index": 0}
        for piece in cut(part["text"], size):
            yield {"type": "response.reasoning_summary_text.delta", "delta": piece}
    elif item["type"] == "message":
        [part] = item["content"]
        yield {"type": "response.content_part.added", "part": {**part, "text": ""}}
        for piece in cut(part["text"], size):
            yield {
                "type": "response.output_text.delta",
                "content_index": 0,
                "delta": piece,
                "logprobs": [],
            }
        yield {"type": "response.output_text.done", "content_index": 0, **part}
    else:
        for piece in cut(item["arguments"], size):
            yield {"type": "response.function_call_arguments.delta", "delta": piece}
        done = {"arguments": item["arguments"], "name": item["name"]}
        yield {"type": "response.function_call_arguments.done", **done}
    yield {"type": "response.output_item.done", "item": item}


def _empty(item: Item) -> Item:
    bare = {"summary": [], "content": [], "arguments": ""}
    kept = {name: bare.get(name, value) for name, value in item.items()}
    return kept | ({"status": "in_progress"} if "status" in item else {})


def _usage(usage: Mapping[str, Any]) -> Mapping[str, Any]:
    if "prompt_tokens" not in usage:
        return usage
    into, out = usage.get("prompt_tokens_details"), usage.get("completion_tokens_details")
    return {
        "input_tokens": usage["prompt_tokens"],
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0, **(into or {})},
        "output_tokens": usage["completion_tokens"],
        "output_tokens_details": {"reasoning_tokens": 0, **(out or {})},
        "total_tokens": usage["prompt_tokens"] + usage["completion_tokens"],
    }


def objection(reply: Reply, body: Mapping[str, Any]) -> Complaint | None:
    """Say what this reply's model has against a request that OpenAI would take."""
    for name in reply.refuses:
        if body.get(name) not in {None, False} if name == "stream" else name in body:
            text = f"Unsupported parameter: '{name}' is not supported with this model."
            return Complaint(text, name, "unsupported_parameter")
    return None
