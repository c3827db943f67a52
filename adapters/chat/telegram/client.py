"""What is said in Telegram, call by call.

Decides which call shows a frame, and what is tried instead where a chat has moved, a topic is gone,
or a reply, formatting or a file is refused. Errors of the library end here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Mapping
from typing import Final, TypeAlias

from telegram import InputFile
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, TelegramError

from adapters.chat.telegram.account import Account
from adapters.chat.telegram.errors import chat_error, misformed, says, unchanged
from adapters.chat.telegram.render import NOTHING, code_messages, render
from core.errors import MessageGone
from core.frames import File, Frame
from core.recent import Recent
from core.types import Address, Message

SEEN: Final = "👀"  # one of the few reactions that bots may use
LONGEST_NAME: Final = 60
_TRIES: Final = 4
_REMEMBERED: Final = 2000
_UNDER_WAY: Final = 50
_ASKED: Final = 20
"""Of so many people it is asked whether they are in a group."""
_UNFIT = re.compile(r"[^\w .()+-]")

Values: TypeAlias = dict[str, object]

log = logging.getLogger(__name__)


class Client:
    """Messages of the bot. Their ids are Telegram's, with the chat before it where it moved."""

    def __init__(self, account: Account) -> None:
        """Speak with this account."""
        self._account = account
        self._moved = Recent[str, str](_REMEMBERED)
        self._begun = Recent[tuple[Address, File], int](_UNDER_WAY)
        self._shy = Recent[str, None](_REMEMBERED)  # chats that take no reactions

    async def acknowledge(self, message: Message) -> None:
        """Show that a question was seen, and that something is being done; best effort."""
        chat = self._chat(message.address)
        typing = {
            "chat_id": chat,
            "message_thread_id": message.address.thread,
            "action": "typing",
        }
        try:
            if message.message_id is not None and chat not in self._shy:
                await self._react(chat, message.message_id)
            await self._account.call("sendChatAction", typing)
        except TelegramError as error:
            log.debug("%s: not acknowledged: %s", message.address.platform, error.message)

    async def _react(self, chat: str, message_id: str) -> None:
        reaction = [{"type": "emoji", "emoji": SEEN}]
        values = {"chat_id": chat, "message_id": message_id, "reaction": reaction}
        try:
            await self._account.call("setMessageReaction", values)
        except TelegramError as error:
            gone = says(error, "to react not found")
            if isinstance(error, BadRequest | InvalidToken) and not gone:
                self._shy[chat] = None

    async def post(
        self, address: Address, frame: Frame, *, reply_to: str | None, name: str = ""
    ) -> str:
        """Post a frame and give its id. `name` is that of the person whom it mentions.

        Raises:
            ChatError: as `core.ports.ChatAdapter.post` says.
        """
        values: Values = {
            "message_thread_id": address.thread,
            "disable_notification": None if frame.notify else True,
        }
        if reply_to is not None and reply_to.isdecimal():
            values["reply_parameters"] = {
                "message_id": int(reply_to),
                "allow_sending_without_reply": True,
            }
        try:
            if isinstance(frame.content, File):
                return await self._file(address, frame.content, values)
            rendered = render(frame, name=name)
            return await self._send(address, "sendMessage", values | rendered.values())
        except TelegramError as error:
            raise chat_error(error, posting=True) from None

    async def _file(self, address: Address, file: File, values: Values) -> str:
        """Post a file; where none are taken, post its text, going on where that broke off.

        Raises:
            TelegramError: it did not work.
        """
        try:
            document = {"document": _document(file)}
            return await self._send(address, "sendDocument", values | document)
        except (BadRequest, InvalidToken) as error:
            log.info("%s: a file goes out as text: %s", address.platform, error.message)
        message_id, key = "", (address, file)
        messages = code_messages(file.text)
        for index in range(self._begun.get(key) or 0, len(messages)):
            message = messages[index].values()
            message_id = await self._send(address, "sendMessage", values | message)
            self._begun[key] = index + 1
        self._begun.pop(key)
        return message_id

    async def _send(self, address: Address, method: str, values: Values) -> str:
        """Post, and try again without what is refused.

        Raises:
            TelegramError: it did not work.
        """
        left = _TRIES
        while True:
            chat = self._chat(address)
            try:
                message_id = await self._account.send(method, values | {"chat_id": chat})
            except TelegramError as error:
                left -= 1
                if not left or not self._mended(address, values, error):
                    raise
            else:
                return message_id if chat == address.channel else f"{chat}/{message_id}"

    async def edit(
        self, address: Address, message_id: str, frame: Frame, *, name: str = ""
    ) -> None:
        """Replace a message; a file stands as it was posted.

        Raises:
            ChatError: as `core.ports.ChatAdapter.edit` says.
        """
        if isinstance(frame.content, File):
            return
        values = self._standing(address, message_id) | render(frame, name=name).values()
        try:
            try:
                await self._account.call("editMessageText", values)
            except TelegramError as error:
                if not misformed(error):
                    raise
                await self._account.call("editMessageText", values | {"entities": None})
        except TelegramError as error:
            if not unchanged(error):
                raise chat_error(error) from None

    async def delete(self, address: Address, message_id: str) -> None:
        """Delete a message, unless it is gone already.

        Raises:
            ChatError: it did not work.
        """
        try:
            await self._account.call("deleteMessage", self._standing(address, message_id))
        except MessageGone:
            return
        except TelegramError as error:
            if not says(error, "message to delete not found", "message_id_invalid"):
                raise chat_error(error) from None

    async def present(self, chat: str, people: Collection[str]) -> bool:
        """Say whether one of these people is in a group.

        Raises:
            ChatError: it cannot be told now.
        """
        for each in sorted(people)[:_ASKED]:
            values = {"chat_id": chat, "user_id": each}
            try:
                found = await self._account.call("getChatMember", values)
            except (BadRequest, InvalidToken):
                continue  # it is nobody's id, or nobody whom this chat has seen
            except TelegramError as error:
                raise chat_error(error) from None
            if isinstance(found, Mapping) and found.get("status") not in {"left", "kicked"}:
                return True
        return False

    async def leave(self, chat: str) -> None:
        """Leave a group.

        Raises:
            ChatError: it did not work.
        """
        try:
            await self._account.call("leaveChat", {"chat_id": chat})
        except Forbidden:
            return  # it is out of it already
        except TelegramError as error:
            raise chat_error(error) from None

    def _mended(self, address: Address, values: Values, error: TelegramError) -> bool:
        """Change what was refused, if something else can be sent in its place."""
        if isinstance(error, ChatMigrated):
            self._moved[address.channel] = str(error.new_chat_id)
            values.pop("reply_parameters", None)  # its messages have other numbers there
            return True
        if says(error, "repl"):
            return values.pop("reply_parameters", None) is not None
        if says(error, "thread not found") and values["message_thread_id"]:
            values["message_thread_id"] = None
            # What was said in a topic does not belong into the whole group.
            return not address.channel.startswith("-")
        return _simplified(values, error)

    def _standing(self, address: Address, message_id: str) -> Values:
        """Say where a message of ours stands.

        Raises:
            MessageGone: it is none of Telegram's, or its group has become another one, where
                numbers begin anew.
        """
        chat, _, number = message_id.rpartition("/")
        if not number.isdecimal() or (not chat and address.channel in self._moved):
            raise MessageGone("this message does not stand there")
        return {"chat_id": chat or address.channel, "message_id": int(number)}

    def _chat(self, address: Address) -> str:
        return self._moved.get(address.channel) or address.channel


def _simplified(values: Values, error: TelegramError) -> bool:
    """Take out of a text what was refused."""
    if misformed(error) and values.get("entities"):
        values["entities"] = None
    elif says(error, "text is empty") and values.get("text") != NOTHING:
        values["text"], values["entities"] = NOTHING, None  # only signs that nobody sees
    else:
        return False
    return True


def _document(file: File) -> InputFile:
    """Make a file that can be sent: none is empty, and names stand in a header."""
    name = _UNFIT.sub("_", file.name)[:LONGEST_NAME].strip() or "file"
    return InputFile(file.text.encode(errors="replace") or b"\n", filename=name)
