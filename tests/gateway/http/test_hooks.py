"""Shows that a platform reaches its hook through the walls, and nothing else does."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web

from gateway.http.app import HttpParts, build_app, serve
from gateway.http.auth import Auth
from gateway.http.hooks import BODY_BYTES

PATH = "/slack-eu/events"


@dataclass
class Platform:
    """What a hook was posted."""

    http: aiohttp.ClientSession
    posted: list[bytes] = field(default_factory=list)


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    posted: list[bytes] = []

    async def hook(request: web.Request) -> web.StreamResponse:
        posted.append(await request.read())
        return web.Response(text="heard")

    parts = HttpParts(auth=Auth("t"), bind="127.0.0.1", unready=lambda: "", hooks={PATH: hook})
    server = await serve(build_app(parts), "127.0.0.1", 0)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as http:
        yield Platform(http, posted)
    await server.close()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "bot.example.org"},
        {"Origin": "https://api.slack.com", "Sec-Fetch-Site": "cross-site"},
        {"Authorization": "Bearer of somebody else"},
    ],
)
async def test_whoever_posts_is_known_by_the_adapter_alone(platform, headers):
    async with platform.http.post(PATH, data=b"{}", headers=headers) as got:
        assert (got.status, await got.text()) == (200, "heard")
    assert platform.posted == [b"{}"]


async def test_a_hook_is_no_door_to_anything_else(platform):
    for method, path in [("GET", PATH), ("POST", PATH + "/"), ("POST", "/other/events")]:
        async with platform.http.request(method, path, headers={"Host": "bot.example"}) as got:
            assert got.status == 403, (method, path)
        async with platform.http.request(method, path) as got:
            assert got.status == 401, (method, path)


async def pieces(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 65536 + 1):
        yield bytes(65536)


@pytest.mark.parametrize("told", [True, False])
async def test_a_body_without_end_is_not_read_to_its_end(platform, told):
    data = io.BytesIO(bytes(BODY_BYTES + 1)) if told else pieces(BODY_BYTES)
    async with platform.http.post(PATH, data=data) as got:
        assert got.status == 413
    assert platform.posted == []
    async with platform.http.post(PATH, data=bytes(BODY_BYTES)) as got:
        assert got.status == 200
