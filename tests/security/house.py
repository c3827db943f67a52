"""The whole program with every door that it has, and somebody who means it no good. For tests.

    async with house(tmp_path) as at:
        answer = await at.raw("GET", "/api/status", {"Host": "evil.example"})

All doors: the page, `/v1` with keys, Telegram's webhook, and two accounts of Slack over HTTP. The
requests are written by hand, for a client library would mend what is wrong with them.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from adapters.chat.slack import people
from gateway.clock import SystemClock
from gateway.http import app as http
from tests.gateway.harness import TOKEN, Running, running_gateway
from tests.patience import PATIENCE
from tests.simulators.slack import SlackSimulator
from tests.simulators.telegram.simulator import TelegramSimulator

KEY = "the-key-of-ci"
WEBHOOK_SECRET = "telegram-says-this-word"
SECOND_SECRET = "signing-secret-of-the-second-account"
MODELS = """
providers:
  p: {api: scripted, answers: {a: Take the train., b: Walk., big: Go by train.}}
moa:
  presets:
    review:
      reference_models: [{provider: p, model: a}, {provider: p, model: b}]
      aggregator: {provider: p, model: big}
      fanout: user_turn
"""
HOOKS = frozenset({"/telegram/webhook", "/slack/events", "/second/events"})
Headers = Mapping[str, str] | Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, once the connection was closed; `status` 0 where nothing did."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    raw: bytes

    @property
    def count(self) -> int:
        """How many answers came: more than one where one request was taken for two."""
        return len(re.findall(rb"^HTTP/1\.[01] \d{3} ", self.raw, re.MULTILINE))


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The program at work in this process, and its table of routes."""

    gateway: Running
    app: web.Application
    telegram: TelegramSimulator
    slack: SlackSimulator

    @property
    def port(self) -> int:
        return int(self.gateway.url.rpartition(":")[2])

    @property
    def origin(self) -> str:
        return self.gateway.url

    def routes(self) -> list[tuple[str, str]]:
        """Give method and path of every route, as the router itself has them."""
        found = []
        for route in self.app.router.routes():
            resource = route.resource
            assert resource is not None
            info = resource.get_info()
            prefix = info.get("prefix")
            path = f"{prefix}/app.js" if prefix else info.get("path") or info["formatter"]
            path = path.replace("{id}", "conversation-1").replace("{name}", "review")
            assert "{" not in path, f"say here what stands for the variable of {path}"
            found.append((route.method, path))
        return found

    async def raw(
        self,
        method: str,
        path: str,
        headers: Headers = (),
        body: bytes = b"",
        *,
        whole: bool = True,
    ) -> Answer:
        """Send one request as it is written here, and read until the connection is closed.

        Of what is not `whole`, the server may wait for the rest: only the answer is read.
        """
        pairs = list(headers.items()) if isinstance(headers, Mapping) else list(headers)
        names = {name.lower() for name, _ in pairs}
        if "host" not in names:
            pairs.insert(0, ("Host", f"127.0.0.1:{self.port}"))
        if body and not names & {"content-length", "transfer-encoding"}:
            pairs.append(("Content-Length", str(len(body))))
        if "connection" not in names:
            pairs.append(("Connection", "close"))
        head = "".join(f"{name}: {value}\r\n" for name, value in pairs)
        data = f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("utf-8", "surrogateescape") + body
        return await self.talk(data, whole=whole)

    async def talk(self, data: bytes, *, whole: bool = True) -> Answer:
        """Send bytes, and read until the connection is closed, or one answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(data)
            async with asyncio.timeout(PATIENCE):
                return _read(await (_all(reader) if whole else _one(reader)))
        finally:
            writer.close()

    async def signed(
        self,
        body: bytes,
        *,
        secret: str = "",
        path: str = "/slack/events",
        late: float = 0.0,
        form: bool = False,
        change: Callable[[dict[str, str]], Headers] = dict,
        sent: bytes | None = None,
    ) -> Answer:
        """Post what Slack would sign; `change` the headers, or have something else `sent`."""
        stamp = str(int(SystemClock().now().timestamp() - late))
        base = b"v0:%s:%s" % (stamp.encode(), body)
        made = hmac.new((secret or self.slack.signing_secret).encode(), base, hashlib.sha256)
        headers = {
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={made.hexdigest()}",
            "Content-Type": "application/x-www-form-urlencoded" if form else "application/json",
        }
        return await self.raw("POST", path, change(headers), body if sent is None else sent)

    async def connected(self) -> None:
        """Wait until both accounts of Slack, and Telegram, take in what is posted."""
        ready = b'{"event": {"type": "nothing"}}'  # what is no event is answered without a look
        for path, secret in (("/slack/events", ""), ("/second/events", SECOND_SECRET)):
            async with asyncio.timeout(PATIENCE):
                while (await self.signed(ready, secret=secret, path=path)).status != 200:
                    continue  # it is asked anew over the loop, which goes on connecting
        await self.telegram.until(lambda: self.telegram.updates.webhook)

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[aiohttp.ClientSession]:
        """Open the page in a browser, so that it has its cookie."""
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(self.origin, cookie_jar=jar) as session:
            async with session.post("/api/session", headers=self.gateway.headers) as answer:
                assert answer.status == 204
            yield session


async def _all(reader: asyncio.StreamReader) -> bytes:
    found = b""
    try:
        while piece := await reader.read(65536):
            found += piece
    except ConnectionError:
        pass  # it was cut; what came before counts
    return found


async def _one(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    found = re.search(rb"Content-Length: (\d+)", head)
    return head + await reader.readexactly(int(found[1]) if found else 0)


def _read(raw: bytes) -> Answer:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines if ": " in line)
    status = int(first.split()[1]) if first.startswith("HTTP/") else 0
    return Answer(status=status, headers=headers, body=body, raw=raw)


@asynccontextmanager
async def house(folder: Path, more: str = "") -> AsyncIterator[House]:
    """Start it."""
    built: list[web.Application] = []

    def build(parts: http.HttpParts) -> web.Application:
        built.append(made := _build(parts))
        return made

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(http, "build_app", build)
        # Who posts here is no Slack: nothing comes again by itself, and nothing hurries.
        patched.setattr(people, "PATIENCE", PATIENCE)
        async with (
            TelegramSimulator(scale=20, privacy=False) as telegram,
            SlackSimulator(scale=20, mode="http") as slack,
            running_gateway(_text(telegram, slack) + more, folder) as gateway,
        ):
            yield House(gateway=gateway, app=built[0], telegram=telegram, slack=slack)


_build = http.build_app


def _text(telegram: TelegramSimulator, slack: SlackSimulator) -> str:
    second = slack.config().replace("slack:", "second:\n    type: slack", 1)
    second = second.replace(slack.signing_secret, SECOND_SECRET)
    return f"""{MODELS}
platforms:
  web: {{enabled: true}}
{telegram.config(mode="webhook")}    webhook_secret: {WEBHOOK_SECRET}
    public_url: https://bot.example.org
{slack.config()}{second}
access: {{public: true}}
budgets: {{total: {{daily: 5}}, unpriced: 0}}
defaults: {{introduce: false}}
http:
  port: 0
  token: {TOKEN}
  keys: {{ci: {{token: {KEY}}}}}
"""
