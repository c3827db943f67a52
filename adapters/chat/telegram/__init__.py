"""Telegram: the Bot API through python-telegram-bot."""

from __future__ import annotations

import os

os.environ.setdefault("PTB_TIMEDELTA", "1")  # or the library warns at every flood control

from adapters.chat.telegram.adapter import TelegramChat
from adapters.chat.telegram.options import TelegramOptions, Webhook

__all__ = ["TelegramChat", "TelegramOptions", "Webhook"]
