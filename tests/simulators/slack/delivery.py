"""How envelopes reach the bot and come back acknowledged, over sockets or by HTTP.

An event that is not acknowledged in three seconds comes again: at once, after a minute, after
five, with the same event id. Commands and presses come once; whoever made them sees an error.
Source: docs.slack.dev/apis/events-api, using-socket-mode, verifying-requests-from-slack.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias
from urllib.parse import urlencode

import aiohttp
from aiohttp import WSMsgType, web

from tests.simulators.slack.model import Json

Kind: TypeAlias = Literal["events_api", "slash_commands", "interactive"]
RETRIES = (0.0, 60.0, 300.0)
ACK = 3.0
HELLO_TIME = 3600
MOST = 10
PING = 10.0
"""Seconds between the pings that Slack sends; who does not answer is cut off."""


@dataclass(slots=True, kw_only=True)
class Envelope:
    """One delivery of one payload. `response` is what came with the acknowledgement."""

    id: str
    kind: Kind
    payload: Json
    attempt: int = 0
    reason: str = ""
    at: float = 0.0
    acked_at: float | None = None
    response: Json | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a delivery: `error` is Slack's word for what a person sees, blank if none."""

    error: str = ""
    response: Json | None = None
    no_retry: bool = False

    def reason(self, mode: str) -> str:
        """Say why it is sent again, in the words of that mode."""
        if mode == "socket":
            return "timeout"
        return "http_timeout" if self.error == "operation_timeout" else "http_error"


Send: TypeAlias = Callable[[Envelope, float], Awaitable[Outcome]]


@dataclass(slots=True, eq=False)
class Link:
    """One open connection."""

    socket: web.WebSocketResponse
    request: web.Request
    waiting: dict[str, asyncio.Future[Outcome]] = field(default_factory=dict)
    frozen: bool = False


@dataclass(slots=True)
class Sockets:
    """Socket Mode. `links` are the open connections; an event goes to one of them."""

    tickets: set[str]
    changed: Callable[[], None]
    links: list[Link] = field(default_factory=list)
    opened: int = 0
    turn: int = 0

    async def accept(self, request: web.Request) -> web.StreamResponse:
        """Let a ticket in, once, and read acknowledgements until it closes."""
        ticket = request.query.get("ticket", "")
        if ticket not in self.tickets:
            return web.Response(status=403, text="invalid ticket")
        self.tickets.discard(ticket)
        socket = web.WebSocketResponse(heartbeat=PING)
        await socket.prepare(request)
        self.opened += 1
        if len(self.links) >= MOST:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return socket
        link = Link(socket, request)
        self.links.append(link)
        await socket.send_json(self._hello())
        self.changed()
        try:
            async for frame in socket:
                if frame.type == WSMsgType.TEXT:
                    _acknowledged(link, frame.data)
        finally:
            self._gone(link)
        return socket

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.links),
            "connection_info": {"app_id": "A0MOA0001"},
            "debug_info": {
                "host": "applink-1",
                "build_number": 1,
                "approximate_connection_time": HELLO_TIME,
            },
        }

    def _gone(self, link: Link) -> None:
        if link in self.links:
            self.links.remove(link)
        for waiting in link.waiting.values():
            if not waiting.done():
                waiting.set_result(Outcome(error="operation_timeout"))
        self.changed()

    async def send(self, envelope: Envelope, patience: float) -> Outcome:
        """Send it over one of the connections, and wait for its acknowledgement."""
        if not self.links:
            return Outcome(error="dispatch_failed")
        self.turn += 1
        link = self.links[self.turn % len(self.links)]
        frame: Json = {
            "envelope_id": envelope.id,
            "payload": envelope.payload,
            "type": envelope.kind,
            "accepts_response_payload": envelope.kind != "events_api",
        }
        if envelope.kind == "events_api":
            frame |= {"retry_attempt": envelope.attempt, "retry_reason": envelope.reason}
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        link.waiting[envelope.id] = answer
        try:
            if not link.frozen:
                await link.socket.send_json(frame)
            async with asyncio.timeout(patience):
                return await answer
        except (TimeoutError, ConnectionError):
            return Outcome(error="operation_timeout")
        finally:
            link.waiting.pop(envelope.id, None)

    async def disconnect(self, reason: str, *, close: bool = True) -> None:
        """Ask every connection to go; all but a warning close it."""
        for link in list(self.links):
            await link.socket.send_json(
                {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-1"}}
            )
            if close:
                await link.socket.close()

    def freeze(self) -> None:
        """Answer no ping and send nothing more on the connections that are open."""
        for link in self.links:
            link.frozen, link.socket._autoping = True, False

    async def cut(self) -> None:
        """Lose every connection without a word."""
        for link in list(self.links):
            if link.request.transport is not None:
                link.request.transport.abort()


def _acknowledged(link: Link, text: str) -> None:
    try:
        frame: Any = json.loads(text)
    except ValueError:
        return
    waiting = link.waiting.get(frame.get("envelope_id", "")) if isinstance(frame, dict) else None
    if waiting is not None and not waiting.done():
        waiting.set_result(Outcome(response=frame.get("payload")))


def signature(secret: str, timestamp: str, body: str) -> str:
    """Sign as Slack does."""
    base = f"v0:{timestamp}:{body}".encode()
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


@dataclass(slots=True)
class Posts:
    """HTTP mode: signed POSTs to one URL."""

    url: str
    secret: str
    now: Callable[[], float]

    async def send(self, envelope: Envelope, patience: float) -> Outcome:
        """POST it; whatever is not a 2xx in time counts as not acknowledged."""
        if envelope.kind == "events_api":
            body, kind = json.dumps(envelope.payload), "application/json"
        else:
            slash = envelope.kind == "slash_commands"
            form = envelope.payload if slash else {"payload": json.dumps(envelope.payload)}
            body, kind = urlencode(form), "application/x-www-form-urlencoded"
        extra = {}
        if envelope.attempt:
            extra = {
                "X-Slack-Retry-Num": str(envelope.attempt),
                "X-Slack-Retry-Reason": envelope.reason,
            }
        try:
            status, answer, headers = await self.post(body, kind, patience, extra=extra)
        except TimeoutError:
            return Outcome(error="operation_timeout")
        except aiohttp.ClientError:
            return Outcome(error="dispatch_failed")
        no_retry = headers.get("X-Slack-No-Retry") == "1"
        if not 200 <= status < 300:
            return Outcome(error="dispatch_failed", no_retry=no_retry)
        return Outcome(response=_json(answer))

    async def verify(self) -> bool:
        """Send the challenge that an address has to answer before it is taken."""
        challenge = {"token": "t", "challenge": "3eZbrw1aB", "type": "url_verification"}
        status, text, _ = await self.post(json.dumps(challenge), "application/json", 3.0)
        answer = _json(text) or {}
        said = answer.get("challenge") or answer.get("text")
        return status == 200 and said == challenge["challenge"]

    async def post(
        self,
        body: str,
        kind: str,
        patience: float,
        *,
        forged: bool = False,
        extra: Mapping[str, str] | None = None,
    ) -> tuple[int, str, Any]:
        """POST a body with Slack's headers; `forged` with a signature that is none."""
        timestamp = str(int(self.now()))
        secret = "wrong" if forged else self.secret
        headers = {
            "Content-Type": kind,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(secret, timestamp, body),
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            **(extra or {}),
        }
        timeout = aiohttp.ClientTimeout(total=patience)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(self.url, data=body.encode(), headers=headers) as response,
        ):
            return response.status, await response.text(), response.headers


def _json(text: str) -> Json | None:
    """Read what came with an acknowledgement; a plain text is a message to the person."""
    if not text.strip():
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return {"text": text}
    return value if isinstance(value, dict) else None


def told(number: int, *, of: int) -> int:
    """Give the number that Slack would say: the third is the last, however many a test has."""
    return min(number, max(1, len(RETRIES) - of + number))
