"""A model that is asked over OpenAI's Responses format, statelessly.

Decides where the format lives and which module speaks it; asking and reading are `HttpModel`'s.
Nothing is kept at the provider (ADR 0025): every request brings the whole conversation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.llm.http_model import Format, HttpModel, bearer
from adapters.llm.responses_answer import ResponsesAnswer
from adapters.llm.responses_request import fields_of

if TYPE_CHECKING:
    import aiohttp

    from adapters.llm.wire import Endpoint

FORMAT = Format(
    path="/responses",
    headers=bearer,
    fields=fields_of,
    answer=lambda call, endpoint: ResponsesAnswer(call.slot.label, endpoint.secrets),
)


class Responses(HttpModel):
    """One provider of this format."""

    def __init__(self, session: aiohttp.ClientSession, endpoint: Endpoint) -> None:
        """Use a session that somebody else opened (`wire.open_session`) and closes."""
        super().__init__(session, endpoint, FORMAT)
