"""A small program around a real adapter, at a strict platform in which one call goes wrong once.

    async with bench("telegram") as bench:
        bench.fail("sendMessage", FAULTS["cut after it is done"])
        await bench.ask(bench.group)
        assert await bench.answered(bench.group)

The platform, the client library, the adapter and the delivery are real; what is answered is always
`ANSWER`. Each case has a platform of its own, so that it is told apart and costs milliseconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeVar

from typing_extensions import override

from adapters.chat.discord import DiscordChat, DiscordOptions
from adapters.chat.slack import SlackChat
from adapters.chat.telegram import TelegramChat, TelegramOptions
from core.errors import ChatError
from core.events import AnswerDelta, TurnFinished
from core.frames import Frame, Notice
from core.ports import ChatAdapter
from core.texts.turns import UNSURE
from core.types import Address, Attachment, Command, Incoming, Message, Press
from gateway.clock import SystemClock
from gateway.delivery import ChatBudgets, TurnInfo, deliver
from gateway.delivery.asides import Asides, insistently
from gateway.delivery.mailbox import Mailbox
from tests.adapters.chat.slack.conftest import nobody_s_home
from tests.adapters.chat.slack.conftest import options as slack_options
from tests.fakes.memory_gaps import MemoryGaps
from tests.fakes.told import result, started
from tests.gateway.test_delivery import Rows
from tests.simulators.base import Fault
from tests.simulators.discord.simulator import DiscordSimulator
from tests.simulators.slack import SlackSimulator
from tests.simulators.telegram import TelegramSimulator

WORDS: Final = "word and word and more words of the answer go by here. "
ANSWER: Final = f"Begin. {WORDS * 6}End-of-it."
TOLD: Final = "That is how it is."
"""What presses and commands are answered."""
PAGE: Final = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head></html>"
PATIENCE: Final = 60.0
MOMENT: Final = 0.6
"""Seconds in which half an answer is shown, if nothing is in the way."""
CODE: Final = "Begin.\n```python\n" + "print('word and word')\n" * 600 + "```\nEnd-of-it."
"""An answer with what no message holds, which becomes a file."""

COMMON: Final[Mapping[str, Fault]] = {
    "cut before it is done": Fault(kind="reset"),
    "cut after it is done": Fault(kind="drop"),
    "late": Fault(kind="delay", seconds=1.5),
    "429": Fault(kind="refuse", status=429, retry_after=1),
    "429 without a time": Fault(kind="refuse", status=429),
    "429 with a page": Fault(kind="refuse", status=429, body=PAGE, retry_after=1),
    "403 with a page": Fault(kind="refuse", status=403, body=PAGE),
    "500": Fault(kind="refuse", status=500),
    "502 with a page": Fault(kind="refuse", status=502, body=PAGE),
    "503 without a word": Fault(kind="refuse", status=503, body=""),
    "done, and a page": Fault(kind="garble", body=PAGE),
    "done, and half an answer": Fault(kind="garble", body='{"ok": tr'),
    "done, and no answer": Fault(kind="garble", body="{}"),
}
"""What goes wrong with any call of any platform."""
DOUBTFUL: Final = frozenset(
    {
        "cut before it is done",
        "cut after it is done",
        "done, and a page",
        "done, and half an answer",
        "done, and no answer",
    }
)
"""Those after which nobody can tell whether it was done."""
DONE: Final = DOUBTFUL - {"cut before it is done"}

T = TypeVar("T")


class Desk(MemoryGaps):
    """Answers every question with `ANSWER`, every press and command with `TOLD`."""

    def __init__(self, chat: Callable[[Desk], ChatAdapter], *, panel: bool, answer: str) -> None:
        self.panel = panel
        self.answer = answer
        self.chat = chat(self)
        self.taken: dict[str, Incoming] = {}
        self.gone: list[str] = []
        """What was to be told to one person, and could not be."""
        self.over: dict[str, bool] = {}
        """By question: whether nothing is left to do for it."""
        self._group: asyncio.TaskGroup | None = None
        self._asides: Asides | None = None
        self._budgets = ChatBudgets()

    @override
    def _may_write(self) -> None:
        """It may."""

    def begin(self, group: asyncio.TaskGroup) -> None:
        self._group = group
        self._asides = Asides(group, {self.chat.platform: self.chat})

    async def __call__(self, incoming: Incoming) -> bool:
        if incoming.event_id in self.taken:
            return False
        self.taken[incoming.event_id] = incoming
        assert self._group is not None
        assert self._asides is not None
        if isinstance(incoming, Message) and incoming.addressed:
            self._asides.acknowledge(incoming, more=False)
            self._group.create_task(self._answer(incoming))
        elif isinstance(incoming, Command | Press):
            self._asides.begin("whisper", partial(self._whisper, incoming))
        return True

    async def _whisper(self, to: Command | Press) -> None:
        """Tell one person, as `Asides.whisper` does, and note it if that does not work."""
        frame = Frame(key="told", content=Notice(text=TOLD))
        try:
            await insistently(partial(self.chat.whisper, to, frame))
        except ChatError as error:
            self.gone.append(str(error))
            raise

    async def admitted(self, incoming: Incoming) -> Incoming | None:
        return incoming

    @property
    def files(self) -> Sequence[Attachment]:
        """Give all files that came along with questions."""
        said = [each for each in self.taken.values() if isinstance(each, Message)]
        return [file for each in said for file in each.attachments]

    async def bookmarks(self, platform: str = "", *, most: int = 50) -> Mapping[Address, str]:
        return {}

    async def _answer(self, message: Message) -> None:
        mailbox = Mailbox()
        info = TurnInfo(
            turn_id=f"t{len(self.taken)}",
            address=message.address,
            reply_to=message.reply_to,
            since=message.at,
        )
        rows = Rows(type("Log", (), {"log": ()})())
        async with asyncio.TaskGroup() as group:
            shown = group.create_task(
                deliver(info, mailbox, adapter=self.chat, outbox=rows, budgets=self._budgets)
            )
            labels = ("a",) if self.panel else ()
            mailbox.tell(started(*labels, turn_id=info.turn_id))
            half = len(self.answer) // 2
            mailbox.tell(AnswerDelta(text=self.answer[:half]))
            await asyncio.sleep(MOMENT)
            mailbox.tell(AnswerDelta(text=self.answer[half:]))
            mailbox.tell(TurnFinished(result=result(self.answer)))
        self.over[message.event_id] = shown.result()


@dataclass(kw_only=True, eq=False)
class Bench:
    """What is there."""

    sim: Any
    desk: Desk
    running: asyncio.Task[None]
    hit: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.ann, self.ben = self.sim.person("Ann"), self.sim.person("Ben")
        self.dm, self.other = self.sim.dm(self.ann), self.sim.dm(self.ben)
        self.group = self.sim.group("team", self.ann, self.ben)

    @property
    def chat(self) -> ChatAdapter:
        return self.desk.chat

    def fail(self, method: str, fault: Fault, *, times: int = 1) -> None:
        """Let the next calls of a method go wrong."""
        left = times

        def chance(called: str, _given: Mapping[str, Any]) -> Fault | None:
            nonlocal left
            if called != method or not left:
                return None
            left -= 1
            self.hit.set()
            return fault

        self.sim.faults.chance = chance

    async def listening(self) -> None:
        """Wait until the bot hears what is said."""
        sim = self.sim
        if isinstance(sim, TelegramSimulator):
            await sim.until(lambda: sim.requests.of("getUpdates", "setWebhook"), seconds=PATIENCE)
        elif isinstance(sim, DiscordSimulator):
            await sim.until(lambda: sim.gateway.connected, seconds=PATIENCE)
        else:
            await sim.until(lambda: sim.sockets.links, seconds=PATIENCE)

    async def ask(self, place: Any, who: Any = None, **said: Any) -> str:
        """Ask something; who asks in the group mentions the bot."""
        mention = place is self.group
        asked: str = await self.sim.say(place, who or self.ann, "Which?", mention=mention, **said)
        return asked

    def seen(self, place: Any) -> Sequence[Any]:
        """Give what the bot shows there, and in the threads there."""
        below = self.sim.threads(place) if isinstance(self.sim, DiscordSimulator) else ()
        return [each for here in (place, *below) for each in self.sim.shown(here)]

    def texts(self, place: Any) -> Sequence[str]:
        return [each.text for each in self.seen(place)]

    def wholes(self, place: Any) -> int:
        return sum("End-of-it." in each for each in self.texts(place))

    def begun(self, place: Any) -> int:
        return sum("Begin." in each for each in self.texts(place))

    def notes(self, place: Any) -> int:
        return sum(UNSURE in each for each in self.texts(place))

    async def until(self, true: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not true():  # noqa: ASYNC110 - three platforms, and the desk
                await asyncio.sleep(0.05)

    async def ended(self, count: int = 1) -> None:
        """Wait until so many questions have been answered, or given up."""
        await self.until(lambda: len(self.desk.over) >= count)


@asynccontextmanager
async def bench(
    platform: str,
    *,
    panel: bool = False,
    run: bool = True,
    answer: str = ANSWER,
    chat: Callable[..., ChatAdapter] | None = None,
    **settings: Any,
) -> AsyncIterator[Bench]:
    """Open a platform and the small program; it listens unless `run` is not."""
    async with SIMULATORS[platform](**settings) as sim:
        desk = Desk(partial(chat or CHATS[platform], sim), panel=panel, answer=answer)
        async with asyncio.TaskGroup() as group:
            desk.begin(group)
            running = group.create_task(_running(desk, run=run))
            made = Bench(sim=sim, desk=desk, running=running)
            yield made
            running.cancel()
        await _let_go(desk)


async def _running(desk: Desk, *, run: bool) -> None:
    if run:
        await desk.chat.run(desk)


async def _let_go(desk: Desk) -> None:
    if isinstance(desk.chat, TelegramChat):
        await desk.chat._account.disconnect()


def telegram(sim: TelegramSimulator, _desk: Desk) -> TelegramChat:
    options = TelegramOptions(
        platform="telegram",
        token=sim.token,
        base_url=sim.base_url,
        base_file_url=sim.base_file_url,
    )
    return TelegramChat(options, clock=SystemClock())


def discord(sim: DiscordSimulator, desk: Desk) -> DiscordChat:
    options = DiscordOptions(
        platform="discord", token=sim.token, api_base=sim.api_base, gateway_url=sim.gateway_url
    )
    return DiscordChat(options, clock=SystemClock(), gaps=desk)


def slack(sim: SlackSimulator, _desk: Desk) -> SlackChat:
    return SlackChat(slack_options(sim), clock=SystemClock(), home=nobody_s_home)


SIMULATORS: Final[Mapping[str, Callable[..., Any]]] = {
    "telegram": partial(TelegramSimulator, scale=20, privacy=False),
    "discord": partial(DiscordSimulator, scale=0.05, content_intent=True),
    "slack": partial(SlackSimulator, scale=20),
}
CHATS: Final[Mapping[str, Callable[..., ChatAdapter]]] = {
    "telegram": telegram,
    "discord": discord,
    "slack": slack,
}


async def each_of(cases: Iterable[str], act: Callable[[str], Awaitable[T]]) -> Mapping[str, T]:
    """Do something for each case, all at once; give what came of each."""
    async with asyncio.TaskGroup() as group:
        tasks = {each: group.create_task(_done(act(each))) for each in cases}
    return {each: task.result() for each, task in tasks.items()}


async def _done(act: Awaitable[T]) -> T:
    return await act


async def outcome(act: Awaitable[T]) -> T | ChatError:
    """Give what came of a call, be it an error of ours."""
    try:
        return await act
    except ChatError as error:
        return error
