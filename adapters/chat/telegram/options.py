"""What an operator says about a Telegram account. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where Telegram sends updates, and the word by which they are known to be Telegram's.

    `secret`: 1 to 256 of A-Z a-z 0-9 _ -.
    """

    url: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramOptions:
    """An account. `webhook` is None for polling.

    `base_url` and `base_file_url` are what stands before the token. `listen_all`: some chat
    is set to be listened to without a mention.
    """

    platform: str
    token: str = field(repr=False)
    base_url: str = "https://api.telegram.org/bot"
    base_file_url: str = "https://api.telegram.org/file/bot"
    webhook: Webhook | None = None
    listen_all: bool = False
