# Shows that the chaos proxy does to a connection what it says, before every platform.

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest
from aiohttp import WSMsgType, web

from tests.patience import PATIENCE
from tests.simulators.before import WIRES, before
from tests.simulators.chaos import ChaosProxy, Trouble
from tests.simulators.discord.simulator import DiscordSimulator
from tests.simulators.slack.simulator import SlackSimulator
from tests.simulators.telegram.simulator import TelegramSimulator
from tests.simulators.troubles import CUT, ODD, SILENT, bomb

DEAD = SILENT["silence"]


@asynccontextmanager
async def echoing():
    """Serve what echoes, as HTTP and over a WebSocket."""

    async def echo(request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(message.data)
        return socket

    async def say(request):
        return web.Response(text=await request.text() or "nothing")

    app = web.Application()
    app.router.add_get("/echo", echo)
    app.router.add_route("*", "/say", say)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture
async def proxy():
    async with echoing() as url, ChaosProxy(url) as proxy:
        yield proxy


@pytest.fixture
async def http():
    timeout = aiohttp.ClientTimeout(total=20)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield session


async def silent(socket, seconds=0.3):
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(seconds):
            await socket.receive()


async def test_a_socket_that_is_open_goes_dead_and_the_next_one_is_fine(proxy, http):
    async with http.ws_connect(f"{proxy.base_url}/echo") as socket:
        await socket.send_str("one")
        assert await socket.receive_str() == "one"
        proxy.befall(DEAD)
        proxy.heal()
        await socket.send_str("two")
        await silent(socket)
        async with http.ws_connect(f"{proxy.base_url}/echo") as other:
            await other.send_str("three")
            assert await other.receive_str() == "three"
        assert proxy.taken == 2
    async with asyncio.timeout(PATIENCE):
        while proxy.open:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)


async def test_only_pings_come_and_go_on(proxy, http):
    async with http.ws_connect(f"{proxy.base_url}/echo", autoping=False) as socket:
        proxy.befall(SILENT["only pings"])
        await socket.send_str("one")
        for _ in range(3):
            assert (await socket.receive()).type == WSMsgType.PING
        async with http.ws_connect(f"{proxy.base_url}/echo", autoping=False) as late:
            assert (await late.receive()).type == WSMsgType.PING
            await proxy.refuse()  # aiohttp closes no socket as long as pings come


@pytest.mark.parametrize("name", ["reset in the head", "closed in the head"])
async def test_what_breaks_breaks_what_is_open_at_once(proxy, http, name):
    async with http.ws_connect(f"{proxy.base_url}/echo") as socket:
        proxy.befall(CUT[name])
        kinds = {WSMsgType.CLOSED, WSMsgType.CLOSE, WSMsgType.ERROR, WSMsgType.CLOSING}
        assert (await socket.receive()).type in kinds


async def test_something_else_is_said_to_who_comes_and_to_who_is_there(proxy, http):
    async with http.ws_connect(f"{proxy.base_url}/echo") as socket:
        proxy.befall(ODD["502 with a page"])
        assert (await socket.receive()).type in {WSMsgType.CLOSED, WSMsgType.ERROR}
        async with http.post(f"{proxy.base_url}/say", data="x") as answer:
            assert answer.status == 502
            assert "<html>" in await answer.text()
    proxy.heal()
    async with http.post(f"{proxy.base_url}/say", data="x") as answer:
        assert await answer.text() == "x"


async def test_a_trouble_is_only_for_whom_it_is_meant(proxy, http):
    async with http.ws_connect(f"{proxy.base_url}/echo") as socket:
        await socket.send_str("one")
        assert await socket.receive_str() == "one"
        proxy.befall(replace(CUT["reset at once"], only=b"/echo"))
        assert (await socket.receive()).type in {WSMsgType.CLOSED, WSMsgType.ERROR}
        async with http.get(f"{proxy.base_url}/say", headers={"Connection": "close"}) as answer:
            assert await answer.text() == "nothing"
        with pytest.raises(aiohttp.ClientError):
            await http.ws_connect(f"{proxy.base_url}/echo")


async def test_who_connects_to_what_has_vanished_is_neither_taken_nor_refused(proxy, http):
    await proxy.vanish()
    impatient = aiohttp.ClientTimeout(sock_connect=0.3)
    with pytest.raises(aiohttp.ConnectionTimeoutError):
        await http.get(f"{proxy.base_url}/say", timeout=impatient)
    await proxy.refuse()
    await proxy.listen()
    async with http.get(f"{proxy.base_url}/say") as answer:
        assert await answer.text() == "nothing"


async def test_who_asks_where_nobody_is_is_refused(proxy, http):
    await proxy.refuse()
    with pytest.raises(aiohttp.ClientConnectorError):
        await http.get(f"{proxy.base_url}/say")


async def test_a_little_unpacks_to_much(proxy, http):
    proxy.befall(bomb())
    async with http.get(f"{proxy.base_url}/say", auto_decompress=False) as answer:
        assert len(await answer.read()) < 1024 * 1024


async def test_done_but_never_answered_is_done(proxy, http):
    proxy.troubles = [Trouble(then="stop")]
    with pytest.raises(TimeoutError):
        await http.post(f"{proxy.base_url}/say", timeout=aiohttp.ClientTimeout(total=0.3))
    assert proxy.asked == 1


@pytest.mark.parametrize("kind", [TelegramSimulator, DiscordSimulator, SlackSimulator])
async def test_all_addresses_of_a_platform_lead_through_it(kind):
    async with kind() as sim, before(sim) as proxy:
        port = proxy.base_url.rpartition(":")[2]
        told = [line for line in sim.config().splitlines() if "127.0.0.1" in line]
        assert told
        assert all(f"127.0.0.1:{port}" in line for line in told)
    assert set(WIRES) == {"telegram", "discord", "slack"}
