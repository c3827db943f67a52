"""An answer that points elsewhere: nobody goes there, with the key, with words or with nothing.

Every place that is asked with something secret: the APIs of the three messengers, all wire formats
of models, and (in `test_fetches.py`, `tests/adapters/chat/test_files.py` and
`tests/adapters/tools/test_http_servers.py`) answers to commands, files and tool servers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from aiohttp import web

from adapters.chat.discord import routes
from adapters.chat.discord.render import Body
from adapters.chat.discord.rest import Rest
from adapters.chat.slack.client import Api
from adapters.chat.telegram import TelegramChat, TelegramOptions
from adapters.llm.chat_completions import ChatCompletions
from adapters.llm.messages import Messages
from adapters.llm.responses import Responses
from adapters.llm.wire import Endpoint, open_session
from core.errors import ChatError, GatewayError
from gateway.clock import SystemClock
from tests.adapters.chat.telegram.conftest import address
from tests.adapters.chat.telegram.frames import ANSWER
from tests.adapters.llm.asking import call

SECRET = "the-key-and-the-words"


@asynccontextmanager
async def pointing(
    status: int, header: str, value: str = "{0}/latest/meta-data"
) -> AsyncIterator[tuple[str, list[web.Request], list[web.Request]]]:
    """Answer with a pointer to another host of this machine; give who came here, and there."""
    came: dict[str, list[web.Request]] = {"127.0.0.1": [], "127.0.0.2": []}
    there = ""

    async def take(request: web.Request) -> web.Response:
        came[request.url.host or ""].append(request)
        if request.url.host == "127.0.0.2":
            return web.json_response({"ok": True, "id": "1", "ts": "1.1"})
        return web.Response(status=status, headers={header: value.format(there)})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    for host in came:
        await web.TCPSite(runner, host, 0).start()
    urls = [f"http://{host}:{port}" for host, port in runner.addresses]
    there = urls[1]
    try:
        yield urls[0], came["127.0.0.1"], came["127.0.0.2"]
    finally:
        await runner.cleanup()


async def by_slack(url: str) -> None:
    api = Api(SECRET, f"{url}/api/", what="it")
    with pytest.raises(ChatError):
        await api.ask(api.web.chat_postMessage(channel="C1", text=SECRET), once=True)
    with pytest.raises(ChatError):
        await api.ask(api.web.auth_test())


async def by_discord(url: str) -> None:
    rest = Rest(SECRET, f"{url}/api/v10/")
    with suppress(ChatError):  # a success that points elsewhere is one
        await rest.call(routes.me())
    with suppress(ChatError):
        await rest.call(routes.messages("POST", "7"), Body(json={"content": SECRET}))


async def by_telegram(url: str) -> None:
    options = TelegramOptions(platform="telegram", token=SECRET, base_url=f"{url}/bot")
    chat = TelegramChat(options, clock=SystemClock())
    with pytest.raises(ChatError):
        await chat.post(address("5"), ANSWER, delivery_id="d")
    await chat._account.disconnect()


async def _by(kind: Callable[..., ChatCompletions | Messages | Responses], url: str) -> None:
    async with open_session() as session:
        model = kind(session, Endpoint(base_url=f"{url}/v1", api_key=SECRET))
        with pytest.raises(GatewayError):
            async for _ in model.stream(call()):
                pass


async def by_chat_completions(url: str) -> None:
    await _by(ChatCompletions, url)


async def by_messages(url: str) -> None:
    await _by(Messages, url)


async def by_responses(url: str) -> None:
    await _by(Responses, url)


ASKED: tuple[Callable[[str], Awaitable[None]], ...] = (
    *(by_slack, by_discord, by_telegram),
    *(by_chat_completions, by_messages, by_responses),
)
POINTERS = (
    *((status, "Location", "{0}/x") for status in (301, 302, 303, 307, 308)),
    (302, "Location", "//127.0.0.2{0}"),
    (300, "Location", "{0}/x"),
    (200, "Refresh", "0; url={0}/x"),
    (307, "Location", "file:///etc/passwd"),
    (307, "Location", "/again"),
)


@pytest.mark.parametrize("ask", ASKED, ids=lambda ask: ask.__name__)
async def test_nobody_goes_where_an_answer_points(ask):
    for status, header, value in POINTERS:
        async with pointing(status, header, value) as (url, asked, came):
            await ask(url)
            assert asked
            assert came == []
            assert not [each for each in asked if each.path == "/again"]
