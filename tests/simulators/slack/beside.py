"""What Slack is asked beside its API: uploads, downloads, response addresses; with faults."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from aiohttp import web

from tests.simulators.base import Faults, Request, RequestLog
from tests.simulators.slack.api import merged

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Serves such requests; their names are what faults and the log call them."""

    requests: RequestLog
    faults: Faults
    now: Callable[[], float]

    def named(self, name: str, handler: Handler) -> Handler:
        """Give a handler that does this, unless a fault is planned."""

        async def answer(request: web.Request) -> web.StreamResponse:
            at, ids = self.now(), dict(request.match_info)
            given = await merged(request) if request.content_type == "application/json" else {}
            fault = self.faults.take(name, ids)
            if fault is not None and fault.kind in {"refuse", "reset"}:
                said = {"ok": False, "error": fault.error or "internal_error"}
                answered: web.StreamResponse = web.json_response(said, status=fault.status)
            else:
                answered = await handler(request)
            status = answered.status
            self.requests.add(Request(at=at, method=name, params=given | ids, status=status))
            if fault is None:
                return answered
            if fault.kind in {"reset", "drop"} and request.transport is not None:
                request.transport.abort()
            if fault.kind == "delay":
                await fault.late()
            if fault.retry_after is not None:
                answered.headers["Retry-After"] = str(round(fault.retry_after))
            return fault.raw or answered

        return answer
