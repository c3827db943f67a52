"""Files come from the platform's own hosts alone, and no token goes anywhere else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import aiohttp
import pytest
from aiohttp import web

from adapters.chat.discord import files as discord
from adapters.chat.slack import files as slack
from adapters.chat.slack import hosts
from adapters.chat.slack.client import Api
from adapters.chat.telegram import TelegramOptions
from adapters.chat.telegram import files as telegram
from adapters.chat.telegram.account import Account
from adapters.files import Shelf
from core.errors import ChatAway, ChatBusy, FileUnread
from core.types import Attachment

DISCORD, SLACK = "https://discord.com/api/v10", "https://slack.com/api/"
STAND_IN = "http://127.0.0.1:9000/api/"
TOKEN = "123:canary"
MB = 1024 * 1024
NOWHERE = (
    "",
    "no address",
    "file:///etc/passwd",
    "ftp://cdn.discordapp.com/x",
    "http://169.254.169.254/latest/meta-data",
    "http://127.0.0.1/x",
    "http://2130706433/x",
    "http://0.0.0.0/x",
    "http://[::1]/x",
    "http://[::ffff:127.0.0.1]/x",
    "https://evil.example/files.slack.com",
    "https://files.slack.com.evil.example/x",
    "https://cdn.discordapp.com.evil.example/x",
    "https://cdn.discordapp.com@evil.example/x",
    "https://evil.example\\@cdn.discordapp.com/x",
    "https://evil.example#@files.slack.com/x",
    "https://user:word@cdn.discordapp.com/x",
    "https://user:word@files.slack.com/x",
    "http://cdn.discordapp.com/x",
    "http://files.slack.com/x",
    "https://cdn.discordapp.com:8443/x",
    "https://files.slack.com:8443/x",
    "https://cdn.discordapp.com:99999/x",
)


def host(url: object) -> str | None:
    return getattr(url, "host", None)


@pytest.mark.parametrize("url", NOWHERE)
@pytest.mark.parametrize("allowed", [discord.allowed, hosts.allowed], ids=["discord", "slack"])
def test_nothing_is_fetched_elsewhere(allowed, url):
    found = allowed(url, DISCORD if allowed is discord.allowed else SLACK)
    assert found is None or host(found) in {"cdn.discordapp.com", "files.slack.com"}
    if "\\" not in url:
        assert found is None


def test_discords_files_lie_on_its_own_hosts_and_on_a_stand_ins():
    own = "https://cdn.discordapp.com/attachments/1/2/a%20b.png?ex=1&is=2&hm=3"
    assert str(discord.allowed(own, DISCORD)) == own
    assert discord.allowed("https://media.discordapp.net/attachments/1/2/a.png", DISCORD)
    there = "http://127.0.0.1:9000/attachments/1/2/a.png"
    assert discord.allowed(there, STAND_IN)
    assert discord.allowed("http://127.0.0.1:9001/a.png", STAND_IN)
    assert discord.allowed("http://localhost:9000/a.png", STAND_IN)
    assert discord.allowed(there, DISCORD) is None
    assert discord.allowed("http://127.0.0.2:9000/a.png", STAND_IN) is None
    assert discord.allowed("http://proxy.example/a.png", "https://proxy.example/api") is None


def test_slacks_token_goes_to_its_own_host_or_to_the_stand_in_never_to_both():
    own = "https://files.slack.com/files-pri/T1-F1/a.png"
    assert hosts.allowed(own, SLACK)
    assert hosts.allowed(own, STAND_IN) is None
    assert hosts.allowed("https://files.slack-gov.com/x", "https://slack-gov.com/api/")
    assert hosts.allowed("https://slack.com/x", SLACK) is None
    assert hosts.allowed("http://127.0.0.1:9000/files-pri/T1-F1/a.png", STAND_IN)
    assert hosts.allowed("http://localhost:9000/files-pri/T1-F1/a.png", STAND_IN)
    assert hosts.allowed("http://127.0.0.1:9000/files-pri/T1-F1/a.png", SLACK) is None


@pytest.mark.parametrize(
    "path",
    ["/var/lib/bot/a.png", "../a", "a/../../b", "a//b", "C:\\a", "http://evil.example/a", "./a"],
)
def test_a_place_on_the_disk_of_a_bot_api_server_is_never_opened(path):
    with pytest.raises(FileUnread, match="outside of the messenger"):
        telegram.address("https://api.telegram.org/file/bot1:x", path)


def test_a_telegram_file_lies_below_the_configured_address():
    found = telegram.address("http://127.0.0.1:1/file/bot1:x", "documents/file_1 ?#.pdf")
    assert str(found) == "http://127.0.0.1:1/file/bot1:x/documents/file_1%20%3F%23.pdf"


# --- what the other side does ---------------------------------------------------------------


class Rogue:
    """A server that answers every file alike, and remembers who asked."""

    def __init__(self) -> None:
        self.seen: list[web.Request] = []
        self.answer: Callable[[web.Request], web.StreamResponse] = lambda _: web.Response()
        self.url = ""
        self.tears = False
        self.stalls = False
        self.endless = False
        self.sent = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if "/files.info" in request.path:
            return web.json_response({"ok": False, "error": "file_not_found"})
        if request.path.endswith("/getFile"):
            found = {"file_id": "f", "file_unique_id": "u", "file_path": "documents/a.pdf"}
            return web.json_response({"ok": True, "result": found})
        self.seen.append(request)
        if self.endless:
            return await self._flowing(request)
        if self.stalls:
            return await self._stalled(request)
        return await self._torn(request) if self.tears else self.answer(request)

    async def _flowing(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(ConnectionError):
            while True:
                await response.write(bytes(MB // 16))
                self.sent += MB // 16
        return response

    async def _stalled(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"half")
        await asyncio.Event().wait()
        return response

    async def _torn(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport
        request.transport.close()
        return response


@pytest.fixture
async def rogue() -> AsyncIterator[Rogue]:
    rogue = Rogue()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", rogue.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    rogue.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield rogue
    await runner.cleanup()


def file(ref: str) -> Attachment:
    return Attachment(kind="document", name="a.pdf", media_type="application/pdf", ref=ref)


@asynccontextmanager
async def opened(platform: str, url: str) -> AsyncIterator[AsyncIterator[bytes]]:
    there = f"{url}/files/a.pdf"
    if platform == "discord":
        async with discord.fetched(file(there), f"{url}/api/v10") as pieces:
            yield pieces
    elif platform == "slack":
        api = Api(TOKEN, f"{url}/api/", what="it")
        async with slack.fetched(file(slack.handle("F1", there)), api, f"{url}/api/") as pieces:
            yield pieces
    else:
        options = TelegramOptions(
            platform="telegram",
            token=TOKEN,
            base_url=f"{url}/bot",
            base_file_url=f"{url}/file/bot",
        )
        account = Account(options)
        async with telegram.fetched(file("f"), account) as pieces:
            yield pieces


async def fetched(platform: str, url: str) -> bytes:
    async with opened(platform, url) as pieces:
        return b"".join([piece async for piece in pieces])


@pytest.fixture(params=["telegram", "discord", "slack"])
def platform(request) -> str:
    name: str = request.param
    return name


async def test_a_file_is_given_as_it_lies_there(rogue, platform):
    rogue.answer = lambda _: web.Response(body=b"%PDF" * 50_000)
    assert await fetched(platform, rogue.url) == b"%PDF" * 50_000
    (asked,) = rogue.seen
    assert asked.headers["Accept-Encoding"] == "identity"
    told = f"{asked.headers.get('Authorization', '')} {asked.path}"
    assert (TOKEN in told) == (platform != "discord")


async def test_p5_an_endless_file_is_cut_and_nothing_of_it_stays(rogue, platform, tmp_path):
    rogue.endless = True
    with pytest.raises(FileUnread, match="larger than 1 MB"):
        async with opened(platform, rogue.url) as pieces:
            await Shelf(tmp_path).receive(pieces, most=MB)
    assert rogue.sent < 32 * MB  # what sockets hold on its way is more than was taken
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("status", [301, 302, 307])
async def test_no_redirect_is_followed(rogue, platform, status):
    rogue.answer = lambda request: web.Response(
        status=status, headers={"Location": f"{rogue.url}/files/elsewhere"}
    )
    with pytest.raises(FileUnread):
        await fetched(platform, rogue.url)
    assert len(rogue.seen) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (403, FileUnread),
        (404, FileUnread),
        (410, FileUnread),
        (418, FileUnread),
        (429, ChatBusy),
        (500, ChatAway),
        (503, ChatAway),
    ],
)
async def test_what_a_status_means(rogue, platform, status, error):
    rogue.answer = lambda _: web.Response(status=status, text="canary")
    with pytest.raises(error) as told:
        await fetched(platform, rogue.url)
    assert "canary" not in str(told.value)
    assert TOKEN not in str(told.value)


async def test_a_server_that_is_not_there_may_come_back(platform):
    with pytest.raises((ChatAway, FileUnread)) as told:
        await fetched(platform, "http://127.0.0.1:9")
    assert isinstance(told.value, ChatAway)
    assert TOKEN not in str(told.value)


async def test_a_connection_that_breaks_midway_may_come_back(rogue, platform):
    rogue.tears = True
    with pytest.raises(ChatAway):
        await fetched(platform, rogue.url)


async def test_a_connection_that_stands_still_midway_is_no_full_disk(
    rogue, platform, tmp_path, monkeypatch
):
    rogue.stalls = True
    monkeypatch.setattr("adapters.fetched._LIMITS", aiohttp.ClientTimeout(sock_read=0.2))
    with pytest.raises(ChatAway):
        async with opened(platform, rogue.url) as pieces:
            await Shelf(tmp_path).receive(pieces, most=MB)
    assert not [*tmp_path.iterdir()]


async def test_a_page_to_sign_in_is_no_file(rogue):
    rogue.answer = lambda _: web.Response(text="<!DOCTYPE html>", content_type="text/html")
    with pytest.raises(FileUnread, match="files:read"):
        await fetched("slack", rogue.url)


async def test_a_slack_file_that_is_gone_says_so(rogue):
    api = Api(TOKEN, f"{rogue.url}/api/", what="it")
    with pytest.raises(FileUnread, match="no longer there"):
        async with slack.fetched(file(slack.handle("F1", None)), api, f"{rogue.url}/api/"):
            pass


async def test_a_file_that_slack_only_links_to_gets_no_token(rogue):
    api = Api(TOKEN, SLACK, what="it")
    there = slack.handle("F1", f"{rogue.url}/drive/a.pdf")
    with pytest.raises(FileUnread, match="outside of the messenger"):
        async with slack.fetched(file(there), api, SLACK):
            pass
    assert not rogue.seen
