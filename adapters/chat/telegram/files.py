"""Files that came with Telegram messages, as a stream of bytes.

Decides where they come from: the configured `base_file_url`, below the path that getFile names,
and nowhere else. The address holds the token, so it follows no redirect and quotes no address.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
from telegram.error import BadRequest, TelegramError
from yarl import URL

from adapters.chat.telegram.account import Account
from adapters.chat.telegram.errors import chat_error, says
from adapters.fetched import PAUSE, pieces
from core.errors import ChatAway, ChatBusy, FileUnread
from core.texts import files as texts
from core.types import Attachment

LARGEST: Final = 20 * 1024 * 1024
"""Bytes that Telegram gives a bot of one file."""


@asynccontextmanager
async def fetched(file: Attachment, account: Account) -> AsyncIterator[AsyncIterator[bytes]]:
    """Open a file and give its bytes as they come; its length is what comes.

    Raises:
        FileUnread: it cannot be had. ChatAway, ChatBusy: not now.
    """
    url = address(account.base_file_url, await _path(file, account))
    async with pieces(url, _require) as found:
        yield found


async def _path(file: Attachment, account: Account) -> str:
    try:
        found = await account.call("getFile", {"file_id": file.ref})
    except TelegramError as error:
        if says(error, "too big"):
            raise FileUnread(texts.too_large(LARGEST)) from None
        if isinstance(error, BadRequest):
            raise FileUnread(texts.GONE) from None
        raise chat_error(error) from None
    path = found.get("file_path") if isinstance(found, Mapping) else None
    if not isinstance(path, str) or not path:
        raise FileUnread(texts.GONE)
    return path


def address(base: str, path: str) -> URL:
    """Give a file's address below `base`, which ends with the token.

    Raises:
        FileUnread: a Bot API server of one's own names a place on its disk, which is not read.
    """
    steps = path.split("/")
    if path.startswith("/") or "\\" in path or "://" in path or {"", ".", ".."} & {*steps}:
        raise FileUnread(texts.ELSEWHERE)
    whole = URL(base, encoded=True)
    for step in steps:
        whole /= step
    return whole


def _require(response: aiohttp.ClientResponse) -> None:
    status = response.status
    if status == 200:
        return
    if status == 429:
        raise ChatBusy("Telegram asks to wait", retry_after=PAUSE)
    if status >= 500:
        raise ChatAway(f"a file is not given now: HTTP {status}")
    raise FileUnread(texts.GONE if status in {401, 403, 404, 410} else texts.not_given(status))
