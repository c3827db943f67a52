from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from adapters.chat.telegram import TelegramChat, TelegramOptions, Webhook
from core.errors import GatewayError
from core.types import Address, Incoming
from gateway.clock import SystemClock
from tests.simulators.base import Changes
from tests.simulators.telegram import TelegramSimulator

SECONDS = 10.0


@dataclass
class Inbox:
    """An intake that keeps what it is given, or refuses it with what is planned."""

    heard: list[Incoming] = field(default_factory=list)
    refusals: list[GatewayError] = field(default_factory=list)
    changes: Changes = field(default_factory=Changes)

    async def __call__(self, incoming: Incoming) -> bool:
        if self.refusals:
            refusal = self.refusals.pop(0)
            self.changes.tell()
            raise refusal
        new = all(each.event_id != incoming.event_id for each in self.heard)
        if new:
            self.heard.append(incoming)
        self.changes.tell()
        return new

    async def until(self, count: int) -> list[Incoming]:
        await self.changes.until(lambda: len(self.heard) >= count, seconds=SECONDS)
        return self.heard


def chat_of(telegram: TelegramSimulator, *, webhook: Webhook | None = None) -> TelegramChat:
    options = TelegramOptions(
        platform="telegram",
        token=telegram.token,
        base_url=telegram.base_url,
        base_file_url=telegram.base_file_url,
    )
    return TelegramChat(replace(options, webhook=webhook), clock=SystemClock())


@asynccontextmanager
async def running(chat: TelegramChat, inbox: Inbox) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(chat.run(inbox))
        try:
            yield
        finally:
            task.cancel()


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramSimulator]:
    async with TelegramSimulator() as simulator:
        yield simulator


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
async def chat(telegram: TelegramSimulator, inbox: Inbox) -> AsyncIterator[TelegramChat]:
    """A running adapter."""
    chat = chat_of(telegram)
    async with running(chat, inbox):
        yield chat


def address(channel: str, thread: str | None = None) -> Address:
    return Address(platform="telegram", channel=channel, thread=thread)
