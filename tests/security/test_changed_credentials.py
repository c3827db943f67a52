"""Credentials that were changed, given back or taken away: the old ones open nothing any more.

Not at the next request, and not on a stream that was open when it happened.
"""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from tests.gateway.harness import TOKEN, process_gateway, running_gateway
from tests.patience import PATIENCE
from tests.security.house import house

EVENTS = "/api/conversations/conversation-1/events"
FILE = """
providers:
  p: {{api: scripted, answers: {{big: {{text: {text}, between: 0.05}}}}}}
moa: {{presets: {{alone: {{enabled: false, aggregator: {{provider: p, model: big}}}}}}}}
data_dir: {folder}/data
http:
  port: 0
  token: {token}
  keys: {{ci: {{token: {key}}}}}
"""


def file(folder, *, token: str = TOKEN, key: str = "key-of-yesterday") -> str:
    words = "one word after another and so on " * 400
    return FILE.format(folder=folder, token=token, key=key, text=words)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def ended(stream: aiohttp.ClientResponse) -> bool:
    """Read a stream to its end, however it comes."""
    try:
        async with asyncio.timeout(PATIENCE):
            while await stream.content.readany():
                pass
    except aiohttp.ClientError:
        pass
    return True


async def test_a_browser_that_signs_out_hears_no_more_on_what_it_had_open(tmp_path):
    async with house(tmp_path) as at, at.browser() as browser, at.browser() as other:
        page = {"Origin": at.origin, "X-MoA-Gateway": "page"}
        async with browser.get(EVENTS) as stream, other.get(EVENTS) as kept:
            assert await stream.content.readline()
            async with browser.delete("/api/session", headers=page) as answer:
                assert answer.status == 204
            assert await ended(stream)
            async with browser.get("/api/status") as answer:
                assert answer.status == 401
            async with other.get("/api/status") as answer:
                assert answer.status == 200
            assert not kept.content.at_eof()


async def test_a_key_that_is_changed_ends_what_runs_by_it(tmp_path):
    url = "/v1/chat/completions"
    body = {"model": "alone", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
    async with (
        process_gateway(file(tmp_path), tmp_path) as process,
        aiohttp.ClientSession(process.url) as http,
        http.post(url, json=body, headers=bearer("key-of-yesterday")) as stream,
    ):
        assert stream.status == 200
        assert await stream.content.readany()
        (tmp_path / "config.yaml").write_text(file(tmp_path, key="key-of-today"))
        process.reload()
        await process.logged("reloaded")
        assert await ended(stream)
        async with http.get("/v1/models", headers=bearer("key-of-yesterday")) as answer:
            assert answer.status == 401
        async with http.get("/v1/models", headers=bearer("key-of-today")) as answer:
            assert answer.status == 200


async def test_another_token_is_another_lock_after_the_restart_that_it_needs(tmp_path):
    async with (
        process_gateway(file(tmp_path), tmp_path) as process,
        aiohttp.ClientSession(process.url) as http,
    ):
        async with http.post("/api/session", headers=bearer(TOKEN)) as answer:
            session = answer.cookies.popitem()[1].value
        (tmp_path / "config.yaml").write_text(file(tmp_path, token="token-of-today"))
        process.reload()
        assert "http.token" in await process.logged("reloaded")
    again = file(tmp_path, token="token-of-today")
    async with (
        process_gateway(again, tmp_path) as process,
        aiohttp.ClientSession(process.url) as http,
    ):
        port = process.url.rpartition(":")[2]
        for headers in (
            bearer(TOKEN),
            {"Cookie": f"moa_session_{port}={session}"},
            {"Cookie": f"moa_session_{port}={TOKEN}"},
        ):
            async with http.get("/api/status", headers=headers) as answer:
                assert answer.status == 401, headers
        async with http.get(f"/?code={process.code}x") as answer:
            assert answer.status == 401
        async with http.get("/api/status", headers=bearer("token-of-today")) as answer:
            assert answer.status == 200


@pytest.mark.parametrize("keep", [True, False])
async def test_a_browser_that_signed_out_stays_out_over_a_restart(tmp_path, keep):
    port = 0
    session = ""
    for run in range(2):
        text = file(tmp_path)
        async with running_gateway(text, tmp_path) as gateway, aiohttp.ClientSession() as http:
            port = int(gateway.url.rpartition(":")[2])
            page = {"Origin": gateway.url, "X-MoA-Gateway": "page"}
            if run == 0:
                async with http.post(f"{gateway.url}/api/session", headers=gateway.headers) as got:
                    session = got.cookies.popitem()[1].value
            cookie = {"Cookie": f"moa_session_{port}={session}"}
            if run == 0 and not keep:
                there = f"{gateway.url}/api/session"
                async with http.delete(there, headers=cookie | page) as got:
                    assert got.status == 204
            async with http.get(f"{gateway.url}/api/status", headers=cookie) as got:
                assert got.status == (200 if keep else 401)
