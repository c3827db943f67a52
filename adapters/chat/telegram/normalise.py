"""Telegram's updates → what came in, in no platform's words. Pure.

Decides who speaks where, whether it is for the bot, and what is passed over in silence: posts in
channels, service messages, what the bot says itself, commands for other bots. Whether anybody is
answered is not decided here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import telegram

from adapters.chat.telegram.account import Me
from adapters.chat.telegram.arrivals import Setting, added, person
from adapters.chat.telegram.buttons import pressed
from adapters.chat.telegram.quotes import answered
from adapters.chat.telegram.said import Said
from core.commands import Asked, asked, takes_person
from core.commands import question as question_of
from core.types import Address, Author, Command, Edited, Incoming, Message, Moved, Press

BARE: Final = frozenset({"ask", "moa"})
"""Commands that count in a group without the bot's name behind them; others may be anybody's."""

_ANONYMOUS: Final = 1087968824  # who writes for an administrator that stays anonymous


def normalise(update: telegram.Update, setting: Setting) -> Incoming | None:
    """Read an update; None for what is of no concern."""
    if update.message is not None:
        return _message(update.message, update.update_id, setting)
    if update.edited_message is not None:
        return _edited(update.edited_message, update.update_id, setting)
    if update.my_chat_member is not None:
        return added(update.my_chat_member, update.update_id, setting)
    if update.callback_query is not None:
        return _press(update.callback_query, update.update_id, setting)
    stopped = update.api_kwargs.get("stopped_message_generation")
    if isinstance(stopped, Mapping):
        return _stopped(stopped, update.update_id, setting)
    return None


def joined(parts: Sequence[Incoming]) -> Sequence[Incoming]:
    """Make one message of the parts of an album: the words of one, and what came with all."""
    album = [each for each in parts if isinstance(each, Message)]
    if len(album) < max(len(parts), 2):
        return parts
    said = next((each for each in album if each.text or each.preset), album[0])
    return [
        replace(
            album[0],
            text=said.text,
            preset=said.preset,
            addressed=any(each.addressed for each in album),
            to_others=any(each.to_others for each in album),
            attachments=tuple(file for each in album for file in each.attachments),
        )
    ]


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
    if _by_nobody(message, setting.me):
        return None
    said = Said(message, setting.me)
    asks = said.command == "ask" and bool(said.attachments)  # a command would lose them
    if said.command is not None and not asks:
        return _command(message, said, setting)
    if said.for_another_bot or not (said.text or said.attachments or said.mentioned):
        return None
    direct = chat.type == "private"
    question = asked(said.text) if asks else Asked(text=said.text)
    return Message(
        event_id=f"{chat.id}/{message.message_id}",
        address=_address(message, setting.platform),
        author=_author(message),
        text=question.text,
        at=_ms(message, setting),
        message_id=str(message.message_id),
        reply_to=None if direct else str(message.message_id),
        direct=direct,
        addressed=direct or said.addressed or asks,
        to_others=said.to_others,
        attachments=said.attachments,
        preset=question.preset,
        answers=answered(message, setting.me),
        changed=int(message.edit_date.timestamp() * 1000) if message.edit_date else 0,
    )


def _by_nobody(message: telegram.Message, me: Me) -> bool:
    """Say whether no person wrote this: it came through a channel, or the bot said it."""
    through = message.chat.type == "channel" or message.is_automatic_forward
    speaker = message.via_bot or message.from_user
    return bool(through) or speaker is None or speaker.id == me.id


def _command(message: telegram.Message, said: Said, setting: Setting) -> Command | None:
    direct = message.chat.type == "private"
    name = said.command or ""
    if said.for_another_bot or not (direct or said.addressed or name in BARE):
        return None
    return Command(
        event_id=f"{message.chat.id}/{message.message_id}",
        address=_address(message, setting.platform),
        author=_author(message),
        name=name,
        args=said.about(message) if takes_person(name) else said.text,
        at=_ms(message, setting),
        message_id=str(message.message_id),
        reply_to=None if direct else str(message.message_id),
        direct=direct,
        answers=answered(message, setting.me),
    )


def _edited(message: telegram.Message, update_id: int, setting: Setting) -> Edited | None:
    """Read a message that was changed; a command, `/ask` apart, is over before it can be."""
    now = _message(message, update_id, setting)
    if isinstance(now, Command) and now.name == "ask":
        now = question_of(now)
    if not isinstance(now, Message):
        return None
    at = message.edit_date
    return Edited(
        event_id=f"update/{update_id}",
        address=now.address,
        author=now.author,
        message=now,
        at=setting.now if at is None else int(at.timestamp() * 1000),
    )


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
        author=person(query.from_user, chat),
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
    return person(user, chat)


def _ms(message: telegram.Message, setting: Setting) -> int:
    return int(message.date.timestamp() * 1000) or setting.now
