"""Three messengers behind chaos proxies and one program in this process, with short deadlines.

async with network(tmp_path, monkeypatch) as net:
    net.proxies["slack"].befall(SILENT["silence"])
    await net.asked("slack"); await net.goes_on_but("slack")
    await net.noticed("slack"); net.proxies["slack"].heal()
    await net.answered("slack")
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, MutableMapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import discord
import pytest
import structlog
from typing_extensions import override

from adapters.chat.discord import connection
from adapters.chat.slack import client, socket
from adapters.chat.telegram import account, polling, request
from gateway import supervise
from gateway.delivery import trying
from tests.gateway.harness import Running, running_gateway
from tests.patience import PATIENCE
from tests.simulators.before import before
from tests.simulators.chaos import ChaosProxy
from tests.simulators.discord.simulator import DiscordSimulator
from tests.simulators.slack.simulator import SlackSimulator
from tests.simulators.telegram.simulator import TelegramSimulator
from tests.transcripts.stages import MESSENGERS, STAGES, Stage, configuration

ANSWER = "Go by train."
BEAT = 0.5

SIMULATORS: Mapping[str, Any] = {
    "telegram": lambda: TelegramSimulator(scale=20, privacy=False),
    "discord": lambda: DiscordSimulator(scale=0.05, content_intent=True, heartbeat=BEAT),
    "slack": lambda: SlackSimulator(scale=20),
}

SHORT: Mapping[tuple[object, str], float] = {
    (account, "POLL_SECONDS"): 1,
    (account, "PATIENCE"): 0.6,
    (polling, "FIRST_PAUSE"): 0.05,
    (polling, "LONGEST_PAUSE"): 0.2,
    (polling, "SILENCE"): 0.0,
    (request, "CONNECT_SECONDS"): 1.0,
    (request, "KEEP_ALIVE_SECONDS"): 0.4,
    (connection, "_OPENING"): 1.0,
    (connection, "_LONGEST"): 0.2,
    (socket, "OPENING"): 1.0,
    (socket, "DOWN"): 1.0,
    (socket, "CHECK"): 0.2,
    (socket, "PING"): 0.3,
    (client, "TIMEOUT"): 4.0,
    (client, "KEEP_ALIVE"): 0.3,
    (supervise, "FIRST_PAUSE"): 0.1,
    (supervise, "LONGEST_PAUSE"): 0.3,
}
"""The deadlines of the program, as they are here: the same mechanism, in less time."""


async def _at_once(_client: discord.Client, *_: object, **__: object) -> None:
    """Begin a session without the library's pause of five seconds."""


OURS = frozenset({"adapters", "core", "gateway"})


class Lines(logging.Handler):
    """What the program says from a warning on, whichever way; the simulators may complain."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if record.name.partition(".")[0] in OURS:
            self.said.append(f"{record.name}: {record.getMessage()}")
            if record.exc_info:
                self.said.append("Traceback")

    def hear(
        self, _logger: object, method: str, event: MutableMapping[str, Any]
    ) -> Mapping[str, Any]:
        if method in {"warning", "error", "critical", "exception"}:
            self.said.append(str(event))
        raise structlog.DropEvent


@dataclass(slots=True, kw_only=True)
class Network:
    """What is there. `due` is how many answers each platform should show by now."""

    stages: Mapping[str, Stage]
    proxies: Mapping[str, ChaosProxy]
    lines: Lines
    gateway: Running
    due: Counter[str] = field(default_factory=Counter)

    async def asked(self, platform: str) -> None:
        """Let Ann ask something in private; the platform keeps it for as long as it must."""
        stage = self.stages[platform]
        self.due[platform] += 1
        place = stage.places["dm"]
        await stage.sim.say(place, stage.ann, f"How do I get there, for the {self.due[platform]}.?")

    async def shown(self, platform: str) -> None:
        """Wait until answers to all that was asked there stand there; assert that each is once."""
        stage = self.stages[platform]
        try:
            async with asyncio.timeout(PATIENCE):
                await stage.sim.until(
                    lambda: self._finals(platform) >= self.due[platform], seconds=PATIENCE
                )
        except TimeoutError:
            raise AssertionError((platform, stage.seen("dm"), self.lines.said)) from None
        assert self._finals(platform) == self.due[platform], stage.seen("dm")

    async def answered(self, platform: str) -> None:
        """Wait until all that was asked there is answered, and the program knows it."""
        await self.shown(platform)
        await self._eventually(self._settled)

    async def goes_on_but(self, troubled: str) -> None:
        """Ask on another platform and have an answer there."""
        others = [each for each in MESSENGERS if each != troubled]
        other = others[self.due[troubled] % len(others)]
        await self.asked(other)
        await self.answered(other)

    async def tries(self, platform: str, times: int = 2) -> None:
        """Wait until the program has tried to connect there again so often."""
        proxy, before = self.proxies[platform], self.proxies[platform].taken
        await self._eventually(lambda: proxy.taken >= before + times)

    async def told(self, platform: str) -> None:
        """Wait until the program says that something is wrong there."""
        await self._eventually(lambda: any(platform in each.lower() for each in self.lines.said))

    async def calm(self, platform: str, connections: int) -> None:
        """Wait until no more connections are open there than that."""
        await self._eventually(lambda: self.proxies[platform].open <= connections)

    @staticmethod
    async def _eventually(true: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not true():  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.01)

    def _settled(self) -> bool:
        """Whether the program knows of its answers: what is torn before that is uncertain."""
        return not self.gateway.gateway.exchange.sessions().running

    def _finals(self, platform: str) -> int:
        return len(self.stages[platform].finals(ANSWER))


@asynccontextmanager
async def network(folder: Path, patch: pytest.MonkeyPatch) -> AsyncIterator[Network]:
    """Start everything, and wait until each platform has answered once."""
    for (module, name), seconds in SHORT.items():
        patch.setattr(module, name, seconds)
    patch.setattr(trying, "BACKOFF", (0.2,) * 5)
    patch.setattr(discord.Client, "before_identify_hook", _at_once)
    lines = Lines()
    async with AsyncExitStack() as stack:
        stages, proxies = {}, {}
        for each in MESSENGERS:
            sim = await stack.enter_async_context(SIMULATORS[each]())
            proxies[each] = await stack.enter_async_context(before(sim))
            stages[each] = STAGES[each](sim)
        slack = stages["slack"].sim
        slack.ack_seconds, slack.retries = 1.0, (0.0, *[5.0] * 60)
        text = configuration(tuple(stages.values()), {"big": ANSWER})
        text = text.replace("default_preset: review", "default_preset: alone")
        logging.getLogger().addHandler(lines)
        stack.callback(logging.getLogger().removeHandler, lines)
        stack.callback(structlog.configure, **structlog.get_config())
        structlog.configure(processors=[lines.hear])
        gateway = await stack.enter_async_context(running_gateway(text, folder))
        net = Network(stages=stages, proxies=proxies, lines=lines, gateway=gateway)
        for each, stage in stages.items():
            await stage.until(stage.listening)
            await net.asked(each)
            await net.answered(each)
        lines.said.clear()
        yield net
