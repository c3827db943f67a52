"""The webhook: Telegram posts updates to us, and posts those again that we do not take.

Decides what counts as Telegram's (its secret, compared in constant time) and which answer makes
an update come again: only one that could not be stored.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from typing import TYPE_CHECKING, Final, NoReturn

import msgspec
from aiohttp import web
from telegram.error import BadRequest, InvalidToken, TelegramError

from adapters.chat.telegram.account import Account
from adapters.chat.telegram.polling import Take, Trouble, refusal
from core.crashpoints import crashpoint
from core.errors import ChatRefused, StoreError

if TYPE_CHECKING:
    from adapters.chat.telegram.options import Webhook

SECRET: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
CONNECTIONS: Final = 40
UNDECODABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What bytes raise that are no JSON, or too deep to be an update: they will never be one."""

log = logging.getLogger(__name__)


class Hook:
    """Answers Telegram's posts while something takes updates in."""

    def __init__(self, platform: str, webhook: Webhook) -> None:
        """Take nothing in yet."""
        self._platform = platform
        self._webhook = webhook
        self._take: Take | None = None
        self._full = False

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Take one update in: 200 only once it is stored."""
        given = request.headers.get(SECRET, "").encode(errors="surrogateescape")
        secret = self._webhook.secret.encode()
        if not secret or not hmac.compare_digest(given, secret):
            return web.Response(status=403)
        if self._take is None:
            return web.Response(status=503)
        try:
            raw = msgspec.json.decode(await request.read(), type=dict[str, object])
        except UNDECODABLE:
            log.warning("%s: an update that is no JSON is passed over", self._platform)
            return web.Response()
        try:
            await self._take([raw])
        except StoreError as error:
            if not self._full:
                log.warning(
                    "%s: messages cannot be stored, Telegram keeps them: %s", self._platform, error
                )
            self._full = True
            return web.Response(status=503)
        self._full = False
        crashpoint("telegram.hooked")
        return web.Response()

    async def run(
        self, account: Account, take: Take, trouble: Trouble, *, setting: str
    ) -> NoReturn:
        """Tell Telegram where to post, and take in what it posts, until cancelled.

        Raises:
            ChatRefused: Telegram does not take this address or this token.
        """
        self._take = take
        try:
            while not await self._set(account, trouble, setting):
                pass
            while True:
                await asyncio.Event().wait()
        finally:
            self._take = None

    async def _set(self, account: Account, trouble: Trouble, setting: str) -> bool:
        try:
            await account.subscribe(
                "setWebhook",
                {
                    "url": self._webhook.url,
                    "secret_token": self._webhook.secret,
                    "max_connections": CONNECTIONS,
                },
            )
        except InvalidToken:
            raise ChatRefused(refusal(setting)) from None
        except BadRequest as error:
            raise ChatRefused(
                f"{setting}.public_url: Telegram does not post to it: {error.message}"
            ) from None
        except TelegramError as error:
            await trouble.meet(error)
            return False
        trouble.over()
        return True
