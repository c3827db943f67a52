"""A model that is asked over Anthropic's Messages format.

Decides where the format lives, how the key is sent and which module speaks it; asking and
reading are `HttpModel`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from adapters.llm.http_model import Format, HttpModel, bearer
from adapters.llm.messages_answer import MessagesAnswer
from adapters.llm.messages_request import NO_SAMPLING, fields_of
from adapters.llm.wire import Endpoint

if TYPE_CHECKING:
    import aiohttp

VERSION = "2023-06-01"
"""The version that is asked for where the file names none (docs/decisions/0024)."""

BETAS = "anthropic-beta"
BEDROCK = "bedrock-mantle."
"""Amazon serves this format, too, at hosts that begin so, and takes its keys as bearers."""
OAUTH = "sk-ant-oat"
OAUTH_BETA = "oauth-2025-04-20"
"""What keys that begin so need beside themselves (MOA-41)."""


class Messages(HttpModel):
    """One provider of this format."""

    def __init__(
        self, session: aiohttp.ClientSession, endpoint: Endpoint, version: str = VERSION
    ) -> None:
        """Use a session that somebody else opened (`wire.open_session`) and closes."""
        form = Format(
            path=_path(endpoint),
            headers=partial(_headers, version=version),
            fields=partial(fields_of, version=version),
            answer=lambda call, where: MessagesAnswer(call.slot.label, where.secrets),
        )
        super().__init__(session, _with_beta(endpoint), form)


def _path(endpoint: Endpoint) -> str:
    """Give the path behind `base_url`, which may name the API's first version or not."""
    base = urlsplit(endpoint.base_url).path.rstrip("/").removesuffix("/messages")
    return "/messages" if base.endswith("/v1") else "/v1/messages"


def _headers(endpoint: Endpoint, *, version: str) -> Mapping[str, str]:
    key = endpoint.api_key
    if key is None:
        given: Mapping[str, str] = {}
    elif key.startswith(OAUTH) or version >= NO_SAMPLING or BEDROCK in endpoint.host:
        given = bearer(endpoint)
    else:
        given = {"x-api-key": key}
    return {"anthropic-version": version, **given}


def _with_beta(endpoint: Endpoint) -> Endpoint:
    """Add the beta of a key that needs one to those that the file names."""
    if not (endpoint.api_key or "").startswith(OAUTH):
        return endpoint
    headers = {name: value for name, value in endpoint.headers.items() if name.lower() != BETAS}
    named = [value for name, value in endpoint.headers.items() if name.lower() == BETAS]
    return replace(endpoint, headers={**headers, BETAS: ",".join([OAUTH_BETA, *named])})
