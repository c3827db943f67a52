"""Anthropic's Messages API on loopback: strict, programmable, with its prompt cache.

It plays the `Reply`s of the provider simulator in its own format: `reasoning` becomes a signed
thinking block where thinking was asked for, tool calls become blocks. It refuses what Anthropic
refuses (`anthropic_rules`), and counts tokens as its cache does (`anthropic_cache`). By hand:
`python -m tests.simulators anthropic --port 9002`; a model of any name answers.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

from typing_extensions import override

from tests.simulators.anthropic_cache import BYTES_PER_TOKEN, Counted, PromptCache
from tests.simulators.anthropic_rules import Complaint, blocks_of, complaint, signed
from tests.simulators.provider import Body, Dialect, ProviderSimulator, Refusal, Seen
from tests.simulators.provider_reply import Reply, cut

__all__ = ["AnthropicSimulator"]

STOPS = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}
STRANGER = Complaint("invalid x-api-key", "authentication_error", 401)


@dataclass(frozen=True, slots=True)
class Told:
    """One reply to one request, as bytes."""

    reply: Reply
    body: Mapping[str, Any]
    counted: Mapping[str, Any]

    @property
    def content(self) -> list[dict[str, Any]]:
        """The blocks of the answer."""
        reply, made = self.reply, []
        thinks = self.body.get("thinking", {"type": "disabled"})["type"] != "disabled"
        if reply.reasoning and thinks:
            signature = signed(reply.reasoning)
            made.append({"type": "thinking", "thinking": reply.reasoning, "signature": signature})
        if self.text:
            made.append({"type": "text", "text": self.text})
        for call in reply.tool_calls:
            function = call["function"]
            given = json.loads(function["arguments"] or "{}")
            made.append(
                {"type": "tool_use", "id": call["id"], "name": function["name"], "input": given}
            )
        return made

    @property
    def text(self) -> str:
        """What is said."""
        said = [
            block["text"]
            for message in self.body["messages"]
            if message["role"] == "user"
            for block in blocks_of(message)
            if block["type"] == "text"
        ]
        return self.reply.text.replace("{last}", said[-1] if said else "…")

    @property
    def stop(self) -> str | None:
        """Why it ends."""
        finish = self.reply.finish
        if finish is None:
            return None
        return "tool_use" if self.reply.tool_calls else STOPS.get(finish, finish)

    @property
    def usage(self) -> dict[str, Any]:
        """What it took, at the end."""
        wrote = len(json.dumps(self.content)) // BYTES_PER_TOKEN + 1
        return {"output_tokens": wrote, **self.counted}

    def document(self) -> bytes:
        """Give the whole answer as one JSON document."""
        if self.reply.raw is not None:
            return self.reply.raw
        usage = {"usage": self.usage} if self.reply.say_usage else {}
        whole = {**self._head, "content": self.content, "stop_reason": self.stop, **usage}
        return json.dumps(whole).encode()

    def events(self) -> Iterator[bytes]:
        """Give the answer as a stream."""
        if self.reply.raw is not None:
            yield from self.reply.raw_pieces()
            return
        usage = {**self.usage, "output_tokens": 1}
        start = {**self._head, "content": [], "stop_reason": None, "usage": usage}
        yield _event("message_start", message=start)
        yield _event("ping")
        for at, block in enumerate(self.content):
            yield from self._block(at, block)
        if self.reply.error is not None:
            yield _event("error", **{"error": {}, **self.reply.error})
            return
        if self.stop is not None:
            delta = {"stop_reason": self.stop, "stop_sequence": None}
            told = self.usage if self.reply.say_usage else {"output_tokens": 0}
            yield _event("message_delta", delta=delta, usage=told)
        if self.reply.done:
            yield _event("message_stop")

    @property
    def _head(self) -> dict[str, Any]:
        head = {"id": "msg_simulated", "type": "message", "role": "assistant"}
        return {**head, "model": self.body["model"], "stop_sequence": None}

    def _block(self, at: int, block: dict[str, Any]) -> Iterator[bytes]:
        empty: dict[str, Any] = {"text": "", "thinking": "", "signature": "", "input": {}}
        begun = {name: empty.get(name, value) for name, value in block.items()}
        yield _event("content_block_start", index=at, content_block=begun)
        kinds = {"text": "text_delta", "thinking": "thinking_delta", "signature": "signature_delta"}
        for name, kind in kinds.items():
            size = self.reply.size if name != "signature" else 10_000
            for text in cut(block.get(name, ""), size):
                yield _event("content_block_delta", index=at, delta={"type": kind, name: text})
        given = block.get("input")
        for text in cut(json.dumps(given) if given else "", self.reply.size):
            delta = {"type": "input_json_delta", "partial_json": text}
            yield _event("content_block_delta", index=at, delta=delta)
        yield _event("content_block_stop", index=at)


def objection(reply: Reply, body: Body) -> Complaint | None:
    """Say what this reply's model has against a request that Anthropic would take."""
    for name in reply.refuses:
        if name in body:
            return Complaint(f"{name}: Extra inputs are not permitted")
    if reply.window is not None and len(json.dumps(body["messages"])) > reply.window:
        return Complaint(f"prompt is too long: 300000 tokens > {reply.window} maximum")
    return None


# What is wrong with a request is told with its headers.
MESSAGES = Dialect(
    lines="messages", complaint=lambda _raw, _extra: None, objection=objection, answer=Told
)


class AnthropicSimulator(ProviderSimulator):
    """`async with AnthropicSimulator({"model": Reply(...)}) as simulator: simulator.base_url`.

    `cache` counts; `counted` has what each request's input came to, in their order.
    """

    DIALECTS: ClassVar[Mapping[str, Dialect]] = {"/v1/messages": MESSAGES}
    UNKNOWN: ClassVar[Refusal] = Complaint("model: not known", "not_found_error", 404)
    REFUSED: ClassVar[Refusal] = Complaint("Overloaded", "overloaded_error", 529)

    def __init__(
        self,
        replies: Mapping[str, Reply | Sequence[Reply]] | None = None,
        *,
        key: str | None = None,
        port: int = 0,
    ) -> None:
        super().__init__(replies, key=key, port=port)
        self.cache = PromptCache()
        self.counted: list[Counted] = []

    @override
    def stranger(self, seen: Seen) -> Refusal | None:
        headers = seen.headers
        # Both are taken; where both are there, it is the first that counts.
        given = headers.get("x-api-key") or headers.get("Authorization", "").removeprefix("Bearer ")
        if given.startswith("sk-ant-oat") and (
            "x-api-key" in headers or "oauth-2025-04-20" not in headers.get("anthropic-beta", "")
        ):
            return Complaint("OAuth authentication is not supported.", STRANGER.type, 401)
        if self._key is not None and given != self._key:
            return STRANGER
        return complaint(headers, seen.raw)

    @override
    def usage(self, reply: Reply, body: Body, lines: str) -> Mapping[str, Any]:
        counted = self.cache.count(body, asyncio.get_running_loop().time())
        self.counted.append(counted)
        return reply.usage or {
            "input_tokens": counted.fresh,
            "cache_creation_input_tokens": counted.written,
            "cache_read_input_tokens": counted.read,
        }


def _event(kind: str, **fields: object) -> bytes:
    data = json.dumps({"type": kind, **fields})
    return f"event: {kind}\ndata: {data}\n\n".encode()


# --- by hand --------------------------------------------------------------------------------

BY_HAND: dict[str, Reply | Sequence[Reply]] = {
    "busy": Reply(status=529, headers={"Retry-After": "1"}),
    "drops": Reply(text="I begin, but " * 10, drop_after=900),
    "whole": Reply(text="You said: {last}", whole=True),
    "*": Reply(text="You said: {last}", reasoning="Let me see. ", size=200, between=0.02),
}


async def serve(port: int, key: str | None) -> None:
    """Run until interrupted."""
    async with AnthropicSimulator(BY_HAND, key=key, port=port) as simulator:
        sys.stdout.write(f"{simulator.base_url}  models: {', '.join(BY_HAND)}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main(arguments: list[str]) -> None:
    """Start it by hand."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulators anthropic")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key")
    given = parser.parse_args(arguments)
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(given.port, given.key))
