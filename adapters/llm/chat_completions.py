"""A model that is asked over the Chat Completions format: OpenAI's, and nearly everybody's.

Decides nothing about whom to ask or whether to ask again, one thing apart: a request that a
provider refuses for its form (a stream, the name of a field) is sent once more in the form that
it wants, and that is remembered (MOA-41). Deadlines, retries and limits are wrappers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from http import HTTPStatus

import aiohttp

from adapters.llm import failures, quirks, wire
from adapters.llm.body import Body
from adapters.llm.chat_answer import ChatAnswer
from adapters.llm.chat_request import encode, fields_of
from adapters.llm.quirks import Quirk, Quirks
from adapters.llm.sse import EventTooLarge
from adapters.llm.wire import Endpoint
from core.calls import Chunk, ModelCall
from core.errors import ModelBroken, ModelError

EMPTY = Chunk()
LINGER = 3.0
"""Seconds that a finished answer waits for its usage: not worth losing an answer for."""
PATH = "/chat/completions"
FORM_REFUSED = frozenset({400, 422})

log = logging.getLogger(__name__)


class ChatCompletions:
    """One provider of this format."""

    def __init__(self, session: aiohttp.ClientSession, endpoint: Endpoint) -> None:
        """Use a session that somebody else opened (`wire.open_session`) and closes."""
        self._session = session
        self._endpoint = endpoint
        self._learned: dict[str, Quirks] = {}

    async def stream(self, call: ModelCall) -> AsyncGenerator[Chunk, None]:
        """Yield the answer in pieces, the first one empty, before the request is sent."""
        yield Chunk()
        response = await self._open(call)
        try:
            body, answer = Body(), ChatAnswer(self._endpoint.secrets)
            reading = wire.Reading(response, call.pace)
            until: float | None = None
            more = True
            while more:
                data = await reading.read(until)
                failure = _take(answer, body, data)
                chunk = answer.flush()
                if chunk != EMPTY:
                    reading.begun = True
                    yield chunk
                if failure is not None:
                    raise failure
                if answer.finished and until is None:
                    until = asyncio.get_running_loop().time() + LINGER
                more = bool(data) and not answer.closed
            yield answer.end(streamed=body.streamed)
            await wire.drain(response)
        finally:
            wire.cut(response)

    async def _open(self, call: ModelCall) -> aiohttp.ClientResponse:
        """Send the request, in the form that the provider takes; give the answer's beginning."""
        model = call.slot.model
        form = self._learned.get(model, quirks.of_family(model))
        while True:
            response, lesson = await self._ask(call, form)
            if lesson is None:
                break
            form |= {lesson}
        # Remembered only now: a guess that did not help would spoil every later request.
        if form != self._learned.get(model, quirks.of_family(model)):
            log.warning("%s is asked differently from now on: %s", model, ", ".join(sorted(form)))
            self._learned[model] = form
        return response

    async def _ask(
        self, call: ModelCall, form: Quirks
    ) -> tuple[aiohttp.ClientResponse, Quirk | None]:
        """Send it once; give the response, and what was to be learned if it was refused."""
        endpoint = self._endpoint
        fields = fields_of(call, endpoint.extra_body, form)
        key = {} if endpoint.api_key is None else {"Authorization": f"Bearer {endpoint.api_key}"}
        response = await wire.post(self._session, endpoint, PATH, body=encode(fields), headers=key)
        if response.status < HTTPStatus.MULTIPLE_CHOICES:
            return response, None
        try:
            said = await wire.refusal(response)
        finally:
            wire.cut(response)
        lesson = None
        if response.status in FORM_REFUSED:
            lesson = quirks.learn(said.everything, frozenset(fields), form)
        if lesson is None:
            wait = wire.wait_of(response)
            raise failures.failure(said, response.status, wait=wait, secrets=endpoint.secrets)
        return response, lesson


def _take(answer: ChatAnswer, body: Body, data: bytes) -> ModelError | None:
    """Take what has arrived; give the failure in it, if any: the words before it count."""
    try:
        for event in body.feed(data):
            if not answer.closed:
                answer.take(event.data)
    except EventTooLarge:
        return ModelBroken("The provider's answer has no end")
    except ModelError as error:
        return error
    return None
