"""Telegram's updates → what came in, in no platform's words. Pure.

Decides who speaks where, whether it is for the bot, and what is passed over in silence: edits,
posts in channels, service messages, what the bot says itself, commands for other bots. Whether
anybody is answered is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import telegram

from adapters.chat.telegram.account import Me
from adapters.chat.telegram.attachments import attachments
from adapters.chat.telegram.buttons import pressed
from core.types import Address, Author, Command, Incoming, Message, Moved, Press

BARE: Final = frozenset({"ask", "moa"})
"""Commands that count in a group without the bot's name behind them; others may be anybody's."""

_ANONYMOUS: Final = 1087968824  # who writes for an administrator that stays anonymous
_COMMAND = re.compile(r"/(\w{1,32})(?:@(\w+))?\s*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where an update is read: the account's key, who the bot is, and when it is now, in ms."""

    platform: str
    me: Me
    now: int


def normalise(update: telegram.Update, setting: Setting) -> Incoming | None:
    """Read an update; None for what is of no concern."""
    if update.message is not None:
        return _message(update.message, update.update_id, setting)
    if update.callback_query is not None:
        return _press(update.callback_query, update.update_id, setting)
    stopped = update.api_kwargs.get("stopped_message_generation")
    if isinstance(stopped, Mapping):
        return _stopped(stopped, update.update_id, setting)
    return None


def removed_from(update: telegram.Update) -> str:
    """Give the chat that the bot may write to no more, by its title; empty for other updates."""
    changed = update.my_chat_member
    if changed is None or changed.new_chat_member.status not in {"kicked", "left"}:
        return ""
    return changed.chat.effective_name or str(changed.chat.id)


# --- messages and commands ------------------------------------------------------------------


def _message(message: telegram.Message, update_id: int, setting: Setting) -> Incoming | None:
    chat = message.chat
    if message.migrate_to_chat_id:
        return Moved(
            event_id=f"update/{update_id}",
            address=Address(platform=setting.platform, channel=str(chat.id)),
            author=_author(message),
            new=Address(platform=setting.platform, channel=str(message.migrate_to_chat_id)),
            at=_ms(message, setting),
        )
    if chat.type == "channel" or message.is_automatic_forward or message.from_user is None:
        return None
    if message.from_user.id == setting.me.id:
        return None
    said = _Said(message, setting.me)
    if said.command is not None and not said.attachments:
        return _command(message, said, setting)
    if said.for_another_bot or not (said.text or said.attachments or said.mentioned):
        return None
    direct = chat.type == "private"
    return Message(
        event_id=f"{chat.id}/{message.message_id}",
        address=_address(message, setting.platform),
        author=_author(message),
        text=said.text,
        at=_ms(message, setting),
        message_id=str(message.message_id),
        reply_to=None if direct else str(message.message_id),
        direct=direct,
        addressed=direct or said.addressed,
        to_others=said.to_others,
        attachments=said.attachments,
    )


def _command(message: telegram.Message, said: _Said, setting: Setting) -> Command | None:
    direct = message.chat.type == "private"
    name = said.command or ""
    if said.for_another_bot or not (direct or said.addressed or name in BARE):
        return None
    return Command(
        event_id=f"{message.chat.id}/{message.message_id}",
        address=_address(message, setting.platform),
        author=_author(message),
        name=name,
        args=said.text,
        at=_ms(message, setting),
        message_id=str(message.message_id),
        reply_to=None if direct else str(message.message_id),
        direct=direct,
    )


class _Said:
    """What a message says, and to whom."""

    def __init__(self, message: telegram.Message, me: Me) -> None:
        self.attachments = attachments(message)
        self.mentioned = False
        self.for_another_bot = False
        self.command: str | None = None
        self._others = False
        self._me = me
        text = message.text or message.caption or ""
        self._raw = text.encode("utf-16-le", "surrogatepass")
        spans = [
            (each.offset, each.offset + each.length)
            for each in (*message.entities, *message.caption_entities)
            if self._to_me(each)
        ]
        text = self._without(spans).strip() if spans else text.strip()
        self.text = self._arguments(text)
        replied = _replied(message)
        self.replied = replied is not None and replied.id == me.id
        self.to_others = self._others or (replied is not None and not self.replied)

    @property
    def addressed(self) -> bool:
        """Whether it is meant for the bot."""
        return self.mentioned or self.replied

    def _to_me(self, entity: telegram.MessageEntity) -> bool:
        """Look whom an entity means; True if it is to be taken out of the text."""
        word = self._raw[2 * entity.offset : 2 * (entity.offset + entity.length)].decode(
            "utf-16-le", "replace"
        )
        mine = self._me.username.lower()
        if entity.type == "bot_command" and entity.offset == 0:
            name, _, bot = word.removeprefix("/").partition("@")
            self.command = name.lower()
            self.mentioned |= bool(bot) and bot.lower() == mine
            self.for_another_bot = bool(bot) and bot.lower() != mine
        elif entity.type in {"mention", "text_mention"}:
            named = entity.type == "mention" and word.lower() == f"@{mine}"
            if named or (entity.user is not None and entity.user.id == self._me.id):
                self.mentioned = True
                return True
            self._others = True
        return False

    def _arguments(self, text: str) -> str:
        found = None if self.command is None else _COMMAND.match(text)
        return text[found.end() :] if found else text

    def _without(self, spans: list[tuple[int, int]]) -> str:
        pieces, at = [], 0
        for start, end in sorted(spans):
            pieces.append(self._raw[2 * at : 2 * start])
            at = end
        pieces.append(self._raw[2 * at :])
        text = " ".join(piece.decode("utf-16-le", "surrogatepass").strip(" \t") for piece in pieces)
        return text.lstrip(" \t,:")


def _replied(message: telegram.Message) -> telegram.User | None:
    """Say to whom a message replies; in a topic everything replies to its first message."""
    to = message.reply_to_message
    if to is None or to.forum_topic_created is not None or to.from_user is None:
        return None
    if message.is_topic_message and to.message_id == message.message_thread_id:
        return None
    return to.from_user


# --- presses --------------------------------------------------------------------------------


def _press(query: telegram.CallbackQuery, update_id: int, setting: Setting) -> Press | None:
    found = pressed(query.data)
    if found is None or query.message is None:
        return None
    under = query.message
    thread = _thread(under) if isinstance(under, telegram.Message) else None
    chat = under.chat
    direct = chat.type == "private"
    return Press(
        event_id=f"update/{update_id}",
        address=Address(platform=setting.platform, channel=str(chat.id), thread=thread),
        author=_person(query.from_user, chat),
        action=found.action,
        turn_id=found.turn_id,
        value=found.value,
        at=setting.now,
        message_id=str(under.message_id),
        reply_to=None if direct else str(under.message_id),
        direct=direct,
        handle=query.id,
    )


def _stopped(stopped: Mapping[str, object], update_id: int, setting: Setting) -> Press | None:
    """Read the native Stop of a draft, which only private chats have."""
    chat, thread = stopped.get("chat"), stopped.get("message_thread_id")
    if not isinstance(chat, Mapping) or not isinstance(chat.get("id"), int):
        return None
    name = " ".join(str(chat[key]) for key in ("first_name", "last_name") if chat.get(key))
    return Press(
        event_id=f"update/{update_id}",
        address=Address(
            platform=setting.platform,
            channel=str(chat["id"]),
            thread=str(thread) if isinstance(thread, int) else None,
        ),
        author=Author(id=str(chat["id"]), name=name),
        action="stop",
        turn_id="",
        at=setting.now,
    )


# --- who and where --------------------------------------------------------------------------


def _address(message: telegram.Message, platform: str) -> Address:
    return Address(platform=platform, channel=str(message.chat.id), thread=_thread(message))


def _thread(message: telegram.Message) -> str | None:
    if not message.is_topic_message or message.message_thread_id is None:
        return None
    return str(message.message_thread_id)


def _author(message: telegram.Message) -> Author:
    chat, user, sender = message.chat, message.from_user, message.sender_chat
    circles = () if chat.type == "private" else (f"chat:{chat.id}",)
    if sender is not None and (user is None or user.is_bot):
        # An administrator who stays anonymous, or somebody who writes as a channel of theirs.
        name = sender.title or sender.effective_name or str(sender.id)
        admin = user is not None and user.id == _ANONYMOUS and sender.id == chat.id
        return Author(id=str(sender.id), name=name, circles=circles, is_admin=admin)
    if user is None:
        return Author(id=str(chat.id), name=chat.effective_name or "", circles=circles)
    return _person(user, chat)


def _person(user: telegram.User, chat: telegram.Chat) -> Author:
    return Author(
        id=str(user.id),
        name=user.full_name or user.username or str(user.id),
        is_bot=user.is_bot,
        circles=() if chat.type == "private" else (f"chat:{chat.id}",),
    )


def _ms(message: telegram.Message, setting: Setting) -> int:
    return int(message.date.timestamp() * 1000) or setting.now
