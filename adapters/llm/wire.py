"""HTTP to a provider: one POST, its body as it comes, and a connection that can be cut at once.

Decides how a connection is opened, read and closed, and turns what aiohttp raises into our
errors. It never looks at what is sent or answered, and never asks twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

import aiohttp

from adapters.llm import failures, waits
from core.errors import ModelBroken, ModelError, ModelRefused, ModelStalled, ModelUnreachable
from core.turnstile import my_turn
from core.types import Json

LARGEST_ERROR = 64 * 1024
DRAIN = 0.1
"""Seconds that the end of a finished body may take, so that the connection can be used again."""

COMMON = {
    "Content-Type": "application/json",
    "Accept-Encoding": "identity",  # a compressed stream comes in lumps
    "User-Agent": "moa-gateway",
    "X-MoA-Depth": "1",  # a mixture that is asked by a mixture can tell, and refuse (MOA-6)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a provider is and how it is spoken to.

    `api_key` None sends no key at all. `connect` is in seconds. `headers` win over ours;
    `extra_body` goes into every request, under the slot's own. `unquotable` is what else of the
    program's must never be quoted: whoever stands before several providers knows several keys.
    """

    base_url: str
    api_key: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    extra_body: Mapping[str, Json] = field(default_factory=dict)
    connect: float = 10.0
    unquotable: tuple[str, ...] = field(default=(), repr=False)

    def url(self, path: str) -> str:
        """Give the address of `path`; a query in `base_url` is kept (Azure's api-version).

        Raises:
            ValueError: `base_url` cannot be taken apart.
        """
        base = urlsplit(self.base_url)
        root = base.path.rstrip("/").removesuffix(path)
        return base._replace(path=root + path).geturl()

    @property
    def host(self) -> str:
        """Name the host, for people."""
        return urlsplit(self.base_url).hostname or "the provider"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be quoted."""
        password = urlsplit(self.base_url).password or ""
        return (self.api_key or "", password, *self.headers.values(), *self.unquotable)


def open_session() -> aiohttp.ClientSession:
    """Open the session that all providers share; whoever opens it closes it.

    No proxy from the environment, no cookies, no limit of its own (`limit.py` has one).
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
        trust_env=False,
    )


async def post(
    session: aiohttp.ClientSession,
    endpoint: Endpoint,
    path: str,
    *,
    body: bytes,
    headers: Mapping[str, str],
) -> aiohttp.ClientResponse:
    """Send a JSON body; give the response once its head is there.

    `headers` are the wire format's own; the endpoint's win over them.

    Raises:
        ModelStalled: no connection within `endpoint.connect` seconds.
        ModelUnreachable: no connection, or it broke.
        ModelRefused: the address cannot be one.
        ModelBroken: what answers does not speak HTTP.
    """
    await my_turn()
    try:
        return await session.post(
            endpoint.url(path),
            data=body,
            headers={**COMMON, **headers, **endpoint.headers},
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=None, connect=endpoint.connect, sock_connect=None),
        )
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise _failed(error, endpoint) from error


def _failed(error: Exception, endpoint: Endpoint) -> ModelError:
    if isinstance(error, aiohttp.ServerTimeoutError):
        text = f"No connection to {endpoint.host} within {endpoint.connect:g} s"
        return ModelStalled(text, stage="connect")
    # Before ValueError: a certificate that is not trusted is one, too.
    if isinstance(error, aiohttp.ClientConnectionError | OSError):
        connected = not isinstance(error, aiohttp.ClientConnectorError)
        return ModelUnreachable(_unreachable(error, endpoint.host), connected=connected)
    if isinstance(error, ValueError | aiohttp.NonHttpUrlClientError):
        return ModelRefused("base_url is no HTTP address, or a header is malformed")
    return ModelBroken(f"What {endpoint.host} answers is no HTTP")


def _unreachable(error: Exception, host: str) -> str:
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return f"The certificate of {host} is not trusted"
        case aiohttp.ClientConnectorDNSError():
            return f"There is no host {host}"
        case aiohttp.ClientConnectorError():
            return f"Cannot connect to {host}: {error.strerror or 'no answer'}"
        case _:
            return f"The connection to {host} broke"


async def read(response: aiohttp.ClientResponse) -> bytes:
    """Give what has arrived, waiting if nothing has; b"" at the end of the body.

    Raises:
        ModelUnreachable: the connection broke before the end.
    """
    try:
        return await response.content.readany()
    except (aiohttp.ClientError, OSError) as error:
        raise ModelUnreachable("The connection broke in mid-answer") from error


def _left(response: aiohttp.ClientResponse) -> bytes:
    """Give what arrived before the connection broke and was not read: the library holds it back."""
    return response.content._read_nowait(-1)  # noqa: SLF001 - there is no other way to it


class Reading:
    """The body of an answer, looked at every `pace` seconds once it has begun.

    Its end does not wait for that: whoever waits is woken by it.
    """

    def __init__(self, response: aiohttp.ClientResponse, pace: float) -> None:
        """Read every piece as it comes until `begun` is set."""
        self._response = response
        self._pace = pace
        self._ended = asyncio.Event()
        response.content.on_eof(self._ended.set)
        self.begun = False

    async def read(self, until: float | None = None) -> bytes:
        """Give what has arrived, b"" at the end; of a finished answer, what arrives by `until`.

        Raises:
            ModelUnreachable: the connection broke before the end.
        """
        if until is None:
            await self._lull()
            try:
                data = await read(self._response)
            except ModelUnreachable:
                data = _left(self._response)
                if not data:
                    raise
            await my_turn()
            return data
        try:
            async with asyncio.timeout_at(until):
                return await read(self._response)
        except (TimeoutError, ModelUnreachable):
            return b""

    async def _lull(self) -> None:
        """Let the answer grow."""
        if self._pace and self.begun and not self._ended.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pace):
                    await self._ended.wait()


async def refusal(response: aiohttp.ClientResponse) -> failures.Said:
    """Read the body of an error, its first part at least."""
    body = b""
    try:
        while len(body) < LARGEST_ERROR and (data := await read(response)):
            body += data
    except ModelUnreachable:
        pass  # the status has said enough
    return failures.hear(body)


def wait_of(response: aiohttp.ClientResponse) -> float | None:
    """Give the seconds that the headers ask to wait."""
    return waits.retry_after(response.headers, datetime.now(UTC))


async def drain(response: aiohttp.ClientResponse) -> None:
    """Read the little that may follow an answer's end, so that the connection can be kept."""
    try:
        async with asyncio.timeout(DRAIN):
            while await read(response):
                pass
    except (TimeoutError, ModelUnreachable):
        pass  # `cut` closes it


def cut(response: aiohttp.ClientResponse) -> None:
    """Close the connection at once, unless the body was read to its end.

    Without a goodbye: a TLS close waits for the other side, which is busy writing (MOA-11).
    """
    connection = response.connection
    if connection is not None and connection.transport is not None:
        connection.transport.abort()
    response.close()
