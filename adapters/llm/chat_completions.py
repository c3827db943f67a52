"""A model that is asked over the Chat Completions format: OpenAI's, and nearly everybody's.

Decides where the format lives and which module speaks it; asking and reading are `HttpModel`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.llm.chat_answer import ChatAnswer
from adapters.llm.chat_request import fields_of
from adapters.llm.http_model import Format, HttpModel, bearer

if TYPE_CHECKING:
    import aiohttp

    from adapters.llm.wire import Endpoint

FORMAT = Format(
    path="/chat/completions",
    headers=bearer,
    fields=fields_of,
    answer=lambda call, endpoint: ChatAnswer(endpoint.secrets, label=call.slot.label),
)


class ChatCompletions(HttpModel):
    """One provider of this format."""

    def __init__(self, session: aiohttp.ClientSession, endpoint: Endpoint) -> None:
        """Use a session that somebody else opened (`wire.open_session`) and closes."""
        super().__init__(session, endpoint, FORMAT)
