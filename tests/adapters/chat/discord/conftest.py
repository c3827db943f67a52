"""A simulated Discord without the wait of its rate limits, and servers that are not quite one."""

from __future__ import annotations

import pytest
from aiohttp import web

from adapters.chat.discord.rest import Rest
from tests.simulators.discord.simulator import DiscordSimulator


@pytest.fixture
async def discord():
    async with DiscordSimulator(scale=0) as simulator:
        yield simulator


@pytest.fixture
async def serve():
    runners = []

    async def start(answer) -> Rest:
        async def handle(request: web.Request) -> web.Response:
            made: web.Response = answer(request)
            return made

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handle)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        runners.append(runner)
        host, port = runner.addresses[0][:2]
        return Rest("token", f"http://{host}:{port}/api/v10/")

    yield start
    for runner in runners:
        await runner.cleanup()
