"""The Telegram simulator as tests use it: `async with TelegramSimulator() as telegram: …`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Self

from tests.patience import PATIENCE
from tests.simulators.base import Changes, Faults, RequestLog
from tests.simulators.telegram.account import Account
from tests.simulators.telegram.editing import Editing
from tests.simulators.telegram.flood import Flood
from tests.simulators.telegram.people import People
from tests.simulators.telegram.sending import Sending
from tests.simulators.telegram.serving import Method, Server, post_updates
from tests.simulators.telegram.state import Person, Place, World
from tests.simulators.telegram.updates import Updates

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
        draft_seconds: float = 30.0,
        token: str = TOKEN,
        username: str = USERNAME,
        port: int = 0,
    ) -> None:
        self._ahead = 0.0
        bot = Person(id=token.partition(":")[0], name="MoA", username=username, bot=True)
        changes = Changes()
        world = World(bot=bot, people={int(bot.id): bot}, draft_seconds=draft_seconds)
        account = Account(world=world, updates=Updates(changes), privacy=privacy, topics=topics)
        super().__init__(account, changes, self.now, _wall, mentions_pass=mentions_pass)
        self.flood = Flood(scale=scale, enforced=strict)
        self.token = token
        self.server = Server(token, self._methods(), changes, self.now)
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

    def now(self) -> float:
        """Give the time that all times here are of: the loop's, and what was passed."""
        return asyncio.get_running_loop().time() + self._ahead

    def pass_time(self, seconds: float) -> None:
        """Go on as if so much time had passed: for limits, flood waits and drafts."""
        self._ahead += seconds
        self.changes.tell()

    async def until(self, true: Callable[[], object], *, seconds: float = PATIENCE) -> None:
        """Wait until something is so.

        Raises:
            TimeoutError: it never was.
        """
        await self.changes.until(true, seconds=seconds)

    def drop_connections(self) -> None:
        """Cut every connection at once."""
        self.server.drop_connections()

    async def go_away(self) -> None:
        """Take no connection until `come_back`; nothing is forgotten."""
        await self.server.go_away()

    async def come_back(self) -> None:
        await self.server.come_back()

    def revoke(self) -> None:
        """Make the bot's token worthless, as its owner can."""
        self.server.token = ""
        self.updates.end_poll()

    def flood_wait(self, place: Place, seconds: float) -> None:
        """Refuse whatever the bot writes in a chat for so long, with 429."""
        self.flood.hold(self.chat(place), self.now() + seconds)

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
        world, flood = self.world, self.flood
        sending = Sending(world=world, flood=flood, now=self.now, wall=_wall)
        editing = Editing(world=world, flood=flood, now=self.now, wall=_wall)
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
            "sendMessage": sending.send_message,
            "sendDocument": sending.send_document,
            "sendMessageDraft": sending.send_message_draft,
            "editMessageText": editing.edit_message_text,
            "editMessageCaption": editing.edit_message_caption,
            "editMessageReplyMarkup": editing.edit_message_reply_markup,
            "deleteMessage": editing.delete_message,
            "deleteMessages": editing.delete_messages,
            "sendChatAction": editing.send_chat_action,
            "setMessageReaction": editing.set_message_reaction,
        }


def _wall() -> int:
    return int(datetime.now(UTC).timestamp())  # noqa: TID251 - people's dates, not the program's
