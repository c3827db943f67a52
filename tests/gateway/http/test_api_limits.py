"""Shows that programs on /v1 are held to what one person may ask, key by key (limits)."""

from __future__ import annotations

import asyncio

import openai
import pytest

from tests.gateway.harness import TOKEN, running_gateway
from tests.gateway.http.programs import asked, client, mixture
from tests.patience import PATIENCE

KEYS = f"http: {{port: 0, token: {TOKEN}, keys: {{ci: {{token: key-of-the-ci}}}}}}\n"
SLOW = """
    wise: "Take the train."
    bold: "Take the plane."
    big: {text: "Go by train.", stall: true}
"""


async def test_a_key_that_asks_too_often_gets_429_with_the_time_and_others_go_on(tmp_path):
    text = mixture(more=KEYS + "limits: {user: 2/h}\n")
    async with running_gateway(text, tmp_path) as gateway:
        async with client(gateway, "key-of-the-ci") as api:
            for _ in range(2):
                await api.chat.completions.create(model="solo", messages=asked())
            with pytest.raises(openai.RateLimitError) as refused:
                await api.chat.completions.create(model="solo", messages=asked())
        assert refused.value.code == "rate_limit_exceeded"
        assert "more than 2 questions an hour" in refused.value.message
        assert 0 < int(refused.value.response.headers["Retry-After"]) <= 1800
        async with client(gateway) as api:
            answer = await api.chat.completions.create(model="solo", messages=asked())
        assert answer.choices[0].message.content == "Go by train."


async def test_a_key_has_no_more_answers_at_once_than_one_person(tmp_path):
    text = mixture(SLOW, more="limits: {running: 1}\n")
    async with running_gateway(text, tmp_path) as gateway, client(gateway) as api:
        stream = await api.chat.completions.create(model="solo", messages=asked(), stream=True)
        with pytest.raises(openai.RateLimitError, match="is being answered already") as refused:
            await api.chat.completions.create(model="solo", messages=asked())
        assert refused.value.response.headers["Retry-After"] == "1"
        await stream.close()
        again = None
        async with asyncio.timeout(PATIENCE):
            while again is None:  # until the gateway has seen that the client has gone
                try:
                    again = await api.chat.completions.create(
                        model="solo", messages=asked(), stream=True
                    )
                except openai.RateLimitError:
                    await asyncio.sleep(0.05)
        await again.close()
