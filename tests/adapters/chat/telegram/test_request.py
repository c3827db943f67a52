"""Whatever a server or a proxy answers, it is known whether a message may have been posted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from adapters.chat.telegram import TelegramChat, TelegramOptions, request
from core.errors import ChatAway, ChatBusy, ChatClosed, ChatError, ChatUnknown, MessageGone
from gateway.clock import SystemClock
from tests.adapters.chat.telegram.conftest import address
from tests.adapters.chat.telegram.frames import ANSWER

TOKEN = "1:secret-part"


@asynccontextmanager
async def server(answer) -> AsyncIterator[tuple[TelegramChat, list[str]]]:
    """An adapter whose server answers everything with `answer`; and the paths it was asked."""
    asked: list[str] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        response: web.StreamResponse = await answer(request)
        return response

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    base = f"http://{host}:{port}/bot"
    options = TelegramOptions(platform="telegram", token=TOKEN, base_url=base)
    chat = TelegramChat(options, clock=SystemClock())
    try:
        yield chat, asked
    finally:
        await chat._account.disconnect()
        await runner.cleanup()


def said(status: int, body: str, **headers: str):
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=body, headers=headers)

    return answer


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, "<html>welcome</html>", ChatUnknown),
        (200, "[]", ChatUnknown),
        (200, '{"ok": true}', ChatUnknown),
        (200, '{"ok": true, "result": true}', ChatUnknown),
        (200, "{}", ChatUnknown),
        (200, '{"ok": true, "result": null}', ChatUnknown),
        (200, '{"ok": false, "description": "no"}', ChatError),
        (200, '{"ok": false, "error_code": 403, "description": "Forbidden: no"}', ChatClosed),
        (200, '{"ok": false, "error_code": 504}', ChatUnknown),
        (200, '{"ok": false, "error_code": "x", "result": {"message_id": 7}}', ChatError),
        (201, '{"description": "Bad Request: chat not found"}', ChatClosed),
        (200, '{"ok": false, "error_code": 429, "parameters": {"retry_after": 1}}', ChatBusy),
        (400, '{"ok": false, "description": 5, "parameters": 7}', ChatError),
        (405, "", ChatError),
        (500, "<html>sorry</html>", ChatAway),
        (502, "", ChatAway),
        (504, "", ChatUnknown),
        (503, '{"ok": false, "parameters": {"retry_after": 1}}', ChatBusy),
        (999, "", ChatError),
    ],
)
async def test_what_an_answer_means(status, body, error, caplog):
    async with server(said(status, body)) as (chat, asked):
        with pytest.raises(error) as met:
            await chat.post(address("5"), ANSWER, delivery_id="d")
    assert type(met.value) is error
    assert len(asked) == 1
    assert "secret-part" not in str(met.value)
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize(
    ("body", "header", "seconds"),
    [
        ('{"ok": false, "parameters": {"retry_after": 35}}', "", 35),
        ('{"ok": false, "parameters": {"retry_after": "35"}}', "7", 35),
        ('{"ok": false, "parameters": {"retry_after": 0}}', "", 1),
        ('{"ok": false, "parameters": {"retry_after": 0.2}}', "", 1),
        ('{"ok": false, "parameters": {"retry_after": "soon"}}', "7", 7),
        ('{"description": "Too Many Requests: retry after 35", "parameters": []}', "", 35),
        ('{"description": "Too Many Requests: retry after 35"}', "Sat, 28 Nov 2026", 35),
        ("<html>calm down</html>", "7", 7),
        ("<html>calm down</html>", "-7", 1),
        ("", "", 1),
    ],
)
async def test_how_long_to_wait_is_understood_wherever_it_stands(body, header, seconds):
    headers = {"Retry-After": header} if header else {}
    async with server(said(429, body, **headers)) as (chat, _):
        with pytest.raises(ChatBusy) as met:
            await chat.post(address("5"), ANSWER, delivery_id="d")
    assert met.value.retry_after == seconds


async def test_a_group_that_moved_is_found_by_an_id_in_quotes():
    async def answer(asked: web.Request) -> web.StreamResponse:
        if (await asked.post())["chat_id"] == "-1001":
            return web.json_response({"result": {"message_id": 7}, "ok": True})
        body = {"ok": False, "parameters": {"migrate_to_chat_id": "-1001"}}
        return web.json_response(body, status=400)

    async with server(answer) as (chat, _):
        assert await chat.post(address("-5"), ANSWER, delivery_id="d") == "-1001/7"


async def test_a_file_is_fetched_whatever_it_says():
    async with server(said(200, '{"ok": false}')) as (chat, _):
        base = f"{chat._options.base_url}/file.json"
        assert await chat._account._request[1].retrieve(base) == b'{"ok": false}'


async def test_an_edit_that_is_refused_with_200_is_no_edit():
    body = (
        '{"ok": false, "error_code": 400, "description": "Bad Request: message to edit not found"}'
    )
    async with server(said(200, body)) as (chat, _):
        with pytest.raises(MessageGone):
            await chat.edit(address("5"), "7", ANSWER)


async def test_the_token_is_not_carried_elsewhere():
    async with server(said(307, "", Location="/elsewhere")) as (chat, asked):
        with pytest.raises(ChatError) as met:
            await chat.post(address("5"), ANSWER, delivery_id="d")
    assert type(met.value) is ChatError
    assert asked == [f"/bot{TOKEN}/sendMessage"]


async def test_no_answer_in_time_is_perhaps_a_message(monkeypatch):
    monkeypatch.setattr(request, "READ_SECONDS", 0.1)

    async def silence(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        raise AssertionError

    async with server(silence) as (chat, _):
        with pytest.raises(ChatUnknown, match=r"no answer"):
            await chat.post(address("5"), ANSWER, delivery_id="d")


async def test_half_an_answer_is_perhaps_a_message():
    async def half(asked: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(asked)
        await response.write(b'{"ok": tr')
        assert asked.transport is not None
        asked.transport.abort()
        return response

    async with server(half) as (chat, _):
        with pytest.raises(ChatUnknown, match="broke"):
            await chat.post(address("5"), ANSWER, delivery_id="d")


async def test_an_address_that_is_none_is_said():
    options = TelegramOptions(platform="telegram", token=TOKEN, base_url="nonsense:")
    chat = TelegramChat(options, clock=SystemClock())
    with pytest.raises(ChatError, match="base_url"):
        await chat.post(address("5"), ANSWER, delivery_id="d")
    await chat._account.disconnect()


async def test_proxies_of_the_environment_are_not_asked(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with server(said(200, '{"ok": true, "result": {"message_id": 7}}')) as (chat, _):
        assert await chat.post(address("5"), ANSWER, delivery_id="d") == "7"
