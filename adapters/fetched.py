"""Files of other people, fetched as a stream of bytes: no redirect, no cookie, nothing unpacked.

Decides what an address has to be like at all, and that a fetch which breaks may be tried again.
Where a platform's files may come from, and what its answers mean, its adapter decides.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from types import MappingProxyType
from typing import Final

import aiohttp
from yarl import URL

from core.errors import ChatAway

PAUSE: Final = 2.0
"""Seconds to wait where a platform says that it is too early, and not for how long."""
_PIECE: Final = 64 * 1024
_LIMITS: Final = aiohttp.ClientTimeout(total=None, sock_connect=10.0, sock_read=20.0)
_BROKEN: Final = (aiohttp.ClientError, TimeoutError, OSError, ValueError)
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_NO_MORE: Final[Mapping[str, str]] = MappingProxyType({})


def plain(url: str) -> URL | None:
    """Read an address that has a host and a port, and no user in it.

    What is checked is what is asked: the same value, not the same text read twice.
    """
    try:
        there = URL(url)
        there.port  # noqa: B018 - it is read only here, and so is the host
        named = bool(there.host)
    except ValueError:
        return None
    if there.user is not None or there.password is not None or not named:
        return None
    return there


def stands_in(there: URL, base: URL) -> bool:
    """Tell whether it is at the host of a stand-in; this machine has several names."""
    same = there.host == base.host or {there.host, base.host} <= _LOOPBACK
    return same and there.scheme in {"https", base.scheme}


@asynccontextmanager
async def pieces(
    url: URL,
    require: Callable[[aiohttp.ClientResponse], None],
    *,
    headers: Mapping[str, str] = _NO_MORE,
    trust_env: bool = False,
) -> AsyncIterator[AsyncIterator[bytes]]:
    """Open a file and give its bytes as they come; `require` raises where it is not given.

    Raises:
        ChatAway: the connection broke.
    """
    try:
        async with (
            aiohttp.ClientSession(
                trust_env=trust_env,
                timeout=_LIMITS,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            ) as session,
            session.get(
                url, allow_redirects=False, headers={"Accept-Encoding": "identity", **headers}
            ) as response,
        ):
            require(response)
            async with aclosing(_arriving(response)) as found:
                yield found
    except _BROKEN as error:
        raise _away(error) from None


async def _arriving(response: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
    """Give the bytes; whoever writes them down must not take a lost connection for a full disk."""
    try:
        async for piece in response.content.iter_chunked(_PIECE):
            yield piece
    except _BROKEN as error:
        raise _away(error) from None


def _away(error: BaseException) -> ChatAway:
    return ChatAway(f"a file did not arrive: {type(error).__name__}")
