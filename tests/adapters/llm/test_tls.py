# Shows that TLS is held to: a stranger's certificate is refused, a cut connection closes at once.

import asyncio
import ssl
from contextlib import aclosing, suppress
from pathlib import Path

import aiohttp
import pytest

from adapters.llm.chat_completions import ChatCompletions
from adapters.llm.wire import Endpoint
from core.errors import ModelUnreachable
from tests.adapters.llm.asking import call, hear, said, sse

PEM = Path(__file__).parent / "loopback.pem"
LET_GO = 10.0
"""Seconds; a goodbye to somebody who is busy writing takes thirty."""
"""A key and a certificate for 127.0.0.1, made for these tests; nobody trusts them."""


@pytest.fixture
async def endless():
    """A TLS server that streams words and never answers a goodbye; `gone` once it notices."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    gone = asyncio.Event()

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        try:
            while True:
                writer.write(sse(said("word "), done=False))
                await writer.drain()
                await asyncio.sleep(0.01)
        except ConnectionError:
            gone.set()
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", gone


async def test_a_certificate_that_nobody_trusts_is_told_as_such(session, endless):
    base_url, _ = endless
    with pytest.raises(ModelUnreachable, match=r"certificate of 127\.0\.0\.1 is not trusted"):
        await hear(ChatCompletions(session, Endpoint(base_url=base_url)), call())


async def test_an_encrypted_stream_is_cut_without_a_goodbye_moa_11(endless):
    base_url, gone = endless
    trusting = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=str(PEM)))
    async with aiohttp.ClientSession(connector=trusting) as session:
        model = ChatCompletions(session, Endpoint(base_url=base_url))
        async with aclosing(model.stream(call())) as stream:
            async for chunk in stream:
                if chunk.text:
                    break
        with suppress(TimeoutError):
            await asyncio.wait_for(gone.wait(), LET_GO)
        assert gone.is_set()
