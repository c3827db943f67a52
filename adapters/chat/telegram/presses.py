"""Answers to presses. Telegram lets a press be answered once, soon, and to its presser alone.

Decides how long the answer waits for words of the gateway (`HOLD_SECONDS`): they can only come
with it. After that the press is answered without any, so that its button stops spinning.
"""

from __future__ import annotations

import asyncio
from typing import Final

from telegram.error import RetryAfter, TelegramError

from adapters.chat.telegram.account import Account
from adapters.chat.telegram.errors import chat_error
from core.markup import strip, utf16

HOLD_SECONDS: Final = 1.2
MOST: Final = 200
"""Characters that an answer holds."""
ALERT_FROM: Final = 60
"""Characters from which on it is shown until it is closed, not just for a moment."""


class Presses:
    """The presses that are not answered yet."""

    def __init__(self, account: Account) -> None:
        """Answer with this account."""
        self._account = account
        self._held: dict[str, asyncio.Event] = {}

    def hold(self, handle: str) -> None:
        """Let a press wait for words, before the gateway hears of it; `settle` has to follow."""
        self._held[handle] = asyncio.Event()

    def release(self, handle: str) -> None:
        """Forget a press that will come again."""
        self._held.pop(handle, None)

    async def settle(self, handle: str, text: str = "", *, wait: bool = False) -> None:
        """Answer a press, unless it is answered; `wait`: words for it may come soon."""
        told = self._held.get(handle) or asyncio.Event()
        if wait:
            try:
                async with asyncio.timeout(HOLD_SECONDS):
                    await told.wait()
            except TimeoutError:
                pass
        self._held.pop(handle, None)
        if told.is_set():
            return
        try:
            await self._answer(handle, text)
        except TelegramError:
            return  # too late: the button has stopped by itself

    async def tell(self, handle: str, text: str) -> bool:
        """Tell the presser something; False if it cannot be told with the answer to the press.

        Raises:
            ChatBusy: it cannot be told yet.
        """
        told = self._held.get(handle)
        if told is None or told.is_set():
            return False
        told.set()
        try:
            await self._answer(handle, text)
        except RetryAfter as error:
            raise chat_error(error) from None
        except TelegramError:
            return False
        return True

    async def _answer(self, handle: str, text: str) -> None:
        text = strip(text)[:MOST]
        await self._account.call(
            "answerCallbackQuery",
            {
                "callback_query_id": handle,
                "text": text or None,
                "show_alert": utf16(text) >= ALERT_FROM or None,
            },
        )
