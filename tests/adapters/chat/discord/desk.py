"""A DiscordChat at the simulator, with an inbox that tests can look into."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from typing_extensions import override

from adapters.chat.discord import DiscordChat, DiscordOptions
from core.errors import GatewayError
from core.frames import Button, Footer, Frame, Notice, Panel, Part, Row
from core.types import Added, Address, Command, Incoming, Message, Press, Usage
from gateway.clock import SystemClock
from tests.fakes.memory_gaps import MemoryGaps
from tests.simulators.discord.simulator import DiscordSimulator


@dataclass(slots=True)
class Inbox(MemoryGaps):
    """An intake that keeps what it is given once; `refusals` come first."""

    changed: Callable[[], None]
    heard: list[Incoming] = field(default_factory=list)
    refusals: list[GatewayError] = field(default_factory=list)
    arrivals: list[Added] = field(default_factory=list)

    async def __call__(self, incoming: Incoming) -> bool:
        if isinstance(incoming, Added):  # most tests are not about where the bot was brought
            self.arrivals.append(incoming)
            self.changed()
            return True
        if self.refusals:
            self.changed()
            raise self.refusals.pop(0)
        if any(each.event_id == incoming.event_id for each in self.heard):
            return False
        self.heard.append(incoming)
        self.changed()
        return True

    async def admitted(self, incoming: Incoming) -> Incoming | None:
        return incoming

    @property
    def messages(self) -> Sequence[Message]:
        return [each for each in self.heard if isinstance(each, Message)]

    @property
    def commands(self) -> Sequence[Command]:
        return [each for each in self.heard if isinstance(each, Command)]

    @property
    def presses(self) -> Sequence[Press]:
        return [each for each in self.heard if isinstance(each, Press)]

    @override
    def _may_write(self) -> None:
        self.changed()  # whoever waits looks when it is written

    async def bookmarks(self, platform: str = "", *, most: int = 50) -> Mapping[Address, str]:
        said = {each.address: each.message_id for each in self.messages if each.message_id}
        return dict([*said.items()][-most:])


@dataclass(slots=True, kw_only=True)
class Bot:
    """A running adapter."""

    chat: DiscordChat
    inbox: Inbox
    running: asyncio.Task[None]

    def stop(self) -> None:
        self.running.cancel()


def chat_at(
    simulator: DiscordSimulator,
    inbox: Inbox,
    *,
    listen_all: bool = False,
    threads: Literal["auto", "never"] = "auto",
    presets: Sequence[str] = ("review", "fast"),
) -> DiscordChat:
    options = DiscordOptions(
        platform="discord",
        token=simulator.token,
        api_base=simulator.api_base,
        gateway_url=None,
        listen_all=listen_all,
        threads=threads,
        presets=lambda _: presets,
    )
    return DiscordChat(options, clock=SystemClock(), gaps=inbox)


@contextlib.asynccontextmanager
async def running(
    simulator: DiscordSimulator,
    *,
    inbox: Inbox | None = None,
    threads: Literal["auto", "never"] = "auto",
    listen_all: bool = False,
    presets: Sequence[str] = ("review", "fast"),
) -> AsyncIterator[Bot]:
    """Run it until left, as soon as it is connected and its menu is there."""
    inbox = inbox or Inbox(simulator.changes.tell)
    chat = chat_at(simulator, inbox, threads=threads, listen_all=listen_all, presets=presets)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(chat.run(inbox))
        bot = Bot(chat=chat, inbox=inbox, running=task)
        await simulator.until(lambda: simulator.gateway.connected)
        await simulator.until(lambda: simulator.desk.world.commands)
        try:
            yield bot
        finally:
            bot.stop()


TURN = "0123456789abcdef"
DELIVERY = "a1b2c3d4e5f6a1b2c3d4e5f6"


def part(text: str, *, streaming: bool = False, final: bool = True, key: str = "answer/0") -> Frame:
    label = "⏹ Stop" if streaming else "🔁 Retry"
    action: Literal["stop", "retry"] = "stop" if streaming else "retry"
    return Frame(
        key=key,
        content=Part(
            turn_id=TURN,
            index=0,
            text=text,
            streaming=streaming,
            footer=None if streaming else FOOTER,
        ),
        buttons=(Button(action=action, label=label, turn_id=TURN),),
        final=final and not streaming,
        notify=True,
    )


FOOTER = Footer(
    preset="review",
    used=2,
    asked=3,
    usage=Usage(input=1000, output=234),
    dollars=Decimal("0.0042"),
    priced=True,
    seconds=6.1,
)


def panel(*states: Literal["waiting", "writing", "ok", "failed"], settled: bool = False) -> Frame:
    rows = tuple(
        Row(
            position=n,
            label=f"model_{n}",
            state=state,
            seconds=3.1 if state == "ok" else None,
            gist="It is **four**." if state == "ok" and settled else "",
            text="It is **four**. Because." if state == "ok" else "",
            reason="busy" if state == "failed" else "",
        )
        for n, state in enumerate(states, 1)
    )
    buttons = tuple(
        Button(action="advisors", label=f"👁 {row.label}", turn_id=TURN, value=str(row.position))
        for row in rows
        if row.state == "ok"
    )
    return Frame(
        key="panel",
        content=Panel(turn_id=TURN, preset="review", rows=rows, settled=settled),
        buttons=buttons,
    )


def notice(text: str, *buttons: Button) -> Frame:
    return Frame(key="notice", content=Notice(text=text), buttons=buttons, final=True)
