"""The Telegram simulator as tests use it: `async with TelegramSimulator() as telegram: …`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Self

from tests.simulators.base import PATIENCE, Changes, Faults, RequestLog
from tests.simulators.telegram.account import Account
from tests.simulators.telegram.flood import Flood
from tests.simulators.telegram.people import People
from tests.simulators.telegram.serving import Method, Server, post_updates
from tests.simulators.telegram.state import Person, World
from tests.simulators.telegram.updates import Updates
from tests.simulators.telegram.writing import Writing

TOKEN = "7000000001:AAF-simulated_token_of_nobody_00000"
USERNAME = "moa_simulated_bot"


class TelegramSimulator(People):
    """A Bot API server on loopback, and the people who talk to its one bot.

    `strict` enforces the flood limits, `scale` divides their periods. `privacy` is the bot's
    privacy mode; with it on, `mentions_pass` says whether a mention reaches the bot. `topics`:
    private chats may have some. Sources: core.telegram.org/bots/api, facts/platforms.md §4.
    """

    def __init__(
        self,
        *,
        strict: bool = True,
        scale: float = 1.0,
        privacy: bool = True,
        mentions_pass: bool = True,
        topics: bool = False,
        token: str = TOKEN,
        username: str = USERNAME,
        port: int = 0,
    ) -> None:
        bot = Person(id=token.partition(":")[0], name="MoA", username=username, bot=True)
        changes = Changes()
        world = World(bot=bot)
        self.updates = Updates(changes)
        self.account = Account(world=world, updates=self.updates, privacy=privacy, topics=topics)
        super().__init__(self.account, changes, _now, _wall, mentions_pass=mentions_pass)
        self.flood = Flood(scale=scale, enforced=strict)
        self.token = token
        self.server = Server(token, self._methods(), changes)
        self._port = port
        self._tasks = asyncio.TaskGroup()

    @property
    def requests(self) -> RequestLog:
        return self.server.requests

    @property
    def faults(self) -> Faults:
        return self.server.faults

    @property
    def base_url(self) -> str:
        return f"{self.server.url}/bot"

    @property
    def base_file_url(self) -> str:
        return f"{self.server.url}/file/bot"

    def config(self, *, mode: str = "polling") -> str:
        """Give this platform's block, to stand under `platforms:`."""
        return (
            "  telegram:\n"
            f'    token: "{self.token}"\n'
            f"    base_url: {self.base_url}\n"
            f"    base_file_url: {self.base_file_url}\n"
            f"    mode: {mode}\n"
        )

    async def until(self, true: Callable[[], object], *, seconds: float = PATIENCE) -> None:
        """Wait until something is so.

        Raises:
            TimeoutError: it never was.
        """
        await self.changes.until(true, seconds=seconds)

    def drop_connections(self) -> None:
        """Cut every connection at once."""
        self.server.drop_connections()

    async def __aenter__(self) -> Self:
        await self.server.start(self.world, self._port)
        await self._tasks.__aenter__()
        self._poster = self._tasks.create_task(post_updates(self.updates, self.changes, _wall))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._poster.cancel()
        await self._tasks.__aexit__(None, None, None)
        await self.server.stop()

    def _methods(self) -> Mapping[str, Method]:
        account = self.account
        writing = Writing(world=self.world, flood=self.flood, now=_now, wall=_wall)
        return {
            "getMe": account.get_me,
            "getUpdates": account.get_updates,
            "setWebhook": account.set_webhook,
            "deleteWebhook": account.delete_webhook,
            "getWebhookInfo": account.get_webhook_info,
            "answerCallbackQuery": account.answer_callback_query,
            "setMyCommands": account.set_my_commands,
            "getMyCommands": account.get_my_commands,
            "deleteMyCommands": account.delete_my_commands,
            "getChat": account.get_chat,
            "getChatMember": account.get_chat_member,
            "getChatAdministrators": account.get_chat_administrators,
            "leaveChat": account.leave_chat,
            "getFile": account.get_file,
            "sendMessage": writing.send_message,
            "sendDocument": writing.send_document,
            "editMessageText": writing.edit_message_text,
            "editMessageReplyMarkup": writing.edit_message_reply_markup,
            "deleteMessage": writing.delete_message,
            "sendMessageDraft": writing.send_message_draft,
            "sendChatAction": writing.send_chat_action,
            "setMessageReaction": writing.set_message_reaction,
        }


def _now() -> float:
    return asyncio.get_running_loop().time()


def _wall() -> int:
    return int(datetime.now(UTC).timestamp())  # noqa: TID251 - people's dates, not the program's
