"""Discord's REST API through discord.py's client: one account's address, errors of ours.

Decides nothing about messages. It never sleeps on a rate limit: whoever calls is told how long,
so that one chat waits and the others go on. The session is open while somebody needs it.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final, Self

import aiohttp
import discord
import msgspec
from discord.gateway import DiscordClientWebSocketResponse
from discord.http import HTTPClient, Ratelimit, Route
from discord.utils import MISSING
from typing_extensions import override

from adapters.bounded import Bounded, Closing, staying
from adapters.chat.discord.account import Calls
from adapters.chat.discord.failures import TOO_MANY, failure, limit_of
from adapters.chat.discord.render import Body
from core.errors import ChatAway, ChatBusy, ChatError, ChatUnknown

# The library's own lines quote addresses, and those of interactions hold what answers them.
logging.getLogger("discord").setLevel(logging.ERROR)

SECONDS: Final = 15.0
"""How long a call may take, with what the library repeats by itself (500, 502, 504)."""


_JSON: Final = "application/json"
_FAILED: Final = (
    *(discord.DiscordException, aiohttp.ClientError, OSError, ValueError),
    RecursionError,  # an answer that is too deep
)
_APART: Final = ("/interactions/", "/webhooks/")
"""Calls to which the limit of the whole account does not apply."""


class Answer(Bounded):
    """An answer as the library reads it.

    It takes "application/json" and no other spelling for JSON, and would read more out of a 429
    than every server tells, so it is given those as they are, for us to read.
    """

    @property
    @override
    def headers(self) -> Any:
        told = self._headers.copy()
        if self.status == TOO_MANY:
            told["Content-Type"] = "text/plain"
        elif self.content_type == _JSON:
            told["Content-Type"] = _JSON
        return told


class Wire(Closing, DiscordClientWebSocketResponse):
    """The gateway's socket, which the library itself closes before it says that it is lost."""


class Bucket(Ratelimit):
    """One rate limit, as Discord tells it: who comes too early is refused, not kept waiting."""

    @override
    async def __aenter__(self) -> Self:
        now = asyncio.get_running_loop().time()
        self._last_request = now
        if self.expires is not None and now >= self.expires:
            self.remaining, self.expires = self.limit - self.outgoing, None
        if self.remaining <= 0 and self.expires is not None:
            raise discord.RateLimited(self.expires - now)
        self.remaining -= 1
        self.outgoing += 1
        return self

    @override
    def update(self, response: aiohttp.ClientResponse, *, use_clock: bool = False) -> None:
        try:
            super().update(response, use_clock=use_clock)
        except (LookupError, ValueError, ArithmeticError, OSError):
            self.expires = None  # a limit that does not say when it ends holds nobody back

    @override
    async def __aexit__(self, _kind: object, error: object, _trace: object) -> None:
        self.outgoing -= 1
        wait = None
        if isinstance(error, discord.RateLimited):
            wait = error.retry_after
        elif isinstance(error, discord.HTTPException) and error.status == TOO_MANY:
            wait = limit_of(error).seconds
        if wait is not None:
            self.remaining = 0
            self.expires = asyncio.get_running_loop().time() + wait


class Rest(HTTPClient):
    """The calls of one account.

    The library keeps its address in a global (`Route.BASE`); here each call's is written anew, so
    that two accounts of one process may have different ones.
    """

    def __init__(self, token: str, base: str) -> None:
        """Make it; nothing is opened yet."""
        super().__init__(MISSING)  # the running loop is asked for where it is needed
        self.token = token
        self._base = base.rstrip("/")
        self._users = 0
        self._held = 0.0  # until then the account may call nothing
        self._calls = Calls()

    @property
    def elsewhere(self) -> bool:
        """Whether this is a server of somebody else's, to whose gateway alone the token may go."""
        return self._base != Route.BASE

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Keep the session open; it closes with the last who needs it."""
        self._users += 1
        if self._users == 1:
            self._open()
        try:
            yield
        finally:
            self._users -= 1
            if not self._users:
                await self.close()

    def _open(self) -> None:
        self._global_over = asyncio.Event()
        self._global_over.set()
        session = aiohttp.ClientSession(
            response_class=Answer,
            ws_response_class=Wire,
            trace_configs=[staying()],
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        # What `static_login` does, without asking who we are: messages may go out before.
        self._HTTPClient__session = session

    @override
    def get_ratelimit(self, key: str) -> Ratelimit:
        bucket = self._buckets.get(key)
        if bucket is None:
            self._buckets[key] = bucket = Bucket(None)
            self._try_clear_expired_ratelimits()
        return bucket

    @override
    async def request(self, route: Route, **kwargs: Any) -> Any:
        if route.url.startswith(Route.BASE):
            route.url = self._base + route.url.removeprefix(Route.BASE)
        loop = asyncio.get_running_loop()
        if not route.path.startswith(_APART):
            self._take(loop.time())
        try:
            async with self.opened():
                return await super().request(route, **kwargs)
        except discord.HTTPException as error:
            if error.status == TOO_MANY and limit_of(error).everywhere:
                self._held = loop.time() + limit_of(error).seconds
            raise

    def _take(self, now: float) -> None:
        """Count a call; who comes too early is refused here, and Discord is not asked.

        Raises:
            discord.RateLimited: the account has to wait.
        """
        wait = max(self._held - now, self._calls.wait(now))
        if wait > 0:
            raise discord.RateLimited(wait)
        self._calls.make(now)

    async def sign(self, route: Route) -> None:
        """Make a call that may as well be left out, if there is room beside what has to be said.

        Raises:
            ChatError: as `failures` says.
        """
        if self._calls.spare(asyncio.get_running_loop().time()):
            await self.call(route)

    async def call(
        self,
        route: Route,
        body: Body | None = None,
        *,
        params: Mapping[str, str | int] | None = None,
        json: object = None,
        patience: float = 0.0,
    ) -> object:
        """Make one call; `patience` is how many seconds of rate limit are waited for here.

        Raises:
            ChatError: as `failures` says.
        """
        kwargs: dict[str, Any] = {} if params is None else {"params": dict(params)}
        if body is not None and body.file is None:
            kwargs["json"] = body.json
        elif json is not None:
            kwargs["json"] = json
        while True:
            try:
                async with asyncio.timeout(SECONDS):
                    return await self.request(route, **kwargs, **_form(body))
            except _FAILED as error:
                met = _met(error, route)
            if not isinstance(met, ChatBusy) or met.retry_after > patience:
                raise met
            patience -= met.retry_after
            await asyncio.sleep(met.retry_after)


def _met(error: Exception, route: Route) -> ChatError:
    """Give the failure of a call; where nothing was to be done, nothing was perhaps done."""
    met = failure(error)
    reads = isinstance(met, ChatUnknown) and route.method == "GET"
    return ChatAway(str(met)) if reads else met


def _form(body: Body | None) -> dict[str, Any]:
    """Give a file its form; it is made anew for every attempt, for sending uses it up."""
    if body is None or body.file is None:
        return {}
    file = discord.File(io.BytesIO(body.file.data), filename=body.file.name)
    payload = msgspec.json.encode(body.json).decode()
    form = [
        {"name": "payload_json", "value": payload, "content_type": _JSON},
        {
            "name": "files[0]",
            "value": file.fp,
            "filename": file.filename,
            "content_type": "application/octet-stream",
        },
    ]
    return {"files": [file], "form": form}
