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

from adapters.fetched import PAUSE, pieces, plain, stands_in
from core.errors import ChatAway, ChatBusy, FileUnread
from core.texts import files as texts
from core.types import Attachment

HOSTS: Final = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
_OURS: Final = frozenset({"discord.com", "canary.discord.com", "ptb.discord.com"})


def allowed(url: str, api_base: str) -> URL | None:
    """Give the address if a file may be fetched there."""
    there, base = plain(url), URL(api_base)
    if there is None:
        return None
    if there.host in HOSTS:
        return there if (there.scheme, there.port) == ("https", 443) else None
    return there if base.host not in _OURS and stands_in(there, base) else None


@asynccontextmanager
async def fetched(file: Attachment, api_base: str) -> AsyncIterator[AsyncIterator[bytes]]:
    """Open a file and give its bytes as they come; its length is what comes.

    Raises:
        FileUnread: it cannot be had. ChatAway, ChatBusy: not now.
    """
    url = allowed(file.ref, api_base)
    if url is None:
        raise FileUnread(texts.ELSEWHERE)
    async with pieces(url, _require) as found:
        yield found


def _require(response: aiohttp.ClientResponse) -> None:
    status = response.status
    if status == 200:
        return
    if status == 429:
        raise ChatBusy("Discord asks to wait", retry_after=PAUSE)
    if status >= 500:
        raise ChatAway(f"a file is not given now: HTTP {status}")
    # Discord signs addresses for about a day: an old one is refused as if the file were not there.
    raise FileUnread(texts.GONE if status in {403, 404, 410} else texts.not_given(status))
