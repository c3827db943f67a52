"""The HTTP over which a tool server elsewhere is reached.

Decides what is sent with every request, how much of an answer is read, and what of a refusal is
remembered for the operator. It follows no redirect to another place.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

import httpx2
from typing_extensions import override

from adapters.tools.child import LONGEST_MESSAGE
from adapters.tools.link import Options

HELD_OPEN = 300.0
"""Seconds of silence after which a stream of the server's is let go of."""
_SESSION: Final = "mcp-session-id"


class Refusals:
    """The last status with which the server refused something."""

    def __init__(self) -> None:
        self.status = 0

    async def note(self, response: httpx2.Response) -> None:
        """Remember it; a redirect is one, too, for it is not followed elsewhere."""
        if response.status_code >= 300:
            self.status = response.status_code
        if await _has_forgotten(response):
            # What the library understands. It takes an error in the body for one of the call's.
            response.status_code = 404
            response.headers["content-type"] = "text/plain"


async def _has_forgotten(response: httpx2.Response) -> bool:
    """Tell whether the server does not know the session (any more): a new one is to be opened.

    404 says so by the protocol. Many servers say 400, as an example of its authors once did.
    """
    if _SESSION not in response.request.headers:
        return False
    if response.status_code != 400:
        return response.status_code == 404
    with suppress(httpx2.HTTPError, httpx2.StreamError):
        return b"session" in (await response.aread()).lower()
    return False


def http_client(options: Options, refusals: Refusals) -> httpx2.AsyncClient:
    """Make the HTTP client of one connection."""
    read = max(HELD_OPEN, 2 * options.timeout)
    return httpx2.AsyncClient(
        headers={"Accept-Encoding": "identity", **options.headers},
        timeout=httpx2.Timeout(options.connect, read=read),
        transport=_Capped(),
        event_hooks={"response": [refusals.note]},
        trust_env=False,  # as for models: what is configured is used, and nothing beside it
    )


class _Capped(httpx2.AsyncHTTPTransport):
    """Reads no more of an answer than a message may have; the library looks after streams.

    What is packed although nobody asked for it is not unpacked: its length says nothing.
    """

    @override
    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await super().handle_async_request(request)
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            await response.aclose()
            raise httpx2.RemoteProtocolError("a packed answer", request=request)
        kind = response.headers.get("content-type", "").lower()
        if not kind.startswith("text/event-stream"):
            response.stream = _Cut(response.stream)
        return response


class _Cut(httpx2.AsyncByteStream):
    def __init__(self, whole: object) -> None:
        if not isinstance(whole, httpx2.AsyncByteStream):
            raise TypeError("an answer that cannot be read piece by piece")
        self._whole = whole

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for piece in self._whole:
            read += len(piece)
            if read > LONGEST_MESSAGE:
                raise httpx2.StreamError(f"longer than {LONGEST_MESSAGE // 1024 // 1024} MB")
            yield piece

    @override
    async def aclose(self) -> None:
        await self._whole.aclose()
