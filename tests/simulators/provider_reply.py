"""How the provider simulator answers: what is planned for a request, and its bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

from tests.simulators.openai_rules import Complaint


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """How one request is answered.

    `{last}` in `text` stands for the last user message. `first` and `between` are seconds.
    `status` other than 200 answers `error` (or OpenAI's words for it). `error` under 200 comes
    after the text, inside the stream. `drop_after` and `stall_after` count bytes of the body:
    then the connection is torn, or nothing more comes. `pings` sends comments alone, that many
    seconds apart. `refuses` are fields that this model does not know. `raw` is sent as it is,
    `piece` bytes at a time.
    """

    text: str = "Hello from the simulator."
    reasoning: str = ""
    reasoning_field: Literal["reasoning_content", "reasoning", "reasoning_details"] = (
        "reasoning_content"
    )
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    size: int = 5
    first: float = 0.0
    between: float = 0.0
    finish: str | None = "stop"
    usage: Mapping[str, Any] | None = None
    say_usage: bool = True
    done: bool = True
    status: int = 200
    error: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    whole: bool = False
    drop_after: int | None = None
    stall_after: int | None = None
    pings: float | None = None
    refuses: tuple[str, ...] = ()
    strict_turns: bool = False
    window: int | None = None
    raw: bytes | None = None
    piece: int | None = None

    def raw_pieces(self) -> Iterator[bytes]:
        """Give `raw` in pieces, whatever the format."""
        raw = self.raw or b""
        size = self.piece or len(raw) or 1
        return (raw[start : start + size] for start in range(0, len(raw), size))


@dataclass(frozen=True, slots=True)
class Answer:
    """One reply to one request, as bytes."""

    reply: Reply
    body: Mapping[str, Any]
    usage: Mapping[str, Any]

    @property
    def text(self) -> str:
        """What is said."""
        users = [each["content"] for each in self.body["messages"] if each["role"] == "user"]
        last = users[-1] if users else ""
        return self.reply.text.replace("{last}", last if isinstance(last, str) else "…")

    @property
    def finish(self) -> str | None:
        """Why it ends."""
        return "tool_calls" if self.reply.tool_calls and self.reply.finish else self.reply.finish

    def document(self) -> bytes:
        """Give the whole answer as one JSON document."""
        if self.reply.raw is not None:
            return self.reply.raw
        message: dict[str, Any] = {"role": "assistant", "content": self.text, "refusal": None}
        if self.reply.tool_calls:
            message |= {"content": self.text or None, "tool_calls": list(self.reply.tool_calls)}
        if self.reply.reasoning:
            message |= self._thought(self.reply.reasoning)
        choice = {"index": 0, "message": message, "finish_reason": self.finish, "logprobs": None}
        whole = self._frame("chat.completion", [choice])
        return json.dumps(whole | ({"usage": self.usage} if self.reply.say_usage else {})).encode()

    def events(self) -> Iterator[bytes]:
        """Give the answer as a stream."""
        if self.reply.raw is not None:
            yield from self.reply.raw_pieces()
            return
        for delta in self._deltas():
            yield self._event([{"index": 0, "delta": delta, "finish_reason": None}])
        if self.reply.error is not None:
            yield f"data: {json.dumps(self.reply.error)}\n\n".encode()
            return
        if self.finish is not None:
            yield self._event([{"index": 0, "delta": {}, "finish_reason": self.finish}])
        asked = (self.body.get("stream_options") or {}).get("include_usage")
        if asked and self.reply.say_usage:
            yield self._event([], usage=self.usage)
        if self.reply.done:
            yield b"data: [DONE]\n\n"

    def _deltas(self) -> Iterator[dict[str, Any]]:
        yield {"role": "assistant", "content": ""}
        for piece in cut(self.reply.reasoning, self.reply.size):
            yield self._thought(piece)
        for piece in cut(self.text, self.reply.size):
            yield {"content": piece}
        for index, call in enumerate(self.reply.tool_calls):
            function = call["function"]
            head = {**call, "index": index, "function": {**function, "arguments": ""}}
            yield {"tool_calls": [head]}
            for piece in cut(function["arguments"], self.reply.size):
                yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}

    def _thought(self, text: str) -> dict[str, Any]:
        details = [{"type": "reasoning.text", "text": text}]
        name = self.reply.reasoning_field
        return {name: details if name == "reasoning_details" else text}

    def _frame(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        head = {"id": "chatcmpl-1", "object": kind, "created": 1, "model": self.body["model"]}
        return {**head, "choices": choices}

    def _event(self, choices: list[dict[str, Any]], **more: object) -> bytes:
        frame = self._frame("chat.completion.chunk", choices) | more
        return f"data: {json.dumps(frame)}\n\n".encode()


def cut(text: str, size: int) -> list[str]:
    """Cut a text into pieces."""
    return [text[start : start + size] for start in range(0, len(text), size)]


def objection(reply: Reply, body: Mapping[str, Any]) -> Complaint | None:
    """Say what this reply's model has against a request that OpenAI would take."""
    for name in reply.refuses:
        if body.get(name) not in {None, False} if name == "stream" else name in body:
            text = f"Unsupported parameter: '{name}' is not supported with this model."
            return Complaint(text, name, "unsupported_parameter")
    roles = [message["role"] for message in body["messages"]]
    meet = {("user", "user"), ("tool", "user")}
    if reply.strict_turns and meet & set(pairwise(roles)):
        return Complaint("Conversation roles must alternate user/assistant/user/assistant/...")
    if reply.window is not None and len(json.dumps(body["messages"])) > reply.window:
        text = f"This model's maximum context length is {reply.window} tokens."
        return Complaint(text, "messages", "context_length_exceeded")
    return None
