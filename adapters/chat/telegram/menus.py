"""The menus of commands, by kind of chat. Decides which commands stand in which menu.

Menus are for convenience: whatever happens here is at most a line in the log.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Final

from telegram.error import BadRequest, InvalidToken, RetryAfter, TelegramError

from adapters.chat.telegram.account import Account
from adapters.chat.telegram.errors import waiting
from core.menu import Entry
from core.permissions import allowed

PAUSE: Final = 5.0
TRIES: Final = 4

log = logging.getLogger(__name__)


def menus() -> Mapping[str, list[dict[str, str]]]:
    """Give the commands of each scope: those that everybody there may give."""
    return {
        "all_private_chats": _menu(allowed("member")),
        "all_group_chats": _menu(allowed("member")),
        "all_chat_administrators": _menu(allowed("chat_admin")),
    }


def _menu(entries: Iterable[Entry]) -> list[dict[str, str]]:
    return [
        {"command": each.name, "description": (each.summary or each.name)[:256]} for each in entries
    ]


async def set_menus(account: Account, platform: str) -> None:
    """Set the menus that are not as they should be, if not at once then a little later."""
    for left in reversed(range(TRIES)):
        try:
            await _set(account)
        except TelegramError as error:
            if not left or isinstance(error, BadRequest | InvalidToken):
                log.warning("%s: the menu of commands is not set: %s", platform, error.message)
                return
            await asyncio.sleep(waiting(error) if isinstance(error, RetryAfter) else PAUSE)
        else:
            return


async def _set(account: Account) -> None:
    for kind, wanted in menus().items():
        scope = {"type": kind}
        if await _there(account, scope) != wanted:
            await account.call("setMyCommands", {"scope": scope, "commands": wanted})


async def _there(account: Account, scope: Mapping[str, str]) -> object:
    """Give the menu that is set; None if that is not told, so that it is set anyway."""
    with suppress(TelegramError):
        return await account.call("getMyCommands", {"scope": scope})
    return None
