"""What providers, programs and operators send: streams, errors, requests, arguments, the file.

A target takes any bytes. What it raises is a bug: everything that is a documented refusal is
caught here, by its own name.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Final, Protocol

from aiohttp import streams
from aiohttp.base_protocol import BaseProtocol
from aiohttp.test_utils import make_mocked_request

from adapters.chat.web import body as web_body
from adapters.chat.web import normalise as web
from adapters.llm import failures
from adapters.llm.body import Body
from adapters.llm.chat_answer import ChatAnswer
from adapters.llm.messages_answer import MessagesAnswer
from adapters.llm.responses_answer import ResponsesAnswer
from adapters.llm.sse import Event, EventStream
from adapters.store import codec
from adapters.tools import arguments
from core.calls import Chunk
from core.errors import ConfigError, ModelError, UsageError
from core.types import Address, Author, Incoming, Json
from gateway import config
from gateway.control import Control
from gateway.http.completions_request import read_request


class Answer(Protocol):
    """What gathers an answer, as `http_model.Answer`."""

    @property
    def closed(self) -> bool: ...
    def take(self, document: str) -> None: ...
    def flush(self) -> Chunk: ...
    def end(self, *, streamed: bool) -> Chunk: ...


ANSWERS: Final[Mapping[str, Callable[[], Answer]]] = {
    "chat_answer": ChatAnswer,
    "messages_answer": lambda: MessagesAnswer("p:m", ()),
    "responses_answer": lambda: ResponsesAnswer("p:m", ()),
}
"""By module: each wire format's own."""


def text_of(data: bytes) -> str:
    return data.decode("utf-8", "replace")


# --- providers ------------------------------------------------------------------------------


def events(data: bytes) -> None:
    """A stream's events are the same however its bytes are cut."""
    stream = EventStream()
    whole = [*stream.feed(data), *stream.end()]
    for cuts in (_cuts(data), [*range(len(data) + 1)]):
        stream = EventStream()
        pieces: list[Event] = []
        for start, end in pairwise(cuts):
            pieces += stream.feed(data[start:end])
        assert [*pieces, *stream.end()] == whole, cuts


def answers(data: bytes) -> None:
    """What a provider says is the same however its bytes are cut, and if it is a refusal."""
    for made in ANSWERS.values():
        assert _heard(made(), data, [0, len(data)]) == _heard(made(), data, _cuts(data))


def _cuts(data: bytes) -> list[int]:
    return sorted({0, len(data), *(each % (len(data) + 1) for each in data[:4])})


def _heard(answer: Answer, data: bytes, cuts: Sequence[int]) -> object:
    """Give all that is said, or how it failed; as `http_model` reads it."""
    body, said = Body(), ["", ""]
    pieces = [data[start:end] for start, end in pairwise(cuts) if end > start]
    try:
        for each in (*pieces, b""):
            for event in body.feed(each):
                if not answer.closed:
                    answer.take(event.data)
            _add(said, answer.flush())
            if answer.closed:
                break
        last = answer.end(streamed=body.streamed)
    except ModelError as error:
        return type(error), str(error)
    _add(said, last)
    return said, last.finish, last.tool_calls, last.usage


def _add(said: list[str], chunk: Chunk) -> None:
    said[0] += chunk.text
    said[1] += chunk.reasoning


def provider_errors(data: bytes) -> None:
    """What a provider refuses with, under any status."""
    said = failures.hear(data)
    for status in (None, 302, 400, 401, 402, 403, 404, 413, 429, 500, 529):
        failed = failures.failure(said, status, secrets=("sk-canary",))
        assert "sk-canary" not in str(failed)
        assert len(str(failed)) < 2 * failures.LONGEST_QUOTE


# --- programs -------------------------------------------------------------------------------


def completions(data: bytes) -> None:
    """What a program posts to /v1/chat/completions."""
    with suppress(UsageError):
        read_request(data)


def page(data: bytes) -> None:
    """What the page, or whoever has its cookie, posts."""
    asyncio.run(_paged(data))


async def _paged(data: bytes) -> None:
    loop = asyncio.get_running_loop()
    address = Address(platform="web", channel="c")
    envelope = web.Envelope(address=address, author=Author(id="owner", name="You"), at=1)
    shapes: tuple[type[web.Said | web.Pressed | web.Chose], ...] = (
        web.Said,
        web.Pressed,
        web.Chose,
    )
    for shape in shapes:
        content = streams.StreamReader(BaseProtocol(loop), 2**16, loop=loop)
        content.feed_data(data)
        content.feed_eof()
        request = make_mocked_request("POST", "/", payload=content)
        with suppress(UsageError):
            incoming = _meant(await web_body.read(request, shape), envelope)
            assert codec.unpack(codec.pack(incoming), type(incoming)) == incoming


def _meant(body: web.Said | web.Pressed | web.Chose, envelope: web.Envelope) -> Incoming:
    if isinstance(body, web.Said):
        return web.said(body, envelope, frozenset({"moa", "stop"}))
    if isinstance(body, web.Pressed):
        return web.pressed(body, envelope)
    return web.chose(body, envelope)


def tool_arguments(data: bytes) -> None:
    """What a model calls a tool with."""
    with suppress(ValueError):
        arguments.read(text_of(data))


# --- operators ------------------------------------------------------------------------------


def configuration(data: bytes) -> None:
    """What an operator writes into the file."""
    with suppress(ConfigError):
        config.parse(text_of(data), "config.yaml", {"HOME": "x"})


def control(data: bytes) -> None:
    """What is said to the socket in the data folder; the gateway answers the next one."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_asked(Path(folder), data))


async def _asked(folder: Path, data: bytes) -> None:
    async def echo(wanted: Mapping[str, str]) -> Json:
        return "".join(wanted.get("code", "").split())

    asked = Control(folder, {"pair": echo})
    path = str(folder / "moa-gateway.socket")
    async with asyncio.TaskGroup() as group:
        running = group.create_task(asked.run())
        for _ in range(10):  # until it listens
            await asyncio.sleep(0)
        answered = b""
        for sent in (data + b"\n", b'{"do":"pair","code":"1 2"}\n'):
            reader, writer = await asyncio.open_unix_connection(path)
            with suppress(OSError):  # it may have closed on what it does not want
                writer.write(sent)
                await writer.drain()
            answered = await reader.read()
            writer.close()
        assert json.loads(answered) == {"done": "12"}, answered
        running.cancel()


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    "events": events,
    "answers": answers,
    "errors": provider_errors,
    "completions": completions,
    "page": page,
    "arguments": tool_arguments,
    "config": configuration,
    "control": control,
}

_ANSWERS: Final = (
    b'data: {"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
    b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}\n\n',
    b'data: {"type":"response.output_text.delta","delta":"a","output_index":0}\r\n\r\n',
    b'{"choices":[{"message":{"content":"a"}}],"usage":{"prompt_tokens":1}}',
    b'{"type":"message","content":[{"type":"text","text":"a"}],"stop_reason":"end_turn"}',
    b'{"status":"completed","output":[{"type":"message","content":[]}]}',
)
SEEDS: Final[Mapping[str, tuple[bytes, ...]]] = {
    "events": (
        *_ANSWERS,
        b"\xef\xbb\xbf: hi\r\nevent: a\rdata:b\ndata: c\n\n\xf0\x9f",
        b"data\n\n",
    ),
    "answers": _ANSWERS,
    "errors": (
        b'{"error":{"message":"key sk-canary","type":"authentication_error","code":401}}',
        b'[{"error":{"status":"RESOURCE_EXHAUSTED","message":"x"}}]',
        b'{"detail":[{"msg":"m","loc":["body",0]}],"error":""}',
        b"<html>502</html>",
        b'{"error":' * 1500,
        b'{"retry_after":1e999}',
        b'{"code":' + b"9" * 400 + b"}",
        b'{"code":"' + b"9" * 5000 + b'"}',
    ),
    "completions": (
        b'{"model":"review","messages":[{"role":"user","content":"a"}],"stream":true}',
        b'{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a"}]}],"n":1}',
        b'{"model":"m","messages":[{"role":"tool","tool_call_id":"c","content":"x"}],"tools":[]}',
        b'{"model":"m","messages":[],"tools":' + b"[" * 1500,
    ),
    "page": (
        b'{"event_id":"abcdefgh","text":"/moa review"}',
        b'{"event_id":"abcdefgh","action":"stop","turn_id":"t","value":""}',
        b'{"event_id":"abcdefgh","preset":"review"}',
        b'{"event_id":"abcdefgh","text":"a","files":' + b"[" * 1500,
        b'{"event_id":"abcdefgh","text":"\\ud83d"}',
        b'{"event_id":"abcdefgh","else":' + b"[" * 1500,
    ),
    "arguments": (
        b'{"a": [1, null, "b"]}',
        b'{"a":' + b"[" * 1500,
        b'{"a":1e999}',
        b'{"a":"\\ud800"}',
    ),
    "config": (
        b"moa: {presets: {review: {aggregator: {provider: p, model: m}}}}\n",
        b"providers: {p: {api: chat_completions, base_url: 'http://x/v1', timeouts: {total: 3}}}\n",
        b"a: &a [*a]\nb: !!python/object:os.system {}\nhttp: {port: ${PORT:-8080}}\n",
        b"[" * 1500,
    ),
    "control": (
        b'{"do":"pair","code":"1 2 3"}',
        b'{"do":"pair","code":{"a":1}}',
        b'{"do":["pair"]}',
        b"[" * 1500,
        b'{"do":"pair","code":' + b"[" * 40_000 + b"]" * 20_000,
        b"\xff\xfe",
    ),
}
