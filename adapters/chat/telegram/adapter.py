"""Telegram as a chat platform: the port that delivery speaks to.

Decides which call shows a frame, and what is tried instead where a chat has moved, a topic is gone
or formatting is refused. Who is answered, when and with what is not decided here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias

from aiohttp import web
from telegram import InputFile
from telegram.error import ChatMigrated, TelegramError
from typing_extensions import override

from adapters.chat.telegram.account import Account, Me
from adapters.chat.telegram.admins import Admins
from adapters.chat.telegram.doorway import Doorway
from adapters.chat.telegram.drafts import Drafts
from adapters.chat.telegram.errors import chat_error, misformed, says, unchanged
from adapters.chat.telegram.menus import set_menus
from adapters.chat.telegram.options import TelegramOptions
from adapters.chat.telegram.polling import Trouble, poll, sign_in
from adapters.chat.telegram.presses import MOST, Presses
from adapters.chat.telegram.render import render
from adapters.chat.telegram.styled import LIMIT
from adapters.chat.telegram.webhook import Hook
from core.errors import ChatError, ChatRefused, MessageGone
from core.frames import File, Frame, Notice, Part
from core.ports import Capabilities, ChatAdapter, Clock, Intake
from core.types import Address, Command, Message, Press

ROOM: Final = 160
"""UTF-16 units of a message that are left for a cursor, a name and what formatting adds."""
SEEN: Final = "👀"  # one of the few reactions that bots may use
_TRIES: Final = 4

Values: TypeAlias = dict[str, object]
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
        self._drafts = Drafts(self._account, clock)
        self._presses = Presses(self._account)
        self._admins = Admins(self._account, clock)
        self._hook = Hook(options.platform, options.webhook) if options.webhook else None
        self._moved: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._shy: set[str] = set()  # chats that take no reactions

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
        )

    # --- receiving -----------------------------------------------------------------------------

    @override
    async def run(self, intake: Intake) -> None:
        refused: ChatRefused | None = None
        setting = f"platforms.{self.platform}"
        trouble = Trouble(self.platform)
        try:
            me = await sign_in(self._account, trouble, setting=setting)
            trouble.over()
            async with asyncio.TaskGroup() as group:
                door = self._door(me, intake, group)
                aside = [
                    group.create_task(self._drafts.keep()),
                    group.create_task(set_menus(self._account, self.platform)),
                ]
                self._introduce(me)
                try:
                    await (self._hook.run if self._hook else poll)(
                        self._account, door.take, trouble, setting=setting
                    )
                except ChatRefused as error:  # must not leave as a group of errors
                    refused = error
                    for task in aside:
                        task.cancel()
        finally:
            await self._account.disconnect()
        if refused is not None:
            raise refused

    def _door(self, me: Me, intake: Intake, aside: asyncio.TaskGroup) -> Doorway:
        return Doorway(
            account=self._account,
            me=me,
            platform=self.platform,
            clock=self._clock,
            intake=intake,
            presses=self._presses,
            admins=self._admins,
            aside=aside,
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
        chat = self._chat(message.address)
        try:
            if message.message_id and chat not in self._shy:
                await self._react(chat, message.message_id)
            await self._account.call(
                "sendChatAction",
                {
                    "chat_id": chat,
                    "message_thread_id": message.address.thread,
                    "action": "typing",
                },
            )
        except TelegramError as error:
            log.debug("%s: not acknowledged: %s", self.platform, error.message)

    async def _react(self, chat: str, message_id: str) -> None:
        reaction = [{"type": "emoji", "emoji": SEEN}]
        try:
            await self._account.call(
                "setMessageReaction",
                {"chat_id": chat, "message_id": _number(message_id), "reaction": reaction},
            )
        except TelegramError as error:
            if not says(error, "reaction"):
                raise
            self._shy.add(chat)

    @override
    async def post(
        self, address: Address, frame: Frame, *, delivery_id: str, reply_to: str | None = None
    ) -> str:
        return await self._post(address, frame, reply_to, ended=isinstance(frame.content, Part))

    async def _post(
        self, address: Address, frame: Frame, reply_to: str | None, *, ended: bool = False
    ) -> str:
        """Post a frame; `ended`: it takes the place of what was being written.

        Raises:
            ChatError: as `post` says.
        """
        await self._drafts.taken(address, ended=ended)
        values: Values = {
            "message_thread_id": address.thread,
            "disable_notification": None if frame.notify else True,
        }
        if reply_to is not None and reply_to.isdecimal():
            values["reply_parameters"] = {
                "message_id": int(reply_to),
                "allow_sending_without_reply": True,
            }
        if isinstance(frame.content, File):
            file = InputFile(frame.content.text.encode(), filename=frame.content.name)
            return await self._send(address, "sendDocument", values | {"document": file})
        rendered = render(frame, name=self._names.get(frame.mention or "", ""))
        return await self._send(address, "sendMessage", values | rendered.values())

    async def _send(self, address: Address, method: str, values: Values) -> str:
        """Post, and try again without what is refused.

        Raises:
            ChatError: as `post` says.
        """
        error: TelegramError | None = None
        for _ in range(_TRIES):
            try:
                return await self._account.send(method, values | {"chat_id": self._chat(address)})
            except TelegramError as met:
                error = met
                if not self._mended(address, values, met):
                    break
        assert error is not None  # noqa: S101 - the loop ran
        raise chat_error(error, posting=True) from None

    def _mended(self, address: Address, values: Values, error: TelegramError) -> bool:
        """Change what was refused, if something else can be sent in its place."""
        if isinstance(error, ChatMigrated):
            self._moved[address.channel] = str(error.new_chat_id)
        elif misformed(error) and values.get("entities"):
            values["entities"] = None
        elif says(error, "thread not found") and values.get("message_thread_id"):
            if address.channel.startswith("-"):
                return False  # what was said in a topic does not belong into the whole group
            values["message_thread_id"] = None
        else:
            return False
        return True

    @override
    async def preview(self, address: Address, frame: Frame, *, delivery_id: str) -> bool:
        return await self._drafts.show(
            address,
            render(frame, cursor=False),
            delivery_id=delivery_id,
            stoppable=any(button.action == "stop" for button in frame.buttons),
        )

    @override
    async def edit(self, address: Address, message_id: str, frame: Frame) -> None:
        if isinstance(frame.content, File):
            return  # a file stands as it was posted
        rendered = render(frame, name=self._names.get(frame.mention or "", ""))
        values: Values = {"message_id": _number(message_id), **rendered.values()}
        for _ in range(_TRIES):
            try:
                await self._account.call(
                    "editMessageText", values | {"chat_id": self._chat(address)}
                )
            except TelegramError as error:
                if unchanged(error):
                    return
                if not self._mended(address, values, error):
                    raise chat_error(error) from None
            else:
                return

    @override
    async def delete(self, address: Address, message_id: str) -> None:
        try:
            await self._account.call(
                "deleteMessage",
                {"chat_id": self._chat(address), "message_id": _number(message_id)},
            )
        except TelegramError as error:
            if not says(error, "message to delete not found", "message_id_invalid"):
                raise chat_error(error) from None

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
        await self._post(to.address, frame, to.reply_to)

    def _chat(self, address: Address) -> str:
        channel = address.channel
        while channel in self._moved:
            channel = self._moved[channel]
        return channel


def _number(message_id: str) -> int:
    """Read a message's id.

    Raises:
        MessageGone: it is none of Telegram's.
    """
    if not message_id.isdecimal():
        raise MessageGone("no message of Telegram has this id")
    return int(message_id)
