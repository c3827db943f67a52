"""A provider of OpenAI's two formats on loopback: strict, programmable, and it remembers.

It answers Chat Completions and Responses. It refuses what OpenAI refuses, plays one `Reply` after
another for each model (the last one again and again), and keeps every request with its exact
bytes, its time, and when its client went away. By hand: `python -m tests.simulators provider
--port 9001`, then the names in `BY_HAND` are its models.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, Protocol, Self

from aiohttp import web

from tests.simulators import openai_rules, provider_reply, responses_reply, responses_rules
from tests.simulators.openai_rules import Complaint
from tests.simulators.provider_reply import Reply
from tests.wire_invariants import Conversations

__all__ = ["ProviderSimulator", "Reply", "Seen"]

BYTES_PER_TOKEN = 4


@dataclass(slots=True, kw_only=True)
class Seen:
    """A request. Times are of the event loop; `gone` is set once its connection was lost early.

    `port` is the client's, the same for requests on one connection.
    """

    at: float
    headers: Mapping[str, str]
    raw: bytes
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    gone_at: float | None = None
    port: int = 0

    @property
    def body(self) -> dict[str, Any]:
        """The JSON of it."""
        decoded: dict[str, Any] = json.loads(self.raw)
        return decoded


Replies = Mapping[str, Reply | Sequence[Reply]]
Body = Mapping[str, Any]


class Refusal(Protocol):
    """What is wrong with a request, and how the vendor says it."""

    @property
    def status(self) -> int: ...

    @property
    def body(self) -> dict[str, Any]: ...


class Answer(Protocol):
    """An answer as bytes."""

    @property
    def reply(self) -> Reply: ...

    def document(self) -> bytes: ...

    def events(self) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One of the formats. `lines` is the field that holds the conversation."""

    lines: str
    complaint: Callable[[bytes, frozenset[str]], Refusal | None]
    objection: Callable[[Reply, Body], Refusal | None]
    answer: Callable[[Reply, Body, Mapping[str, Any]], Answer]


CHAT = Dialect(
    lines="messages",
    complaint=openai_rules.complaint,
    objection=provider_reply.objection,
    answer=provider_reply.Answer,
)
RESPONSES = Dialect(
    lines="input",
    complaint=responses_rules.complaint,
    objection=responses_reply.objection,
    answer=responses_reply.ResponsesAnswer,
)


class ProviderSimulator:
    """`async with ProviderSimulator({"model": Reply(...)}) as simulator: simulator.base_url`.

    The model "*" answers for every other name. With a `key`, nobody else gets in. `extra` are
    fields that it takes beyond OpenAI's own. `port` 0 takes a free one. Another vendor is a class
    of its own: what it answers where, which keys it takes, how it counts.
    """

    DIALECTS: ClassVar[Mapping[str, Dialect]] = {
        "/v1/chat/completions": CHAT,
        "/v1/responses": RESPONSES,
    }
    UNKNOWN: ClassVar[Refusal] = Complaint(
        "The model does not exist.", "model", "model_not_found", status=404
    )
    REFUSED: ClassVar[Refusal] = Complaint("Refused.", type="server_error")

    def __init__(
        self,
        replies: Replies | None = None,
        *,
        key: str | None = None,
        extra: frozenset[str] = frozenset(),
        strict: bool = True,
        port: int = 0,
    ) -> None:
        self.replies: dict[str, Reply | Sequence[Reply]] = dict(replies or {"*": Reply()})
        self.seen: list[Seen] = []
        self.conversations = Conversations()
        self.base_url = ""
        self.asked = asyncio.Event()
        self.in_flight = 0
        self.most_in_flight = 0
        self._key = key
        self._extra = extra
        self._strict = strict
        self._port = port
        self._counts: dict[str, int] = {}
        self._prompts: dict[str, list[bytes]] = {}
        self._runner: web.AppRunner | None = None

    async def start(self) -> Self:
        """Listen on loopback."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        for path, dialect in self.DIALECTS.items():
            app.router.add_post(path, partial(self._answer, dialect))
        app.router.add_get("/v1/models", self._models)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        host, bound = self._runner.addresses[0][:2]
        self.base_url = f"http://{host}:{bound}/v1"
        return self

    async def stop(self) -> None:
        """Close every connection and stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        await self.stop()
        assert kind is not None or not self.conversations.broken, self.conversations.broken

    async def _models(self, request: web.Request) -> web.Response:
        data = [{"id": name, "object": "model"} for name in self.replies if name != "*"]
        return web.json_response({"object": "list", "data": data})

    async def _answer(self, dialect: Dialect, request: web.Request) -> web.StreamResponse:
        loop = asyncio.get_running_loop()
        headers, raw = request.headers.copy(), await request.read()
        peer = request.transport and request.transport.get_extra_info("peername")
        seen = Seen(at=loop.time(), headers=headers, raw=raw, port=peer[1] if peer else 0)
        self.seen.append(seen)
        self.asked.set()
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            wrong = self.stranger(seen)
            if wrong is None and self._strict:
                wrong = dialect.complaint(seen.raw, self._extra)
            if wrong is not None:
                return web.json_response(wrong.body, status=wrong.status)
            response = await self._play(dialect, request, seen.body)
            if response.status == 200:  # what was refused is in nobody's cache
                self.conversations.take_body(seen.body)
            return response
        except (asyncio.CancelledError, ConnectionError):
            seen.gone_at = loop.time()
            seen.gone.set()
            raise
        finally:
            self.in_flight -= 1
            seen.ended.set()

    def stranger(self, seen: Seen) -> Refusal | None:
        """Say what is wrong with the headers of a request: its key, above all."""
        given = seen.headers.get("Authorization")
        if self._key is None or given == f"Bearer {self._key}":
            return None
        text = f"Incorrect API key provided: {(given or '').removeprefix('Bearer ')}."
        return Complaint(text, code="invalid_api_key", status=401)

    def _next(self, model: str) -> Reply | None:
        planned = self.replies.get(model, self.replies.get("*"))
        if planned is None or isinstance(planned, Reply):
            return planned
        count = self._counts.get(model, 0)
        self._counts[model] = count + 1
        return planned[min(count, len(planned) - 1)]

    async def _play(
        self, dialect: Dialect, request: web.Request, body: dict[str, Any]
    ) -> web.StreamResponse:
        reply = self._next(body["model"])
        wrong = self.UNKNOWN if reply is None else dialect.objection(reply, body)
        if reply is None or wrong is not None:
            wrong = wrong or self.UNKNOWN
            return web.json_response(wrong.body, status=wrong.status)
        await asyncio.sleep(reply.first)
        if reply.status != 200:
            error = reply.error or self.REFUSED.body
            return web.json_response(error, status=reply.status, headers=reply.headers)
        answer = dialect.answer(reply, body, self.usage(reply, body, dialect.lines))
        streamed = bool(body.get("stream")) and not reply.whole
        kind = "text/event-stream" if streamed else "application/json"
        response = web.StreamResponse(headers={"Content-Type": kind, **reply.headers})
        await response.prepare(request)
        await self._send(request, response, answer, streamed=streamed)
        return response

    async def _send(
        self, request: web.Request, response: web.StreamResponse, answer: Answer, *, streamed: bool
    ) -> None:
        reply, sent = answer.reply, 0
        while reply.pings is not None:
            await response.write(b": ping\n\n")
            await asyncio.sleep(reply.pings)
        for piece in answer.events() if streamed else [answer.document()]:
            if reply.drop_after is not None and sent + len(piece) >= reply.drop_after:
                await response.write(piece[: reply.drop_after - sent])
                if request.transport is not None:
                    request.transport.abort()
                return
            if reply.stall_after is not None and sent + len(piece) >= reply.stall_after:
                await response.write(piece[: reply.stall_after - sent])
                await asyncio.Event().wait()
            await response.write(piece)
            sent += len(piece)
            await asyncio.sleep(reply.between)

    def usage(self, reply: Reply, body: Body, lines: str) -> Mapping[str, Any]:
        """Count tokens, and what a prefix cache of this model would have had."""
        prompt = json.dumps(body[lines]).encode()
        before = self._prompts.setdefault(body["model"], [])
        known = max((_common(prompt, each) for each in before), default=0)
        before.append(prompt)
        into, out = len(prompt) // BYTES_PER_TOKEN, len(reply.text) // BYTES_PER_TOKEN + 1
        return reply.usage or {
            "prompt_tokens": into,
            "completion_tokens": out,
            "total_tokens": into + out,
            "prompt_tokens_details": {"cached_tokens": known // BYTES_PER_TOKEN},
            "completion_tokens_details": {"reasoning_tokens": 0},
        }


def _common(one: bytes, other: bytes) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (mine, its) in pairs if mine != its), min(len(one), len(other)))


# --- by hand --------------------------------------------------------------------------------

BY_HAND: dict[str, Reply | Sequence[Reply]] = {
    "echo": Reply(text="You said: {last}", between=0.02),
    "slow": Reply(text="You said: {last}", first=5, between=0.3),
    "thinks": Reply(text="So: {last}", reasoning="Let me see. " * 10, between=0.05),
    "busy": Reply(status=429, headers={"Retry-After": "1"}),
    "down": Reply(status=503),
    "stalls": Reply(text="I begin, but " * 10, stall_after=600),
    "pings": Reply(pings=1.0),
    "drops": Reply(text="I begin, but " * 10, drop_after=600),
    "whole": Reply(text="You said: {last}", whole=True),
    "turns": Reply(text="You said: {last}", strict_turns=True),
    "*": Reply(text="You said: {last}", between=0.02),
}


async def serve(port: int, key: str | None) -> None:
    """Run until interrupted."""
    extra = frozenset({"provider", "usage", "reasoning", "top_k", "min_p", "transforms"})
    async with ProviderSimulator(BY_HAND, key=key, extra=extra, port=port) as simulator:
        sys.stdout.write(f"{simulator.base_url}  models: {', '.join(BY_HAND)}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main(arguments: list[str]) -> None:
    """Start it by hand."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulators provider")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key")
    given = parser.parse_args(arguments)
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(given.port, given.key))
