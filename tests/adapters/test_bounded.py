"""Shows that no answer and no goodbye of a platform is waited for without end."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from adapters import bounded
from adapters.bounded import MOST, Bounded, Closing
from tests.simulators.chaos import ChaosProxy, Trouble
from tests.simulators.troubles import PING, SILENT

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@asynccontextmanager
async def asking(trouble: Trouble):
    """Give a session, and an address at which this befalls everybody."""
    async with ChaosProxy("http://127.0.0.1:9/x") as proxy:
        proxy.befall(trouble)
        async with aiohttp.ClientSession(response_class=Bounded) as http:
            yield http, proxy.base_url


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble(instead=HEAD + b"\r\n", endless=b"x" * 65536),
        Trouble(
            then="close",
            instead=HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(bytes(20 * MOST), 6),
        ),
    ],
    ids=["endless", "bomb"],
)
async def test_p5_an_answer_without_end_is_given_up_before_it_fills_the_memory(trouble):
    async with asking(trouble) as (http, url), asyncio.timeout(50):
        tracemalloc.start()
        try:
            with pytest.raises(aiohttp.ClientPayloadError, match="no end"):
                async with http.get(url) as answer:
                    await answer.read()
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert most < 6 * MOST


async def test_an_answer_is_read_whole_and_twice():
    body = b'{"ok": true}' * 10_000
    packed = HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(body)
    async with (
        asking(Trouble(then="close", instead=packed)) as (http, url),
        http.get(url) as answer,
    ):
        assert await answer.read() == body
        assert await answer.text() == body.decode()


@pytest.mark.parametrize("pings", [b"", PING], ids=["silent", "only pings"])
async def test_p12_a_socket_whose_other_side_never_says_goodbye_closes(monkeypatch, pings):
    monkeypatch.setattr(bounded, "GOODBYE", 0.2)

    async def listen(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive()
        return socket

    app = web.Application()
    app.router.add_get("/", listen)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with (
        ChaosProxy(f"http://127.0.0.1:{runner.addresses[0][1]}/") as proxy,
        aiohttp.ClientSession(ws_response_class=Closing) as http,
    ):
        socket = await http.ws_connect(proxy.base_url, autoping=False)
        proxy.befall(SILENT["only pings"] if pings else SILENT["silence"])
        async with asyncio.timeout(8):  # aiohttp by itself takes ten seconds, or for ever
            await socket.close()
        assert socket.closed
    await runner.cleanup()
