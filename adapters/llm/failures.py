"""What a provider's refusal means: HTTP status and body in, one of our errors out.

Decides which failure it was. The texts are ours; a provider's own words are quoted in part,
with every secret taken out. It never decides whether to ask again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import msgspec

from core.errors import (
    ContextOverflow,
    ModelBroken,
    ModelBusy,
    ModelError,
    ModelForbidden,
    ModelRefused,
)
from core.struck import strike

LONGEST_QUOTE = 200

BUSY = frozenset({408, 409, 425, 429, 503, 529})
HTTP_ERRORS = range(400, 600)
FORBIDDEN = frozenset({401, 403})
OVERFLOW = re.compile(
    r"context_length_exceeded|exceed_context_size|context.?(length|window|size)|prompt is too long"
    r"|input is too long|exceed context limit|maximum number of tokens"
    r"|reduce the length of the messages",
    re.IGNORECASE,
)
FILTERED = re.compile(
    r"content.?(filter|policy)|(bio|misalignment)_policy|moderation|flagged|ResponsibleAI",
    re.IGNORECASE,
)
NO_CREDIT = re.compile(r"insufficient_quota|insufficient.balance|billing", re.IGNORECASE)

STATUS_OF = {
    "authentication_error": 401,
    "invalid_api_key": 401,
    "insufficient_quota": 402,
    "billing_error": 402,
    "permission_error": 403,
    "model_not_found": 404,
    "not_found_error": 404,
    "invalid_request_error": 400,
    "invalid_prompt": 400,
    "content_filter": 400,
    "bio_policy": 400,
    "misalignment_policy_violation": 400,
    "image_content_policy_violation": 400,
    "context_length_exceeded": 400,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "server_error": 500,
    "internal_server_error": 500,
    "api_error": 500,
    "timeout": 504,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""What an error that comes without an HTTP status (inside a 200) would have had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A provider's error, as far as it can be told: its words, codes, and its waiting time."""

    message: str = ""
    codes: tuple[str, ...] = ()
    retry_after: float | None = None

    @property
    def everything(self) -> str:
        """All of it as one text, to be searched."""
        return " ".join((*self.codes, self.message))

    @property
    def status(self) -> int | None:
        """The HTTP status that its codes stand for, if any does."""
        for code in self.codes:
            if len(code) == len("404") and code.isdecimal() and int(code) in HTTP_ERRORS:
                return int(code)
        return next((STATUS_OF[code] for code in self.codes if code in STATUS_OF), None)


def hear(body: bytes) -> Said:
    """Read the body of an error, in whatever shape it came."""
    try:
        return listen(msgspec.json.decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = body.decode(errors="replace").strip()
        return Said(message="" if text.startswith("<") else text)  # a proxy's page says nothing


def listen(error: object) -> Said:
    """Read an error that is decoded already."""
    said = Said()
    match error:
        case str(text):
            said = Said(message=text)
        case [first, *_]:
            said = listen(first)
        case {"error": inner} if inner:
            said = listen(inner)
        case {"detail": [{"msg": str(text), **rest}, *_]}:
            said = Said(message=f"{text} {rest.get('loc', '')}".strip())
        case {"detail": str(text)}:
            said = Said(message=text)
        case {"message": dict() as words}:  # Mistral's way with what FastAPI says
            said = listen(words)
        case {**fields}:
            said = _fields(fields)
        case _:
            pass
    return said


def _fields(fields: Mapping[object, object]) -> Said:
    codes = (fields.get(name) for name in ("code", "type", "status", "param"))
    metadata = fields.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, Mapping) else None
    words = (fields.get("message"), raw)
    wait = fields.get("retry_after")
    return Said(
        message=": ".join(text for text in words if isinstance(text, str) and text),
        codes=tuple(str(code) for code in codes if isinstance(code, str | int)),
        retry_after=float(wait) if isinstance(wait, int | float) else None,
    )


def failure(
    said: Said, status: int | None, *, wait: float | None = None, secrets: tuple[str, ...] = ()
) -> ModelError:
    """Name the failure. `status` is None for an error that came inside a 200."""
    status = said.status if status is None else status
    quote = quoted(said.message, secrets)
    if status is None:
        return ModelBroken(f"The provider broke off with an error{quote}")
    sentence, kind = _verdict(said, status)
    text = f"{sentence} ({status}){quote}"
    if issubclass(kind, ModelRefused):
        return kind(text, status=status)
    return ModelBusy(text, retry_after=said.retry_after if wait is None else wait)


def _verdict(said: Said, status: int) -> tuple[str, type[ModelBusy | ModelRefused]]:
    words = said.everything
    theirs = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    poor = status == HTTPStatus.TOO_MANY_REQUESTS and NO_CREDIT.search(words)
    verdicts: tuple[tuple[object, str, type[ModelBusy | ModelRefused]], ...] = (
        (status < HTTPStatus.BAD_REQUEST, "The provider redirects: check base_url", ModelRefused),
        (poor or status == HTTPStatus.PAYMENT_REQUIRED, "No credit is left", ModelRefused),
        (status in BUSY, "The provider is busy", ModelBusy),
        (theirs, "The provider is out of order", ModelBusy),
        (FILTERED.search(words), "The provider's content filter refused it", ModelRefused),
        (status in FORBIDDEN, "The key is wrong, or may not use this model", ModelForbidden),
        (OVERFLOW.search(words), "The request exceeds the model's window", ContextOverflow),
    )
    for holds, sentence, kind in verdicts:
        if holds:
            return sentence, kind
    return "The provider refused the request", ModelRefused


def quoted(message: str, secrets: tuple[str, ...]) -> str:
    """Give `: message` on one line, cut, and without secrets; "" where there is none."""
    text = " ".join(strike(message, secrets).split())
    if len(text) > LONGEST_QUOTE:
        text = text[: LONGEST_QUOTE - 1] + "…"
    return f": {text}" if text else ""
