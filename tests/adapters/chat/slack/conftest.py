"""A SlackChat that listens to a simulated Slack, and what it takes in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from aiohttp import web
from typing_extensions import override

from adapters.chat.slack import SlackChat, SlackOptions
from adapters.chat.slack.home import Home
from core.errors import GatewayError
from core.ports import Intake
from core.types import Added, Command, Incoming, Message
from gateway.clock import SystemClock
from tests.simulators.slack import SlackSimulator


def asked(command: Command) -> Message:
    """Read a command as the question that it is."""
    return Message(
        event_id=command.event_id,
        address=command.address,
        author=command.author,
        text=command.args,
        at=command.at,
    )


@dataclass(slots=True)
class Inbox:
    """An intake that keeps everything; `refuse` is raised instead, once each.

    `admit` says what would be taken in, `take` what of that is in the end.
    """

    slack: SlackSimulator
    kept: list[Incoming] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    refuse: list[GatewayError] = field(default_factory=list)
    arrivals: list[Added] = field(default_factory=list)
    repeats: int = 0
    admit: Callable[[Incoming], bool] = lambda _: True
    take: Callable[[Incoming], bool] = lambda _: True

    async def __call__(self, incoming: Incoming) -> bool:
        if isinstance(incoming, Added):  # most tests are not about where the bot was brought
            self.arrivals.append(incoming)
            self.slack.changes.tell()
            return True
        if self.refuse:
            raise self.refuse.pop(0)
        if not (self.admit(incoming) and self.take(incoming)):
            return False
        if incoming.event_id in self.seen:
            self.repeats += 1
            return False
        self.seen.add(incoming.event_id)
        self.kept.append(incoming)
        self.slack.changes.tell()
        return True

    async def admitted(self, incoming: Incoming) -> Incoming | None:
        if not self.admit(incoming):
            return None
        if isinstance(incoming, Command) and incoming.name == "ask" and incoming.args:
            return asked(incoming)
        return incoming

    async def next(self, number: int = 1) -> Incoming:
        """Wait for the `number`th thing that was kept."""
        await self.slack.until(lambda: len(self.kept) >= number)
        return self.kept[number - 1]

    async def message(self, number: int = 1) -> Message:
        """Wait for a message."""
        kept = await self.next(number)
        assert isinstance(kept, Message)
        return kept


def hasty(slack: SlackSimulator) -> None:
    """Let Slack send again at once what was not acknowledged."""
    slack.ack_seconds, slack.retries = 0.5, (0.0, 0.0, 0.0)


@dataclass(slots=True, kw_only=True)
class Clocked(SystemClock):
    """The real clock, which can be put forward."""

    ahead: float = 0.0

    @override
    def monotonic(self) -> float:
        return SystemClock().monotonic() + self.ahead


@dataclass(slots=True, kw_only=True)
class World:
    """Everything at once."""

    slack: SlackSimulator
    chat: SlackChat
    inbox: Inbox
    clock: Clocked


async def nobody_s_home(_user: str, _workspaces: Collection[str]) -> Home:
    return Home(preset="review", presets=("review", "quick"), dollars=Decimal("0.5"), turns=3)


def options(slack: SlackSimulator, **changed: str) -> SlackOptions:
    given = {
        "platform": "slack",
        "bot_token": slack.bot_token,
        "app_token": slack.app_token,
        "api_base": slack.api_base,
    }
    return SlackOptions(**{**given, **changed})  # type: ignore[arg-type]


@asynccontextmanager
async def listening(slack: SlackSimulator, chat: SlackChat, intake: Intake) -> AsyncIterator[None]:
    """Let it run until the block ends."""
    async with asyncio.TaskGroup() as group:
        running = group.create_task(chat.run(intake))
        await slack.connected()
        yield
        running.cancel()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    clock = Clocked()
    async with SlackSimulator() as slack:
        chat = SlackChat(options(slack), clock=clock, home=nobody_s_home)
        inbox = Inbox(slack)
        async with listening(slack, chat, inbox):
            yield World(slack=slack, chat=chat, inbox=inbox, clock=clock)


@asynccontextmanager
async def served(chat: SlackChat) -> AsyncIterator[str]:
    """Mount the adapter's hooks on loopback; gives the address."""
    app = web.Application()
    for path, hook in chat.hooks.items():
        app.router.add_post(path, hook)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
