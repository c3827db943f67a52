"""What the program can be made to fetch: addresses that strangers have a hand in.

Those are the addresses of files, and those to which a command of Slack is answered. Everything
else that is asked stands in the configuration. Redirects of files and of tool servers are tried in
tests/adapters/chat/test_files.py and tests/adapters/tools/test_http_servers.py.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
from aiohttp import web
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.chat.discord import files as discord
from adapters.chat.slack import files as slack
from adapters.chat.slack import hosts
from adapters.chat.slack.client import Api
from adapters.chat.telegram import files as telegram
from core.errors import ChatAway, ChatError, FileUnread
from core.types import Attachment
from tests.security.house import House, house

DISCORD, SLACK = "https://discord.com/api/v10", "https://slack.com/api/"
PEM = Path(__file__).parents[1] / "adapters" / "llm" / "loopback.pem"
TOKEN = "xoxb-canary"
INSIDE = (
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "0.0.0.0",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
    "169.254.169.254",
    "metadata.google.internal",
    "localhost",
    "localhost.",
    "127.0.1.1",
    "0",
    "224.0.0.1",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "[::]",
    "[::127.0.0.1]",
    "[2002:7f00:1::]",
    "[fe80::5efe:127.0.0.1]",
    "[fe80::1%25eth0]",
    "[ff02::1]",
    "%2fvar%2frun%2fdocker.sock",
    "",
)
OUTSIDE = (
    "{0}.evil.example",
    "{0}@evil.example",
    "evil.example@{0}",
    "evil.example\\@{0}",
    "evil.example#@{0}",
    "evil.example?@{0}",
    "evil.example/{0}",
    "{0}.",
    "{0}:80",
    "{0}:8443",
    "{0}%00.evil.example",
    "{0}%2eevil.example",
    "{0}\t.evil.example",
    "x{0}",
    "www.{0}",
    "{0}\\.evil.example",
)
LOOKALIKES = ("files.slаck.com", "hооks.slack.com", "cdn.discordаpp.com")
SCHEMES = ("https", "http", "ftp", "file", "unix", "http+unix", "gopher", "data", "HTTPS", "")
RIGHTS = {
    "files.slack.com": lambda url: hosts.allowed(url, SLACK),
    "hooks.slack.com": lambda url: hosts.allowed(url, SLACK, "hooks"),
    "cdn.discordapp.com": lambda url: discord.allowed(url, DISCORD),
}


@pytest.mark.parametrize("own", RIGHTS)
def test_no_way_of_writing_an_address_leads_elsewhere(own):
    for scheme in SCHEMES:
        for place in (*INSIDE, *(each.format(own) for each in OUTSIDE), *LOOKALIKES):
            found = RIGHTS[own](f"{scheme}://{place}/latest/meta-data")
            # What is left of it is what is asked: the same value.
            assert found is None or (found.scheme, found.host, found.port) == ("https", own, 443)


@pytest.mark.parametrize("own", RIGHTS)
@given(st.text() | st.from_regex(r"https?://[^/]{0,30}(slack|discordapp)[^/]{0,10}/.*"))
@example("https://files.slack.com:443/x")
@example("https://[::1/x")
@example("https://xn--00a.files.slack.com/x")  # no name that can be read
@example("0://00A¿․")
def test_no_text_at_all_does(own, url):
    found = RIGHTS[own](url)
    assert found is None or found.host in {own, "media.discordapp.net"}
    assert found is None or (found.scheme, found.port, found.user) == ("https", 443, None)


STEPS = st.sampled_from(
    ["..", ".", "%2e%2e", "..%2f", "a", "", "\\", "?", "#", "@evil.example", ":"]
)


@given(st.text(max_size=40) | st.lists(STEPS, max_size=6).map("/".join))
def test_no_path_that_telegram_names_leaves_its_address(path):
    """The token stands in the address, so that another host, or another bot's files, are far."""
    try:
        there = telegram.address(f"https://api.telegram.org/file/bot{TOKEN}", path)
    except FileUnread:
        return
    assert (there.scheme, there.host, there.port) == ("https", "api.telegram.org", 443)
    assert there.raw_path.startswith(f"/file/bot{TOKEN}/")
    assert there.raw_path.count("/") == 3 + path.count("/")
    assert not {".", ".."} & {*there.raw_parts}
    assert (there.query_string, there.fragment, there.user) == ("", "", None)


# --- a name that leads somewhere else than it did -------------------------------------------


@asynccontextmanager
async def rebound(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[bytes]]:
    """Let every name lead to a server of the attacker's on this machine; give what it hears."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(65536))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    asked: list[str] = []

    async def getaddrinfo(host: str, *_: object, **__: object) -> list[object]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    async with server:
        yield heard
    assert asked


async def test_a_name_that_is_rebound_gets_neither_the_token_nor_a_request(monkeypatch):
    async with rebound(monkeypatch) as heard:
        file = Attachment(
            kind="document",
            name="a",
            media_type="text/plain",
            ref=slack.handle("F1", "https://files.slack.com/files-pri/T1-F1/a"),
        )
        with pytest.raises(ChatAway):
            async with slack.fetched(file, Api(TOKEN, SLACK, what="it"), SLACK):
                pass
        there = Attachment(
            kind="document",
            name="a",
            media_type="text/plain",
            ref="https://cdn.discordapp.com/attachments/1/2/a",
        )
        with pytest.raises(ChatAway):
            async with discord.fetched(there, DISCORD):
                pass
        with pytest.raises(ChatError):
            await Api(TOKEN, SLACK, what="it").respond("https://hooks.slack.com/x", {})
    assert not any(heard)


# --- where a command is answered to ---------------------------------------------------------


@asynccontextmanager
async def listening(
    host: str, status: int, location: str = ""
) -> AsyncIterator[tuple[str, list[web.Request]]]:
    """Listen where nobody should be sent to; give the address and who came."""
    came: list[web.Request] = []

    async def take(request: web.Request) -> web.Response:
        came.append(request)
        return web.Response(status=status, headers={"Location": location} if location else None)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, host, 0).start()
    try:
        yield f"http://{host}:{runner.addresses[0][1]}", came
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_an_answer_to_a_command_follows_no_redirect(status):
    async with (
        listening("127.0.0.2", 200) as (inside, came),
        listening("127.0.0.1", status, f"{inside}/steal") as (hook, asked),
    ):
        api = Api(TOKEN, f"{hook}/api/", what="it")
        with pytest.raises(ChatError):
            await api.respond(f"{hook}/hooks/1", {"text": "for one person's eyes"})
        with pytest.raises(ChatError):
            await api.upload(f"{hook}/upload/1", b"a file")
    assert len(asked) == 2
    assert not came


async def commanded(at: House, response_url: str) -> None:
    """Sign a command as Slack would, with an address of one's own in it."""
    said = {
        "command": "/moa",
        "text": "help",
        "user_id": at.slack.person("Ann").id,
        "channel_id": "D1",
        "team_id": "T0MOA0001",
        "trigger_id": "t1",
        "response_url": response_url,
    }
    await at.connected()
    assert (await at.signed(urlencode(said).encode(), form=True)).status == 200


async def test_a_command_is_not_answered_at_an_address_that_is_not_the_platforms(tmp_path):
    async with listening("127.0.0.2", 200) as (inside, came), house(tmp_path) as at:
        await commanded(at, f"{inside}/steal")
        await at.slack.until(lambda: at.slack.requests.of("chat.postEphemeral"))
    assert not came
