"""Bolt, as far as it goes here: whose request it is, what it says, and how it is answered.

Decides that a request is acknowledged once it is stored, and that nothing of Bolt's behind that
runs: no authorisation, no listeners (docs/decisions/0020). Slack sends again what gets no 200.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.middleware.request_verification.async_request_verification import (
    AsyncRequestVerification,
)
from slack_bolt.response import BoltResponse
from slack_sdk.signature import Clock as SecondsClock
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient
from typing_extensions import override

from adapters.chat.slack.client import silent
from adapters.chat.slack.wire import Kind
from core.crashpoints import crashpoint
from core.errors import ChatAway, StoreError
from core.ports import Clock

UNREADABLE: Final = (ValueError, TypeError, AttributeError, LookupError, RecursionError)
"""What Bolt raises while it looks at a payload that is not shaped like Slack's."""

Handle = Callable[[Kind, object, int], Awaitable[None]]
"""Takes the kind of a payload, the payload, and how often Slack has sent it before; once it
returns, it is stored.

Where it raises a StoreError or ChatAway, Slack has to send it again."""

log = logging.getLogger(__name__)


class Door(AsyncRequestVerification):
    """One account's app: Bolt's check of signatures, and behind it our intake, which answers."""

    def __init__(
        self,
        platform: str,
        client: AsyncWebClient,
        secret: str | None,
        handle: Handle,
        clock: Clock,
    ) -> None:
        """Make it; all that it takes in goes to `handle`."""
        super().__init__(secret or "", base_logger=silent)
        self._platform = platform
        self._handle = handle
        self._clock = clock
        self.app = AsyncApp(
            name=platform,  # else it looks for one in the files of whoever called
            logger=silent,
            client=client,
            signing_secret=secret or "",
            request_verification_enabled=False,  # that is us, by the program's clock
            before_authorize=self,
        )
        self.app.error(self._broken)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one HTTP request: an event, a press or a command."""
        try:
            read = await to_bolt_request(request)
        except UNREADABLE:
            return web.Response(status=400, text="cannot be read")
        return await to_aiohttp_response(await self.app.async_dispatch(read))

    async def take(self, body: Mapping[str, object], again: int = 0) -> BoltResponse:
        """Store a payload, and say whether it is: only 200 is an acknowledgement.

        `again` is how often Slack has sent it before.
        """
        kind = kind_of(body)
        try:
            if kind is not None:
                await self._handle(kind, body, again)
        except (StoreError, ChatAway):
            return BoltResponse(status=503, body="not stored; send it again")
        crashpoint("slack.stored")
        return BoltResponse(status=200)

    @property
    @override
    def verifier(self) -> SignatureVerifier:
        return _Verifier(self._signing_secret, clock=_Seconds(self._clock))

    @override
    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],
    ) -> BoltResponse:
        async def taken() -> BoltResponse:
            body = req.body or _fields(req.raw_body)
            if body.get("type") == "url_verification":
                return await next()  # to Bolt's own answer
            return await self.take(body, _again(req.headers.get("x-slack-retry-num")))

        return await super().async_process(req=req, resp=resp, next=taken)

    async def _broken(self, error: Exception) -> None:
        """Say what went wrong, which Bolt would answer with a 500 and nothing more."""
        log.error("%s: something was not taken in", self._platform, exc_info=error)


def kind_of(body: Mapping[str, object]) -> Kind | None:
    """Say what a payload is, in Socket Mode's words; None if it is nothing of Slack's."""
    if "event" in body:
        return "events_api"
    if "command" in body:
        return "slash_commands"
    return "interactive" if "actions" in body else None


def _again(told: Sequence[str] | None) -> int:
    """Read how often Slack has sent it before; what is not readable is none."""
    number = (told or [""])[0]
    return int(number) if number.isdecimal() and len(number) < 10 else 0


def _fields(raw: str) -> Mapping[str, object]:
    """Read a form that has the word "payload" in it, which Bolt reads as empty."""
    return dict(parse_qsl(raw, keep_blank_values=True))


class _Verifier(SignatureVerifier):
    """The SDK's, which raises where a timestamp or a signature is none."""

    @override
    def is_valid(self, body: str | bytes, timestamp: str | None, signature: str | None) -> bool:
        try:
            return super().is_valid(body, timestamp, signature)
        except (TypeError, ValueError, OverflowError):
            return False


class _Seconds(SecondsClock):
    """The program's clock as the SDK reads it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @override
    def now(self) -> float:
        return self._clock.now().timestamp()
