"""What a message replies to → `Said`. Pure.

Decides which words of it count: those that the writer marked, or else all of them. Of a message in
another chat Telegram shows no more than the marked words.
"""

from __future__ import annotations

import telegram

from adapters.chat.telegram.account import Me
from adapters.chat.telegram.attachments import attachments
from adapters.chat.telegram.said import replied_to
from core.types import Said, Speaker


def answered(message: telegram.Message, me: Me) -> Said | None:
    """Give what a message replies to, here or in another chat; None if it replies to nothing."""
    marked = message.quote.text if message.quote else ""
    to = replied_to(message)
    if to is not None:
        brought = attachments(to)
        files = ", ".join(each.name for each in brought)
        return Said(
            speaker=_speaker(to.from_user, to.sender_chat),
            text=marked or to.text or to.caption or (f"[{files}]" if files else ""),
            message_id=str(to.message_id),
            own=to.from_user is not None and to.from_user.id == me.id,
            files=brought,
        )
    elsewhere = message.external_reply
    if elsewhere is None or not marked:
        return None
    return Said(speaker=_origin(elsewhere.origin), text=marked)


def _origin(origin: telegram.MessageOrigin) -> Speaker:
    match origin:
        case telegram.MessageOriginUser():
            return _speaker(origin.sender_user, None)
        case telegram.MessageOriginHiddenUser():
            return Speaker(id="hidden", name=origin.sender_user_name)
        case telegram.MessageOriginChat():
            return _speaker(None, origin.sender_chat)
        case telegram.MessageOriginChannel():
            return _speaker(None, origin.chat)
        case _:
            return Speaker(id="unknown")


def _speaker(user: telegram.User | None, chat: telegram.Chat | None) -> Speaker:
    """Say who wrote it: a person, or a chat that somebody writes as."""
    if chat is not None and (user is None or user.is_bot):
        return Speaker(id=str(chat.id), name=chat.title or chat.effective_name or "")
    if user is None:
        return Speaker(id="unknown")
    return Speaker(id=str(user.id), name=user.full_name or user.username or "")
