"""Files that came with Slack messages, as a stream of bytes.

Decides what an answer means. They come from where `hosts` lets them come from, for the bot's token
goes with the request; no redirect is followed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial

import aiohttp

from adapters.chat.slack.client import Api
from adapters.chat.slack.hosts import allowed
from adapters.fetched import PAUSE, pieces
from core.errors import ChatAway, ChatBusy, ChatError, FileUnread, MessageGone
from core.texts import files as texts
from core.types import Attachment


def handle(ident: str, url: str | None) -> str:
    """Write down what finds a file: its id, and its address where Slack told it."""
    return f"{ident} {url or ''}".strip()


@asynccontextmanager
async def fetched(file: Attachment, api: Api, api_base: str) -> AsyncIterator[AsyncIterator[bytes]]:
    """Open a file and give its bytes as they come; its length is what comes.

    Raises:
        FileUnread: it cannot be had. ChatAway, ChatBusy: not now.
    """
    url = allowed(await _address(file, api), api_base)
    if url is None:
        raise FileUnread(texts.ELSEWHERE)
    headers = {"Authorization": f"Bearer {api.web.token}"}
    require = partial(_require, media_type=file.media_type)
    async with pieces(url, require, headers=headers, trust_env=True) as found:
        yield found


async def _address(file: Attachment, api: Api) -> str:
    """Give a file's address; of one that was shared from elsewhere it has to be asked for."""
    ident, _, url = file.ref.partition(" ")
    if "://" in ident:  # as it was written down until files were read
        return ident
    if url:
        return url
    try:
        answer = await api.ask(api.web.files_info(file=ident))
    except (ChatBusy, ChatAway):
        raise
    except MessageGone:
        raise FileUnread(texts.GONE) from None
    except ChatError:
        raise FileUnread(texts.NOT_NOW) from None
    found = answer.get("file")
    given = found.get("url_private") if isinstance(found, Mapping) else None
    if not isinstance(given, str) or not given:
        raise FileUnread(texts.GONE)
    return given


def _require(response: aiohttp.ClientResponse, media_type: str) -> None:
    status = response.status
    if status == 429:
        raise ChatBusy("Slack asks to wait", retry_after=PAUSE)
    if status >= 500:
        raise ChatAway(f"a file is not given now: HTTP {status}")
    # Who may not see a file is shown a page to sign in, be it in its place or elsewhere.
    page = response.content_type == "text/html" and "html" not in media_type
    if 300 <= status < 400 or status in {401, 403} or (status == 200 and page):
        raise FileUnread(texts.NO_RIGHT)
    if status != 200:
        raise FileUnread(texts.GONE if status in {404, 410} else texts.not_given(status))
