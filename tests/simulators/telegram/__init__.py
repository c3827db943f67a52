"""A Telegram Bot API server on loopback, and the people who use it."""

from __future__ import annotations

from tests.simulators.telegram.shown import Shown
from tests.simulators.telegram.simulator import TelegramSimulator
from tests.simulators.telegram.state import Draft, File, FileKind, Person, Place

__all__ = ["Draft", "File", "FileKind", "Person", "Place", "Shown", "TelegramSimulator"]
