"""Files that came with Discord messages, as a stream of bytes.

Decides where they may come from: Discord's own hosts, or the host of the configured `api_base`
where that is not Discord. It needs no token and sends none; it follows no redirect.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
from yarl import URL

from core.errors import ChatAway, ChatBusy, FileUnread
from core.texts import files as texts
from core.types import Attachment

HOSTS: Final = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
_OURS: Final = frozenset({"discord.com", "canary.discord.com", "ptb.discord.com"})
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_PIECE: Final = 64 * 1024
_LIMITS: Final = aiohttp.ClientTimeout(total=None, sock_connect=10.0, sock_read=20.0)
_PAUSE: Final = 2.0


def allowed(url: str, api_base: str) -> URL | None:
    """Give the address if a file may be fetched there.

    What is checked is what is asked: the same value, not the same text read twice.
    """
    base = URL(api_base)
    try:
        there = URL(url)
        port = there.port
    except ValueError:
        return None
    if there.user is not None or there.password is not None or not there.host:
        return None
    if there.host in HOSTS:
        return there if (there.scheme, port) == ("https", 443) else None
    standing_in = base.host not in _OURS and _same(there.host, base.host)
    return there if standing_in and there.scheme in {"https", base.scheme} else None


def _same(host: str, base: str | None) -> bool:
    """Tell whether two hosts are one; this machine has several names."""
    return host == base or {host, base} <= _LOOPBACK


@asynccontextmanager
async def fetched(file: Attachment, api_base: str) -> AsyncIterator[AsyncIterator[bytes]]:
    """Open a file and give its bytes as they come; its length is what comes.

    Raises:
        FileUnread: it cannot be had. ChatAway, ChatBusy: not now.
    """
    url = allowed(file.ref, api_base)
    if url is None:
        raise FileUnread(texts.ELSEWHERE)
    try:
        async with (
            aiohttp.ClientSession(
                timeout=_LIMITS, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
            ) as session,
            session.get(
                url, allow_redirects=False, headers={"Accept-Encoding": "identity"}
            ) as response,
        ):
            _require(response)
            yield response.content.iter_chunked(_PIECE)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise ChatAway(f"a file did not arrive: {type(error).__name__}") from None


def _require(response: aiohttp.ClientResponse) -> None:
    status = response.status
    if status == 200:
        return
    if status == 429:
        raise ChatBusy("Discord asks to wait", retry_after=_PAUSE)
    if status >= 500:
        raise ChatAway(f"a file is not given now: HTTP {status}")
    # Discord signs addresses for about a day: an old one is refused as if the file were not there.
    raise FileUnread(texts.GONE if status in {403, 404, 410} else texts.not_given(status))
