"""Shows that a gateway leaves a provider alone that cannot be reached, and says so (P11)."""

from __future__ import annotations

import socket

import aiohttp
import openai
import pytest

from tests.gateway.harness import running_gateway
from tests.gateway.http.programs import asked, client

CONFIG = """
providers:
  gone: {{api: chat_completions, base_url: "http://127.0.0.1:{port}/v1", timeouts: {{total: 0.4}}}}
  fake: {{api: scripted, answers: {{spare: I stand in.}}}}
moa:
  presets:
    alone: {{enabled: false, aggregator: {{provider: gone, model: big}}}}
    safe:
      enabled: false
      aggregator:
        {{provider: gone, model: other, fallbacks: [{{provider: fake, model: spare}}]}}
"""


@pytest.fixture
def port():
    """A port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


async def test_p11_a_provider_that_is_away_is_left_alone_and_its_fallbacks_answer(tmp_path, port):
    async with (
        running_gateway(CONFIG.format(port=port), tmp_path) as gateway,
        client(gateway) as api,
        aiohttp.ClientSession() as http,
    ):

        async def ask(preset: str) -> openai.types.chat.ChatCompletion:
            return await api.chat.completions.create(model=preset, messages=asked())

        for _ in range(5):
            with pytest.raises(openai.APIStatusError, match="Cannot connect") as failed:
                await ask("alone")
        with pytest.raises(openai.APIStatusError, match="left alone for") as failed:
            await ask("alone")
        assert (failed.value.status_code, failed.value.code) == (502, "model_unreachable")
        answer = await ask("safe")
        assert answer.choices[0].message.content == "I stand in."
        assert answer.usage is not None
        assert answer.usage.model_extra is not None
        assert answer.usage.model_extra["moa"]["notes"] == [
            "fake:spare answered in place of gone:other"
        ]
        async with http.get(f"{gateway.url}/metrics", headers=gateway.headers) as got:
            (line,) = [x for x in (await got.text()).splitlines() if x.startswith("moa_left_alone")]
        name, _, seconds = line.partition(" ")
        assert name == 'moa_left_alone_seconds{label="gone"}'
        assert 0 < float(seconds) <= 10
