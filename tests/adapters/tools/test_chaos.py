"""Shows what becomes of calls of tools when the network before a server elsewhere does its worst.

A call always ends, in words that a model can read and within its deadline; the server is found
again by itself once the network is well; no connection is kept that is of no use.
"""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import pytest

from adapters.tools import server as servers
from tests.adapters.tools.conftest import call, hurried
from tests.simulators.chaos import ChaosProxy
from tests.simulators.mcp_http import HttpServer, serving
from tests.simulators.troubles import CUT, ODD, SILENT, SLOW, bomb

PATIENCE = 50.0
TROUBLES = {**CUT, **ODD, **SILENT, "bomb": bomb()}


@pytest.fixture
async def proxy():
    async with serving(HttpServer()) as elsewhere:
        parts = urlsplit(elsewhere.url)
        async with ChaosProxy(f"http://{parts.netloc}") as proxy:
            yield proxy


async def well(server) -> None:
    """Call until it works."""
    async with asyncio.timeout(PATIENCE):
        while (await call(server, "say")).failed:  # noqa: ASYNC110 - it pauses between attempts
            await asyncio.sleep(0.02)


async def test_p11_a_call_ends_whatever_befalls_it_and_the_next_one_works(use, proxy, monkeypatch):
    monkeypatch.setattr(servers, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(servers, "LONGEST_PAUSE", 0.1)
    server = await use(url=f"{proxy.base_url}/mcp", connect=1.0)
    await well(server)
    usual, tasks = proxy.open, len(asyncio.all_tasks())
    for name, trouble in TROUBLES.items():
        proxy.befall(trouble)
        with hurried(server, 1.0):
            async with asyncio.timeout(PATIENCE):
                result = await call(server, "say")
        assert result.failed, name
        assert len(result.text) < 500, name
        assert "<html" not in result.text, name
        assert "Traceback" not in result.text, name
        proxy.heal()
        await well(server)
    proxy.befall(SLOW)
    await well(server)
    for away in (proxy.refuse, proxy.vanish):
        await away()
        with hurried(server, 1.0):
            async with asyncio.timeout(PATIENCE):
                assert (await call(server, "say")).failed
        await proxy.listen()
        proxy.heal()
        await well(server)
    async with asyncio.timeout(PATIENCE):
        while proxy.open > usual + 2 or len(asyncio.all_tasks()) > tasks + 8:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.02)
