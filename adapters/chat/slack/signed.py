"""HTTP mode: one address for events, commands and presses, each signed by Slack.

Decides whether a request is Slack's and fresh. It is answered 200 only once it is stored; with
anything else Slack sends it again.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from adapters.chat.slack.socket import Handle
from core.errors import StoreError
from core.ports import Clock

WINDOW: Final = 300
"""Seconds that a request may be old, or early."""

_NUMBER: Final = re.compile(r"\d{1,12}")


class Signed:
    """Takes Slack's requests in."""

    def __init__(self, signing_secret: str, handle: Handle, clock: Clock) -> None:
        """Hand on to `handle` what is signed with the secret."""
        self._secret = signing_secret.encode()
        self._handle = handle
        self._clock = clock

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        raw = await request.read()
        stamp = request.headers.get("X-Slack-Request-Timestamp", "")
        if not self._right(raw, stamp, request.headers.get("X-Slack-Signature", "")):
            return web.Response(status=401, text="not signed by Slack, or too old")
        try:
            kind, payload = read(raw, request.content_type)
        except (ValueError, msgspec.DecodeError):
            return web.Response(status=400, text="cannot be read")
        if kind == "url_verification":
            challenge = payload.get("challenge") if isinstance(payload, dict) else None
            return web.json_response({"challenge": challenge})
        try:
            await self._handle(kind, payload)
        except StoreError:
            return web.Response(status=503, text="not stored; send it again")
        return web.Response()

    def _right(self, raw: bytes, stamp: str, signature: str) -> bool:
        if not _NUMBER.fullmatch(stamp):
            return False
        if abs(self._clock.now().timestamp() - int(stamp)) > WINDOW:
            return False
        made = hmac.new(self._secret, b"v0:%b:%b" % (stamp.encode(), raw), hashlib.sha256)
        return hmac.compare_digest(f"v0={made.hexdigest()}".encode(), signature.encode())


def read(raw: bytes, content_type: str) -> tuple[str, object]:
    """Read a body: what kind it is, in the words of Socket Mode, and what is in it.

    Raises:
        ValueError, msgspec.DecodeError: it cannot be read.
    """
    if content_type == "application/json":
        payload = msgspec.json.decode(raw)
        kind = payload.get("type") if isinstance(payload, dict) else None
        return ("url_verification" if kind == "url_verification" else "events_api"), payload
    fields = dict(parse_qsl(raw.decode(), keep_blank_values=True))
    if "payload" in fields:
        return "interactive", msgspec.json.decode(fields["payload"])
    return ("ssl_check" if "ssl_check" in fields else "slash_commands"), fields
