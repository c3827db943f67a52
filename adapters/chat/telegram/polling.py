"""Long polling: updates are confirmed to Telegram only when they are stored.

Decides which update is confirmed next and how long to wait after a failure. The library's own
`Updater` is not used (docs/decisions/0012): it reads a batch as a whole, so that one malformed
update would block all others for ever.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import groupby
from typing import Final, NoReturn, TypeAlias

from telegram.error import Conflict, InvalidToken, NetworkError, RetryAfter, TelegramError

from adapters.chat.telegram.account import Account, Me
from adapters.chat.telegram.errors import says, waiting
from core.crashpoints import crashpoint
from core.errors import ChatRefused, StoreError
from core.turnstile import Turnstile

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0
ALBUM_SECONDS: Final = 1.0
"""How long the parts of an album take to come; nothing is confirmed meanwhile."""
BREATH: Final = 1.0
"""Seconds that a poll takes at least if it brings nothing new: not every server holds it open."""
PER_ROUND: Final = 4
"""Updates that are read in one round of the loop: a whole batch takes as long as a hundred of them
before anything else goes on, and an answer is some thirty rounds."""
SILENCE: Final = 600.0
"""Seconds before the same cause is said again."""

Raw: TypeAlias = Mapping[str, object]
Take: TypeAlias = Callable[[Sequence[Raw]], Awaitable[None]]
"""Takes an update in, or all those of one album."""

log = logging.getLogger(__name__)


class Trouble:
    """What keeps Telegram from being reached, said once per cause and once when it is over.

    A connection that breaks once is not worth a line, and no cause is said twice in ten minutes.
    """

    def __init__(self, platform: str) -> None:
        """Begin without any."""
        self._platform = platform
        self._said: dict[type[Exception], float] = {}
        self._failures = 0
        self._told = False

    async def meet(self, error: TelegramError | StoreError) -> None:
        """Say what is wrong and wait a while, longer each time."""
        self._failures += 1
        if self._failures > 1 or not isinstance(error, NetworkError):
            self._say(error)
        pause = min(FIRST_PAUSE * 2 ** min(self._failures - 1, 10), LONGEST_PAUSE)
        await asyncio.sleep(waiting(error) if isinstance(error, RetryAfter) else pause)

    def over(self) -> None:
        """Hear that it works."""
        if self._told:
            log.info("%s: receiving again", self._platform)
        self._failures, self._told = 0, False

    def _say(self, error: TelegramError | StoreError) -> None:
        cause = NetworkError if isinstance(error, NetworkError) else type(error)
        now = asyncio.get_running_loop().time()
        if now - self._said.get(cause, -SILENCE) >= SILENCE:
            self._said[cause], self._told = now, True
            log.warning("%s: %s", self._platform, _explained(error))


def _explained(error: TelegramError | StoreError) -> str:
    if isinstance(error, StoreError):
        return f"messages cannot be stored, Telegram keeps them: {error}"
    if _hooked(error):
        return "a webhook was set for this bot by another program; it is removed, trying again"
    if isinstance(error, Conflict):
        return (
            "another program receives this bot's messages with the same token (409 Conflict);"
            " only one can: stop the other one, or make a second bot. Trying again"
        )
    if isinstance(error, RetryAfter):
        return f"Telegram asks to wait {waiting(error):.0f} s"
    return f"Telegram cannot be reached, trying again: {error.message}"


def _hooked(error: TelegramError) -> bool:
    """Say whether a webhook is in the way."""
    return isinstance(error, Conflict) and says(error, "webhook")


async def sign_in(account: Account, trouble: Trouble, *, setting: str) -> Me:
    """Learn who the bot is, however long Telegram cannot be reached.

    Raises:
        ChatRefused: the token is not accepted. `setting` says where it stands.
    """
    while True:
        try:
            return await account.who()
        except InvalidToken:
            raise ChatRefused(refusal(setting)) from None
        except TelegramError as error:
            await trouble.meet(error)


def refusal(setting: str) -> str:
    """Say what to mend when a token is not accepted."""
    return (
        f"{setting}.token: Telegram does not accept this token; copy it again from @BotFather"
        f" (/mybots, API Token), or mend {setting}.base_url"
    )


async def poll(account: Account, take: Take, trouble: Trouble, *, setting: str) -> NoReturn:
    """Receive until cancelled.

    Raises:
        ChatRefused: the token was revoked.
    """
    offset: int | None = None
    webhook = True
    while True:
        began, before = asyncio.get_running_loop().time(), offset
        try:
            updates = await _asked(account, offset, hooked=webhook)
        except TelegramError as error:
            if isinstance(error, InvalidToken) and says(error, "unauthorized"):
                raise ChatRefused(refusal(setting)) from None
            webhook = _hooked(error)
            await trouble.meet(error)
        else:
            webhook = False
            crashpoint("telegram.polled")
            offset = await _take_all(updates, take, trouble, offset)
            if offset == before:
                await asyncio.sleep(began + BREATH - asyncio.get_running_loop().time())


async def _asked(account: Account, offset: int | None, *, hooked: bool) -> Sequence[Raw]:
    if hooked:
        await account.call("deleteWebhook")
    updates = await account.updates(offset)
    if any(_album(each) for each in updates):
        await asyncio.sleep(ALBUM_SECONDS)
        return await account.updates(offset)
    return updates


async def _take_all(
    updates: Sequence[Raw], take: Take, trouble: Trouble, offset: int | None
) -> int | None:
    """Take a batch in, chat by chat in order.

    Returns:
        The first number that is not stored, which may be lower than before: after a quiet week
        numbers begin anew anywhere, and what waits is given whatever is asked for.
    """
    failed: dict[int, StoreError] = {}
    stile = Turnstile(PER_ROUND)
    async with asyncio.TaskGroup() as group:
        for each in _by_chat(updates).values():
            group.create_task(_take_in_order(each, _in_turn(take, stile), failed))
    if failed:
        await trouble.meet(next(iter(failed.values())))
        return min(failed)
    trouble.over()
    crashpoint("telegram.stored")
    numbers = [number + 1 for each in updates if (number := _number(each)) is not None]
    return max(numbers, default=offset)


def _in_turn(take: Take, stile: Turnstile) -> Take:
    """Let what else is to be done be done in between."""

    async def taken(together: Sequence[Raw]) -> None:
        await stile.passed()
        await take(together)

    return taken


async def _take_in_order(updates: Sequence[Raw], take: Take, failed: dict[int, StoreError]) -> None:
    for _, parts in groupby(updates, lambda each: _album(each) or id(each)):
        together = list(parts)
        try:
            await take(together)
        except StoreError as error:
            failed[_number(together[0]) or 0] = error
            return


def _album(update: Raw) -> str:
    """Give the name of the album that an update is a part of; empty if of none."""
    message = update.get("message")
    return str(message.get("media_group_id") or "") if isinstance(message, Mapping) else ""


def _number(update: Raw) -> int | None:
    number = update.get("update_id")
    return number if isinstance(number, int) else None


def _by_chat(updates: Sequence[Raw]) -> Mapping[object, list[Raw]]:
    chats: dict[object, list[Raw]] = defaultdict(list)
    for each in updates:
        chats[_chat(each)].append(each)
    return chats


def _chat(update: Raw) -> str:
    """Find the chat in whatever an update holds."""
    for value in update.values():
        if isinstance(value, Mapping):
            message = value.get("message", value)
            chat = message.get("chat") if isinstance(message, Mapping) else None
            if isinstance(chat, Mapping):
                return str(chat.get("id"))
    return ""
