"""How an answer on /v1 leaves: at once and whole, or piece by piece while it is written.

Decides when bytes go out and when the client counts as gone, which stops the turn (MOA-11). What
the bytes are is `completions_answer`'s matter.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from aiohttp import web

from core.errors import StoreError
from core.events import AnswerDelta, Terminal, TurnFinished
from gateway.delivery.mailbox import Mailbox
from gateway.http.completions_answer import Failure, Said, Writer, event, failure_of

if TYPE_CHECKING:
    from core.engine import TurnRequest
    from core.records import TurnStart
    from gateway.tools.tooling import OpenTools
    from gateway.turn.turns import TurnRunner

HEARTBEAT = 10.0
"""Seconds between comments on a stream that has nothing to say, for proxies in between."""

WATCH = 0.1
"""Seconds between looks at whether the client is still there."""

EVENTS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-cache",
    "X-Accel-Buffering": "no",
}


class Reply:
    """The answer to one request, as it goes."""

    def __init__(
        self,
        request: web.Request,
        turn: TurnRequest,
        *,
        writer: Writer,
        stream: bool,
        include_usage: bool,
    ) -> None:
        """Prepare; nothing runs and nothing is sent yet."""
        self._request = request
        self._turn = turn
        self._writer = writer
        self._include_usage = include_usage
        self._mailbox = Mailbox()
        self._ended = False
        self._named = {"X-Request-Id": turn.turn_id}
        self._streamed = web.StreamResponse(headers=EVENTS | self._named) if stream else None

    async def send(
        self, runner: TurnRunner, start: TurnStart, tools: OpenTools | None
    ) -> web.StreamResponse:
        """Run the turn, with its tools, beside the answer that carries it out.

        Raises:
            StoreError: the turn cannot be stored, and nothing has been sent.
        """
        failure: BaseException | None = None
        response: web.StreamResponse = self._streamed or web.Response()
        try:
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(self._watch(runner))
                running = group.create_task(self._run(runner, start, tools))
                if self._streamed is not None:
                    await self._stream(self._streamed)
                else:
                    response = self._whole(await running)
                watch.cancel()
        except* StoreError as failures:
            failure = failures.exceptions[0]
        if self._streamed is not None:
            await self._finish(self._streamed, failure)
        elif failure is not None:
            raise failure
        return response

    async def _run(self, runner: TurnRunner, start: TurnStart, tools: OpenTools | None) -> Terminal:
        ending = await runner.run(self._turn, start, self._mailbox.tell, tools)
        await runner.store.delivered(start.turn_id)
        return ending

    async def _watch(self, runner: TurnRunner) -> None:
        """Stop the turn when the client has gone, as soon as there is one to stop."""
        while not (self._gone() and runner.stop(self._turn.turn_id)):  # noqa: ASYNC110 - aiohttp offers no event for it
            await asyncio.sleep(WATCH)

    def _gone(self) -> bool:
        wire = self._request.transport
        return wire is None or wire.is_closing()

    def _whole(self, ending: Terminal) -> web.Response:
        if isinstance(ending, TurnFinished):
            deltas = [e for e in self._mailbox.take_nowait() if isinstance(e, AnswerDelta)]
            reasoning = "".join(delta.reasoning for delta in deltas)
            answer = json_answer(self._writer.whole(ending.result, reasoning=reasoning))
        else:
            failure = failure_of(ending)
            answer = json_answer(failure.body, status=failure.status)
            answer.headers.update(failure.headers)
        answer.headers.update(self._named)
        return answer

    async def _stream(self, response: web.StreamResponse) -> None:
        with suppress(ConnectionResetError):
            await response.prepare(self._request)
        await self._write(response, self._writer.chunk(Said(role="assistant", content="")))
        while not self._ended:
            await self._write(response, await self._next())

    async def _finish(self, response: web.StreamResponse, failure: BaseException | None) -> None:
        """End a stream; what failed after its status was sent can only be said inside it."""
        if failure is not None:
            unstored = Failure(text=str(failure), status=503, code="not_stored")
            await self._write(response, event(unstored.body))
        with suppress(ConnectionResetError):
            await response.write_eof()

    async def _write(self, response: web.StreamResponse, data: bytes) -> None:
        """Send; whoever has gone misses it, and `_watch` draws the conclusion."""
        if data:
            with suppress(ConnectionResetError):
                await response.write(data)

    async def _next(self) -> bytes:
        """Give what is to be written next; a comment if there is nothing for long (MOA-40).

        Much happens that a program is not told, such as what advisors have written so far: the
        connection is as silent then.
        """
        data = b""
        with suppress(TimeoutError):
            async with asyncio.timeout(HEARTBEAT):
                while not data:
                    await self._mailbox.wait()
                    data = self._happened()
        return data or b": still at it\n\n"

    def _happened(self) -> bytes:
        """Take what has happened, and give what of it is to be written."""
        data = b""
        for happened in self._mailbox.take_nowait():
            if isinstance(happened, AnswerDelta):
                data += self._writer.chunk(_said(happened))
            elif isinstance(happened, Terminal):
                self._ended = True
                data += self._end(happened)
        return data

    def _end(self, ending: Terminal) -> bytes:
        if not isinstance(ending, TurnFinished):
            return event(failure_of(ending).body)
        data = self._writer.last(ending.result)
        if self._include_usage:
            data += self._writer.usage(ending.result)
        return data + event(b"[DONE]")


def _said(delta: AnswerDelta) -> Said:
    said = Said()
    if delta.text:
        said.content = delta.text
    if delta.reasoning:
        said.reasoning_content = delta.reasoning
    return said


def json_answer(body: bytes, *, status: int = 200) -> web.Response:
    """Answer with JSON that is written already."""
    return web.Response(body=body, status=status, content_type="application/json")
