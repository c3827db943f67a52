"""The Web API's front door: arguments merged, tokens and scopes checked, rates kept, faults played.

What an application did wrong is status 200 with `ok: false`; too much is status 429.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.simulators.base import Fault, Faults, Request, RequestLog
from tests.simulators.slack import chat, leaving, reading, streams, surfaces
from tests.simulators.slack.blocks import Refused
from tests.simulators.slack.calls import METHODS, Args, Backend, Rates

__all__ = ["Door", "chat", "leaving", "reading", "streams", "surfaces"]


@dataclass(slots=True, kw_only=True)
class Door:
    """`POST /api/{method}`."""

    backend: Backend
    requests: RequestLog
    faults: Faults
    rates: Rates
    bot_token: str
    app_token: str

    async def call(self, request: web.Request) -> web.StreamResponse:
        """Answer one call."""
        name = request.match_info["method"]
        at = self.backend.space.loop()
        given = await merged(request)
        status, body, fault = self._answer(name, Args(given), request)
        if fault and fault.kind in {"delay", "drop", "reset"}:
            await fault.late()
        error = str(body.get("error", "")) or (fault.kind if fault else "")
        params = {key: value for key, value in given.items() if key != "token"}
        self.requests.add(Request(at=at, method=name, params=params, status=status, error=error))
        if fault and fault.kind in {"drop", "reset"} and request.transport is not None:
            request.transport.abort()
            return web.Response(status=500)
        if fault and (page := fault.raw) is not None:
            return page
        headers = {"x-oauth-scopes": ",".join(sorted(self.backend.scopes))}
        if status == 429 and "retry_after" in body:
            headers["Retry-After"] = str(body.pop("retry_after"))
        return web.json_response(body, status=status, headers=headers)

    def _answer(
        self, name: str, args: Args, request: web.Request
    ) -> tuple[int, dict[str, Any], Fault | None]:
        try:
            self._admit(name, args, request)
            fault = self.faults.take(name, args.given)
            if fault and fault.kind == "reset":
                return 0, {}, fault
            if fault and fault.kind == "refuse":
                return refused(fault)
            wait = self.rates.wait(name, args, self.backend.space.loop())
            if wait:
                after = math.ceil(wait)
                return 429, {"ok": False, "error": "ratelimited", "retry_after": after}, None
            return 200, METHODS[name].do(self.backend, args), fault
        except Refused as refusal:
            return 200, refusal.body, None

    def _admit(self, name: str, args: Args, request: web.Request) -> None:
        """Check the method, then the token, then its scopes.

        Raises:
            Refused: there is no such method, or not for this token.
        """
        if name not in METHODS:
            raise Refused("unknown_method", req_method=name)
        known = METHODS[name]
        token = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        token = token or args.text("token")
        if not token:
            raise Refused("not_authed")
        kinds = {self.bot_token: "bot", self.app_token: "app"}
        if token not in kinds:
            raise Refused("invalid_auth")
        if self.backend.revoked:
            raise Refused(self.backend.revoked)
        if kinds[token] != known.token:
            raise Refused("not_allowed_token_type")
        wanted = known.scopes(self.backend, args)
        if wanted and known.token == "bot" and not self.backend.scopes & set(wanted):
            provided = ",".join(sorted(self.backend.scopes))
            raise Refused("missing_scope", needed=wanted[0], provided=provided)


def refused(fault: Fault) -> tuple[int, dict[str, Any], Fault]:
    """Answer what a fault says; a status of 500 with no word is an outage."""
    error = fault.error or ("ratelimited" if fault.status == 429 else "internal_error")
    body: dict[str, Any] = {"ok": False, "error": error}
    if fault.status == 429:
        wait = {} if fault.retry_after is None else {"retry_after": math.ceil(fault.retry_after)}
        return fault.status, body | wait, fault
    return fault.status, body, fault


async def merged(request: web.Request) -> dict[str, Any]:
    """Merge query, form and JSON; the body wins."""
    given: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        raw = await request.read()
        try:
            body = json.loads(raw) if raw else {}
        except ValueError:
            body = {}
        return given | (body if isinstance(body, dict) else {})
    return given | dict(await request.post())
