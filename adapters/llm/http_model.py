"""A model that is asked over HTTP, whatever the wire format: one request, one answer that is read.

Decides nothing about whom to ask or whether to ask again, one thing apart: a request that a
provider refuses for its form (a stream, the name of a field) is sent once more in the form that
it wants, and that is remembered (MOA-41). What a request and an answer look like is the format's
business; deadlines, retries and limits are wrappers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

import aiohttp

from adapters.llm import failures, quirks, wire
from adapters.llm.body import Body
from adapters.llm.encoding import Fields, encode
from adapters.llm.kept import ENDLESS
from adapters.llm.quirks import Quirk, Quirks
from adapters.llm.sse import EventTooLarge
from adapters.llm.tagged import Tagged
from adapters.llm.wire import Endpoint
from core.calls import Chunk, ModelCall
from core.errors import ModelBroken, ModelError
from core.types import Json

EMPTY = Chunk()
LINGER = 3.0
"""Seconds that a finished answer waits for its usage: not worth losing an answer for."""
LONGEST_ANSWER = 1024 * 1024
"""Characters of words and thoughts: many times what any model writes (P5)."""
FORM_REFUSED = frozenset({400, 422})

log = logging.getLogger(__name__)


class Answer(Protocol):
    """One answer as it comes: `take` its documents, `flush` what is new, `end` it."""

    @property
    def closed(self) -> bool:
        """Whether nothing more can come."""
        ...

    @property
    def finished(self) -> bool:
        """Whether the model has said why it ended; only usage may still come."""
        ...

    def take(self, document: str) -> None:
        """Take an event's data, or a whole answer.

        Raises:
            ModelError: the provider reports a failure, or nobody can read this.
        """
        ...

    def flush(self) -> Chunk:
        """Give what is new since the last time; an empty chunk if nothing is."""
        ...

    def end(self, *, streamed: bool) -> Chunk:
        """Give the last piece; `streamed` tells whether a missing end means that it was cut.

        Raises:
            ModelError: there was no whole answer.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A wire format: where it is asked, with which headers, and both directions of it.

    `fields` gives a request's fields for a call, the provider's `extra_body` and what is known
    of the model. `answer` begins the answer to a call.
    """

    path: str
    headers: Callable[[Endpoint], Mapping[str, str]]
    fields: Callable[[ModelCall, Mapping[str, Json], Quirks], Fields]
    answer: Callable[[ModelCall, Endpoint], Answer]


class HttpModel:
    """One provider of one format."""

    def __init__(self, session: aiohttp.ClientSession, endpoint: Endpoint, form: Format) -> None:
        """Use a session that somebody else opened (`wire.open_session`) and closes."""
        self._session = session
        self._endpoint = endpoint
        self._format = form
        self._learned: dict[str, Quirks] = {}

    async def stream(self, call: ModelCall) -> AsyncGenerator[Chunk, None]:
        """Yield the answer in pieces, the first one empty, before the request is sent."""
        yield Chunk()
        response = await self._open(call)
        try:
            body, answer = Body(), self._format.answer(call, self._endpoint)
            reading, room = wire.Reading(response, call.pace), _Room()
            words = Tagged()
            failure: ModelError | None = None
            until: float | None = None
            more = True
            while more:
                data = await reading.read(until)
                failure = _take(answer, body, data)
                chunk = words.take(room.take(answer.flush()))
                if chunk != EMPTY:
                    # Usage alone, as some begin with, is nothing that the first word may wait for.
                    reading.begun |= bool(chunk.text or chunk.reasoning or chunk.progress)
                    yield chunk
                if failure is not None:
                    raise failure
                if answer.finished and until is None:
                    until = asyncio.get_running_loop().time() + LINGER
                more = bool(data) and not answer.closed
            yield words.last(answer.end(streamed=body.streamed))
            await wire.drain(response)
        finally:
            # What is raised knows this frame, and would keep all of the answer in memory as long
            # as the frame knows it, too.
            failure = None
            body = Body()
            wire.cut(response)

    async def _open(self, call: ModelCall) -> aiohttp.ClientResponse:
        """Send the request, in the form that the provider takes; give the answer's beginning."""
        model = call.slot.model
        known = self._learned.get(model, quirks.of_family(model))
        wanted = known
        while True:
            response, lesson = await self._ask(call, wanted)
            if lesson is None:
                break
            wanted |= {lesson}
        # Remembered only now: a guess that did not help would spoil every later request.
        if wanted != known:
            log.warning("%s is asked differently from now on: %s", model, ", ".join(sorted(wanted)))
            self._learned[model] = wanted
        return response

    async def _ask(
        self, call: ModelCall, wanted: Quirks
    ) -> tuple[aiohttp.ClientResponse, Quirk | None]:
        """Send it once; give the response, and what was to be learned if it was refused."""
        endpoint, form = self._endpoint, self._format
        fields = form.fields(call, endpoint.extra_body, wanted)
        headers = form.headers(endpoint)
        response = await wire.post(
            self._session, endpoint, form.path, body=encode(fields), headers=headers
        )
        if response.status < HTTPStatus.MULTIPLE_CHOICES:
            return response, None
        try:
            said = await wire.refusal(response)
        finally:
            wire.cut(response)
        lesson = None
        if response.status in FORM_REFUSED:
            lesson = quirks.learn(said.everything, frozenset(fields), wanted)
        if lesson is None:
            wait = wire.wait_of(response)
            raise failures.failure(said, response.status, wait=wait, secrets=endpoint.secrets)
        return response, lesson


class _Room:
    """What an answer may still take in memory."""

    def __init__(self) -> None:
        self._left = LONGEST_ANSWER

    def take(self, chunk: Chunk) -> Chunk:
        self._left -= len(chunk.text) + len(chunk.reasoning)
        if self._left < 0:
            raise ModelBroken(ENDLESS)
        return chunk


def bearer(endpoint: Endpoint) -> Mapping[str, str]:
    """Give the header that most providers take their key in; none where there is no key."""
    return {} if endpoint.api_key is None else {"Authorization": f"Bearer {endpoint.api_key}"}


def _take(answer: Answer, body: Body, data: bytes) -> ModelError | None:
    """Take what has arrived; give the failure in it, if any: the words before it count."""
    try:
        for event in body.feed(data):
            if not answer.closed:
                answer.take(event.data)
    except EventTooLarge:
        return ModelBroken(ENDLESS)
    except ModelError as error:
        return error
    return None
