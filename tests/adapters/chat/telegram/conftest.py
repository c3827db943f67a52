from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
from typing_extensions import override

from adapters.chat.telegram import TelegramChat, TelegramOptions, Webhook
from core.errors import GatewayError
from core.ports import Clock, Intake
from core.types import Added, Address, Incoming
from gateway.clock import SystemClock
from tests.simulators.base import Changes
from tests.simulators.telegram import TelegramSimulator


@dataclass
class Inbox:
    """An intake that keeps what it is given, or refuses it with what is planned."""

    heard: list[Incoming] = field(default_factory=list)
    refusals: list[GatewayError] = field(default_factory=list)
    arrivals: list[Added] = field(default_factory=list)
    changes: Changes = field(default_factory=Changes)

    async def __call__(self, incoming: Incoming) -> bool:
        if isinstance(incoming, Added):  # most tests are not about where the bot was brought
            self.arrivals.append(incoming)
            self.changes.tell()
            return True
        if self.refusals:
            refusal = self.refusals.pop(0)
            self.changes.tell()
            raise refusal
        new = all(each.event_id != incoming.event_id for each in self.heard)
        if new:
            self.heard.append(incoming)
        self.changes.tell()
        return new

    async def admitted(self, incoming: Incoming) -> Incoming | None:
        return incoming

    async def until(self, count: int) -> list[Incoming]:
        await self.changes.until(lambda: len(self.heard) >= count)
        return self.heard


class Lines(logging.Handler):
    """What the program logs; the simulator's server logs what it is asked for, too."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.changes = Changes()
        self.records: list[logging.LogRecord] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if record.name != "aiohttp.access":
            self.records.append(record)
            self.changes.tell()

    @property
    def text(self) -> str:
        return "\n".join(self.format(record) for record in self.records)

    def of(self, *words: str) -> list[str]:
        """The adapter's lines, from information on, that have these words."""
        return [
            record.getMessage()
            for record in self.records
            if record.name.startswith("adapters") and record.levelno >= logging.INFO
            if all(word in record.getMessage() for word in words)
        ]

    async def until(self, *words: str) -> None:
        await self.changes.until(lambda: self.of(*words))


def chat_of(
    telegram: TelegramSimulator, *, webhook: Webhook | None = None, clock: Clock | None = None
) -> TelegramChat:
    options = TelegramOptions(
        platform="telegram",
        token=telegram.token,
        base_url=telegram.base_url,
        base_file_url=telegram.base_file_url,
    )
    return TelegramChat(replace(options, webhook=webhook), clock=clock or SystemClock())


@asynccontextmanager
async def running(chat: TelegramChat, inbox: Intake) -> AsyncIterator[None]:
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
def lines() -> Iterator[Lines]:
    handler, root = Lines(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


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


@pytest.fixture
async def sender(telegram):
    """An adapter that receives nothing; its connections are closed at the end."""
    made = chat_of(telegram)
    yield made
    await made._account.disconnect()


@pytest.fixture
async def dm(telegram):
    ana = telegram.person("Ana")
    place = telegram.dm(ana)
    await telegram.say(place, ana, "hi")
    return place


@pytest.fixture
def lab(telegram):
    return telegram.group("Lab", telegram.person("Ana"), telegram.person("all"), forum=True)
