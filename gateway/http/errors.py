"""Failures → HTTP answers, in the one shape that programs on /v1 know. Decides statuses only.

The last edge before the network: whatever was not expected becomes a 500 with an id that stands
in the log too, and nothing else of it leaves.
"""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Awaitable, Callable, Mapping

import structlog
from aiohttp import web

from adapters.chat.web.normalise import TooLong
from core.errors import (
    GatewayError,
    OverBudget,
    Overloaded,
    PresetUnavailable,
    StoreError,
    TooOften,
    UnknownPreset,
    UserError,
)
from gateway.http.auth import CALLER

log = structlog.get_logger()

QUOTA = "insufficient_quota"
"""What OpenAI's clients know a spent budget by: its type and its code."""

_STATUS: tuple[tuple[type[GatewayError], int], ...] = (
    (TooLong, 413),
    (UnknownPreset, 404),
    (PresetUnavailable, 409),
    (Overloaded, 503),
    (OverBudget, 429),
    (TooOften, 429),
    (UserError, 400),
    (StoreError, 503),
    (GatewayError, 500),
)
_CODES: tuple[tuple[type[GatewayError], str], ...] = (
    (UnknownPreset, "model_not_found"),
    (PresetUnavailable, "model_unavailable"),
    (OverBudget, QUOTA),
    (TooOften, "rate_limit_exceeded"),
)
UNSTORED = "Nothing can be stored here now, so this was not taken in. Try again in a minute."
_KINDS = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error"}


def error_answer(
    text: str,
    *,
    status: int,
    headers: Mapping[str, str] | None = None,
    code: str | None = None,
) -> web.Response:
    """Answer with an error as JSON."""
    kind = (
        code
        if code == QUOTA
        else _KINDS.get(status) or ("invalid_request_error" if status < 500 else "server_error")
    )
    body = {"error": {"message": text, "type": kind, "param": None, "code": code}}
    return web.Response(
        text=json.dumps(body), status=status, content_type="application/json", headers=headers
    )


@web.middleware
async def errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Turn every failure into an answer."""
    try:
        return await handler(request)
    except web.HTTPException as refusal:
        if refusal.status < 400:
            raise
        return _refusal(refusal)
    except GatewayError as error:
        caller = request.get(CALLER)
        return failure(error, owner=caller is not None and caller.owner)
    except ConnectionError:
        raise  # the client has gone; there is nobody to answer
    except Exception:
        id_ = secrets.token_hex(4)
        log.exception("request_failed", id=id_, path=request.path)
        text = f"Something went wrong here; the log says what, under {id_}."
        return error_answer(text, status=500)


def _refusal(refusal: web.HTTPException) -> web.Response:
    """Answer as the HTTP library would, in our shape."""
    headers = {"Allow": refusal.headers["Allow"]} if "Allow" in refusal.headers else None
    return error_answer(refusal.reason, status=refusal.status, headers=headers)


def failure(error: GatewayError, *, owner: bool) -> web.Response:
    """Answer with an error of the program's own: its text is meant to be read.

    Where the data lies, which a store's error says, is for the owner alone.
    """
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    code = next((code for kind, code in _CODES if isinstance(error, kind)), None)
    text = str(error) if owner or not isinstance(error, StoreError) else UNSTORED
    # OpenAI's clients ask again after a 429 on their own; the budget would still be spent.
    headers = {"x-should-retry": "false"} if isinstance(error, OverBudget) else None
    if isinstance(error, TooOften):
        headers = {"Retry-After": str(math.ceil(error.retry_after))}
    return error_answer(text, status=status, headers=headers, code=code)
