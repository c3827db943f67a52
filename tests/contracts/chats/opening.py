"""Opens the stand of each platform: its simulator, its people, its adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from tests.contracts.chats.discord import Discord
from tests.contracts.chats.slack import Slack
from tests.contracts.chats.stand import Stand, standing
from tests.contracts.chats.telegram import Telegram
from tests.simulators.discord.simulator import DiscordSimulator
from tests.simulators.slack.simulator import SlackSimulator
from tests.simulators.telegram.simulator import TelegramSimulator

STANDS: dict[str, type[Stand]] = {"telegram": Telegram, "discord": Discord, "slack": Slack}
SIMULATORS: dict[str, Callable[[], Any]] = {
    # Every rule but that of speed: these tests write more than any chat would see.
    "telegram": lambda: TelegramSimulator(strict=False, privacy=False),
    "discord": lambda: DiscordSimulator(scale=0, content_intent=True),
    "slack": lambda: SlackSimulator(scale=10_000),
}


@asynccontextmanager
async def opened(platform: str, *, run: bool = True) -> AsyncIterator[Stand]:
    """Open a platform with its adapter at work."""
    async with SIMULATORS[platform]() as sim, standing(STANDS[platform](sim), run=run) as stand:
        yield stand
