"""Telegram as a chat platform: the port that delivery speaks to.

Decides what runs beside what while it receives, and whether words for one person go out with the
answer to their press or as a message. Who is answered, and with what, is not decided here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Final, TypeAlias

from aiohttp import web
from typing_extensions import override

from adapters.chat.telegram.account import Account, Me
from adapters.chat.telegram.admins import Admins
from adapters.chat.telegram.client import Client
from adapters.chat.telegram.doorway import Doorway
from adapters.chat.telegram.drafts import Drafts
from adapters.chat.telegram.files import fetched
from adapters.chat.telegram.menus import set_menus
from adapters.chat.telegram.options import TelegramOptions
from adapters.chat.telegram.polling import Trouble, poll, sign_in
from adapters.chat.telegram.presses import MOST, Presses
from adapters.chat.telegram.render import render
from adapters.chat.telegram.styled import LIMIT
from adapters.chat.telegram.webhook import Hook
from core.errors import ChatError, ChatRefused
from core.frames import Frame, Notice, Part
from core.ports import Capabilities, ChatAdapter, Clock, Intake
from core.types import Added, Address, Attachment, Command, Message, Press

ROOM: Final = 160
"""UTF-16 units of a message that are left for a cursor, a name and what formatting adds."""

HookHandler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = logging.getLogger(__name__)


class TelegramChat(ChatAdapter):
    """One bot."""

    def __init__(self, options: TelegramOptions, *, clock: Clock) -> None:
        """Make it; nothing is sent or received before `run` or a first message."""
        # The library writes requests, whose address holds the token, to its log for debugging.
        logging.getLogger("telegram").setLevel(logging.WARNING)
        self._options = options
        self._clock = clock
        self._account = Account(options)
        self._client = Client(self._account)
        self._drafts = Drafts(self._account, clock)
        self._presses = Presses(self._account)
        self._admins = Admins(self._account, clock)
        self._hook = Hook(options.platform, options.webhook) if options.webhook else None
        self._names: dict[str, str] = {}

    @property
    @override
    def platform(self) -> str:
        return self._options.platform

    @property
    def hooks(self) -> Mapping[str, HookHandler]:
        """The routes that Telegram posts to."""
        return {f"/{self.platform}/webhook": self._hook.answer} if self._hook else {}

    @override
    def capabilities(self, address: Address) -> Capabilities:
        group = address.channel.startswith("-")
        return Capabilities(
            limit=LIMIT - ROOM,
            unit="utf16",
            pace=3.1 if group else 1.1,
            rate=25.0,
            preview=0.25 if self._drafts.possible(address) else None,
            advice="buttons",
            files=True,
            lasting=True,
        )

    # --- receiving -----------------------------------------------------------------------------

    @override
    async def run(self, intake: Intake) -> None:
        setting = f"platforms.{self.platform}"
        trouble = Trouble(self.platform)
        await self._account.connect()
        try:
            me = await sign_in(self._account, trouble, setting=setting)
            trouble.over()
            self._introduce(me)
            refused = await self._receive(me, intake, trouble, setting)
        finally:
            await self._account.disconnect()
        raise refused

    async def _receive(self, me: Me, intake: Intake, trouble: Trouble, setting: str) -> ChatRefused:
        """Receive until the bot is let in no more; gives why, for it must not leave in a group."""
        receive = self._hook.run if self._hook else poll
        async with asyncio.TaskGroup() as group:
            door = self._door(me, intake, group)
            aside = [
                group.create_task(self._drafts.keep()),
                group.create_task(set_menus(self._account, self.platform)),
            ]
            try:
                await receive(self._account, door.take, trouble, setting=setting)
            except ChatRefused as refused:
                for task in aside:
                    task.cancel()
                return refused

    def _door(self, me: Me, intake: Intake, group: asyncio.TaskGroup) -> Doorway:
        return Doorway(
            client=self._client,
            me=me,
            platform=self.platform,
            clock=self._clock,
            intake=intake,
            presses=self._presses,
            admins=self._admins,
            group=group,
            names=self._names,
        )

    def _introduce(self, me: Me) -> None:
        if me.reads_all:
            log.info("%s: @%s reads every message of its groups", self.platform, me.username)
            return
        (log.warning if self._options.listen_all else log.info)(
            "%s: @%s has privacy mode on: in groups it gets only commands, replies to it and mostly"
            " mentions; /ask@%s always works. To let it read all: @BotFather, /setprivacy, Disable,"
            " then remove it from each group and add it again",
            self.platform,
            me.username,
            me.username,
        )

    # --- sending -------------------------------------------------------------------------------

    @override
    async def acknowledge(self, message: Message) -> None:
        await self._client.acknowledge(message)

    @override
    def fetch(self, file: Attachment) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        return fetched(file, self._account)

    @override
    async def post(
        self, address: Address, frame: Frame, *, delivery_id: str, reply_to: str | None = None
    ) -> str:
        await self._drafts.taken(address, ended=isinstance(frame.content, Part))
        return await self._client.post(address, frame, reply_to=reply_to, name=self._name(frame))

    @override
    async def preview(self, address: Address, frame: Frame, *, delivery_id: str) -> bool:
        return await self._drafts.show(
            address,
            render(frame, cursor=False),
            delivery_id=delivery_id,
            stoppable=any(button.action == "stop" for button in frame.buttons),
        )

    @override
    async def edit(
        self, address: Address, message_id: str, frame: Frame, *, delivery_id: str = ""
    ) -> None:
        await self._client.edit(address, message_id, frame, name=self._name(frame))

    @override
    async def delete(self, address: Address, message_id: str) -> None:
        await self._client.delete(address, message_id)

    @override
    async def present(self, added: Added, people: Collection[str]) -> bool:
        return await self._client.present(added.address.channel, people)

    @override
    async def leave(self, added: Added) -> None:
        await self._client.leave(added.address.channel)

    @override
    async def whisper(self, to: Command | Press, frame: Frame) -> None:
        """Answer a press with a passing note if it is short and in time, else with a message.

        Raises:
            ChatError: it did not work, or it is for one person alone and too late for that.
        """
        if isinstance(to, Press) and isinstance(frame.content, Notice) and not frame.buttons:
            private = to.action == "info" and not to.direct
            text = frame.content.text
            if (private or len(text) <= MOST) and await self._presses.tell(to.handle, text):
                return
            if private:
                raise ChatError("Telegram takes words for one person only within seconds")
        await self._drafts.taken(to.address, ended=False)
        await self._client.post(to.address, frame, reply_to=to.reply_to)

    @override
    async def hand(self, to: Command | Press, frame: Frame) -> bool:
        """See the port; Telegram lets a bot write in private only to those who wrote first."""
        if to.direct:
            await self._client.post(to.address, frame, reply_to=to.reply_to)
            return False
        private = Address(platform=self.platform, channel=to.author.id)
        await self._client.post(private, frame, reply_to=None)
        return True

    def _name(self, frame: Frame) -> str:
        return self._names.get(frame.mention or "", "")
