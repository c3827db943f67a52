"""Telegram's errors → ours. Decides what an error means for the message that met it.

Telegram has no codes for these, only sentences; they are found by their words.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from adapters.chat.telegram.request import Unanswered
from core.errors import ChatAway, ChatBusy, ChatClosed, ChatError, ChatUnknown, MessageGone

_CLOSED: Final = (
    "chat not found",
    "topic_deleted",
    "topic_closed",
    "thread not found",
    "peer_id_invalid",
    "not enough rights to send",
    "no rights to send",
    "chat_write_forbidden",
    "user is deactivated",
    "group chat was deactivated",
    "chat_restricted",
)
_GONE: Final = ("to edit not found", "can't be edited", "message_id_invalid")
_FORMAT: Final = ("entit", "can't parse")


def chat_error(error: TelegramError, *, posting: bool = False) -> ChatError:
    """Say what an error means. `posting`: a message that must not be posted twice."""
    words = error.message
    if isinstance(error, RetryAfter):
        return ChatBusy("Telegram asks to wait", retry_after=waiting(error))
    if isinstance(error, Forbidden):
        return ChatClosed(f"Telegram: {words}")
    if isinstance(error, BadRequest):
        if says(error, *_GONE):
            return MessageGone(f"Telegram: {words}")
        return (ChatClosed if says(error, *_CLOSED) else ChatError)(f"Telegram: {words}")
    if isinstance(error, ChatMigrated):
        return MessageGone("Telegram: the group has become another one")
    if isinstance(error, InvalidToken):
        return ChatError("Telegram does not know this token or this method")
    if posting and isinstance(error, Unanswered):
        return ChatUnknown(f"Telegram: {words}")
    return (ChatAway if isinstance(error, NetworkError) else ChatError)(f"Telegram: {words}")


def waiting(error: RetryAfter) -> float:
    """Give the seconds to wait, at least one."""
    found = error.retry_after
    seconds = found.total_seconds() if isinstance(found, timedelta) else float(found)
    return max(seconds, 1.0)


def unchanged(error: TelegramError) -> bool:
    """Say whether a message already stands as it should."""
    return says(error, "message is not modified")


def misformed(error: TelegramError) -> bool:
    """Say whether it was the formatting that Telegram did not take."""
    return isinstance(error, BadRequest) and says(error, *_FORMAT)


def says(error: TelegramError, *words: str) -> bool:
    """Look for words in an error, whatever their case."""
    text = error.message.lower()
    return any(each in text for each in words)
