"""Shows that the harness runs the real gateway, in this process and as a child."""

from __future__ import annotations

import aiohttp

from tests.gateway.harness import process_gateway, refused_gateway, running_gateway

CONFIG = """
    providers:
      fake:
        api: scripted
        answers: {a: "Take the train.", big: "Go by train."}
    moa:
      presets:
        review:
          reference_models: [{provider: fake, model: a}]
          aggregator: {provider: fake, model: big}
          fanout: user_turn
"""
QUESTION = {"model": "review", "messages": [{"role": "user", "content": "How do I get there?"}]}


async def ask(url: str, headers: dict[str, str]) -> str:
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{url}/v1/chat/completions", json=QUESTION) as response,
    ):
        body = await response.json()
        return str(body["choices"][0]["message"]["content"])


async def test_a_gateway_in_this_process_answers_and_its_calls_are_known(tmp_path):
    async with running_gateway(CONFIG, tmp_path) as gateway:
        assert await ask(gateway.url, gateway.headers) == "Go by train."
        await gateway.calls.until_quiet()
        assert [each.model for each in gateway.calls.asked] == ["a", "big"]
        assert gateway.calls.ends("big") == ["finished"]


async def test_a_gateway_of_its_own_process_answers_and_drains(tmp_path):
    async with process_gateway(CONFIG, tmp_path) as process:
        assert await ask(process.url, process.headers) == "Go by train."
        process.terminate()
        assert await process.ended() == 0
    assert (tmp_path / "data" / "moa-gateway.db").exists()


async def test_a_gateway_that_cannot_start_says_why(tmp_path):
    code, said = await refused_gateway("providers: {}", tmp_path)
    assert code == 2
    assert "moa" in said
