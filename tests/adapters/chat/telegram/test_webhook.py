"""With a webhook, updates are answered 200 only once they are stored, and only if Telegram's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web

from adapters.chat.telegram import TelegramChat, Webhook, polling
from adapters.chat.telegram.webhook import SECRET
from core.errors import ChatRefused, StoreFull
from tests.adapters.chat.telegram.conftest import chat_of, running
from tests.simulators.base import Fault

WORD = "s3cret-word_"


@asynccontextmanager
async def mounted(telegram, secret: str = WORD) -> AsyncIterator[tuple[TelegramChat, str]]:
    """An adapter whose hooks are mounted on a server; gives the address, too."""
    app = web.Application()
    runner = web.AppRunner(app)
    made: list[TelegramChat] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        return await made[0].hooks[request.path](request)

    app.router.add_post("/telegram/webhook", answer)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    url = f"http://{host}:{port}/telegram/webhook"
    made.append(chat_of(telegram, webhook=Webhook(url=url, secret=secret)))
    try:
        yield made[0], url
    finally:
        await runner.cleanup()


async def post(url: str, body: bytes, secret: str | None = WORD) -> int:
    headers = {} if secret is None else {SECRET: secret}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=body, headers=headers) as answer,
    ):
        return answer.status


async def test_updates_are_posted_and_stored(telegram, inbox):
    ana = telegram.person("Ana")
    async with mounted(telegram) as (chat, _), running(chat, inbox):
        await telegram.until(lambda: telegram.updates.webhook)
        await telegram.say(telegram.dm(ana), ana, "hi")
        await inbox.until(1)
        await telegram.until(lambda: not telegram.updates.pending)
    assert telegram.requests.of("getUpdates") == []
    assert telegram.updates.asked == [
        "message",
        "edited_message",
        "callback_query",
        "my_chat_member",
        "stopped_message_generation",
    ]


async def test_what_cannot_be_stored_is_posted_again(telegram, inbox, lines):
    ana = telegram.person("Ana")
    inbox.refusals += [StoreFull("The disk is full.")] * 2
    async with mounted(telegram) as (chat, _), running(chat, inbox):
        await telegram.say(telegram.dm(ana), ana, "hi")
        await inbox.until(1)
    assert "503" in telegram.updates.last_error
    assert len(lines.of("The disk is full.")) == 1


@pytest.mark.parametrize("secret", [None, "", "wrong", WORD + "x", WORD[:-1]])
async def test_only_telegram_is_listened_to(telegram, inbox, secret):
    async with mounted(telegram) as (chat, url), running(chat, inbox):
        await telegram.until(lambda: telegram.updates.webhook)
        assert await post(url, b"{}", secret) == 403
    assert inbox.heard == []


async def test_a_secret_that_is_no_text_is_wrong(telegram, inbox):
    async with mounted(telegram) as (chat, url), running(chat, inbox):
        await telegram.until(lambda: telegram.updates.webhook)
        address = urlsplit(url)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        head = f"POST {address.path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n{SECRET}: "
        writer.write(head.encode() + b"\xff\xfe\r\n\r\n")
        assert (await reader.readline()).split()[1] == b"403"
        writer.close()
        await writer.wait_closed()


async def test_without_a_secret_nobody_is_listened_to(telegram, inbox):
    async with mounted(telegram, secret="") as (chat, url), running(chat, inbox):
        await telegram.until(lambda: telegram.updates.webhook)
        assert await post(url, b"{}", "") == 403


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff", json.dumps({"update_id": 1, "message": 3}).encode()],
)
async def test_what_cannot_be_read_is_not_sent_again(telegram, inbox, body):
    async with mounted(telegram) as (chat, url), running(chat, inbox):
        await telegram.until(lambda: telegram.updates.webhook)
        assert await post(url, body) == 200
    assert inbox.heard == []


async def test_nothing_is_taken_in_before_it_runs(telegram):
    async with mounted(telegram) as (_, url):
        assert await post(url, b"{}") == 503


async def test_an_address_that_telegram_does_not_take_names_the_setting(telegram, inbox):
    chat = chat_of(telegram, webhook=Webhook(url="http://example.org/x", secret=WORD))
    with pytest.raises(ChatRefused, match=r"platforms\.telegram\.public_url: .*https"):
        await chat.run(inbox)


async def test_a_telegram_that_is_busy_is_asked_again(telegram, inbox, monkeypatch):
    monkeypatch.setattr(polling, "FIRST_PAUSE", 0.01)
    telegram.faults.plan("setWebhook", Fault(kind="refuse", status=500, error="Internal"))
    async with mounted(telegram) as (chat, _), running(chat, inbox), asyncio.timeout(40):
        await telegram.until(lambda: telegram.updates.webhook)
    assert len(telegram.requests.of("setWebhook")) == 2


async def test_a_server_that_knows_no_stop_of_drafts_is_not_asked_for_it(telegram, inbox):
    ana = telegram.person("Ana")
    old = Fault(kind="refuse", status=400, error="Bad Request: unknown type in allowed_updates")
    telegram.faults.plan("setWebhook", old)
    async with mounted(telegram) as (chat, _), running(chat, inbox):
        await telegram.say(telegram.dm(ana), ana, "hi")
        await inbox.until(1)
    assert telegram.updates.asked == [
        "message",
        "edited_message",
        "callback_query",
        "my_chat_member",
    ]


def test_polling_wants_no_route(telegram):
    assert chat_of(telegram).hooks == {}
