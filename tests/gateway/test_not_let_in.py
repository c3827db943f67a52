"""Shows that an operator sees which messenger does not let the bot in, while the others go on."""

from __future__ import annotations

import asyncio

import aiohttp

from gateway import supervise
from gateway.program import refused
from tests.gateway.harness import Running, running_gateway
from tests.simulators.telegram import TelegramSimulator
from tests.transcripts.stages import STAGES, configuration


async def seen(gateway: Running) -> tuple[int, dict[str, object], list[str]]:
    """Give what machines are told: the status and body of /readyz, and the lines about refusals."""
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{gateway.url}/readyz") as got:
            status, body = got.status, await got.json()
        async with http.get(f"{gateway.url}/metrics", headers=gateway.headers) as got:
            text = await got.text()
    lines = [each for each in text.splitlines() if each.startswith("moa_chat_refused")]
    return status, body, lines


async def until(gateway: Running, count: int) -> None:
    """Wait until so many messengers do not let the bot in."""
    async with asyncio.timeout(30):
        while len(gateway.gateway.refused.now()) != count:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.02)


async def test_a_messenger_that_does_not_let_the_bot_in_is_counted_until_it_does(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(supervise, "FIRST_REFUSED", 0.2)
    monkeypatch.setattr(refused, "SETTLED", 0.3)
    async with TelegramSimulator(privacy=False) as sim:
        token = sim.server.token
        stage = STAGES["telegram"](sim)
        text = configuration((stage,), {"*": "Go by train."})
        sim.server.token = "another"
        async with running_gateway(text, tmp_path) as gateway:
            await until(gateway, 1)
            assert await seen(gateway) == (
                200,
                {"ready": True, "chats_refused": 1},
                ['moa_chat_refused{chat="telegram"} 1.0'],
            )
            sim.server.token = token
            await stage.ask("How do I get there?")
            await stage.answered("Go by train.")
            await until(gateway, 0)
            assert await seen(gateway) == (200, {"ready": True}, [])
