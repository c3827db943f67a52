"""A chat adapter at its platform's simulator, and people who talk to it: for contract tests.

    async with opened("slack") as stand:
        asked = await stand.heard("group", "Hello")
        await stand.post(asked, answer("Good morning."))
        assert stand.shown("group")[0].text

What differs between the platforms stands in the file of each, and nowhere else.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, ClassVar, Literal

from typing_extensions import override

from core.errors import GatewayError
from core.frames import Frame
from core.ports import ChatAdapter
from core.types import Added, Address, Command, Incoming, Message, Press
from gateway.clock import SystemClock
from tests.fakes.memory_gaps import MemoryGaps
from tests.patience import PATIENCE
from tests.simulators.base import Changes

Where = Literal["dm", "group", "thread"]
Thing = Literal["photo", "document", "voice", "sticker", "poll"]
WHERES: tuple[Where, ...] = ("dm", "group", "thread")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A message of the bot, as people see it. `links` are what leads away where it is pressed."""

    id: str
    text: str
    place: str
    buttons: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    edits: int = 0
    pings: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    unfurls: bool = False
    whispered_to: str | None = None
    streaming: bool = False


@dataclass(slots=True)
class Inbox(MemoryGaps):
    """An intake that keeps each event once; what is planned in `refusals` is raised first."""

    changes: Changes
    kept: list[Incoming] = field(default_factory=list)
    refusals: list[GatewayError] = field(default_factory=list)
    arrivals: list[Added] = field(default_factory=list)
    repeats: int = 0

    async def __call__(self, incoming: Incoming) -> bool:
        if isinstance(incoming, Added):  # most tests are not about where the bot was brought
            self.arrivals.append(incoming)
            self.changes.tell()
            return True
        if self.refusals:
            refusal = self.refusals.pop(0)
            self.changes.tell()
            raise refusal
        new = all(each.event_id != incoming.event_id for each in self.kept)
        if new:
            self.kept.append(incoming)
        else:
            self.repeats += 1
        self.changes.tell()
        return new

    async def admitted(self, incoming: Incoming) -> Incoming | None:
        return incoming

    @property
    def messages(self) -> Sequence[Message]:
        return [each for each in self.kept if isinstance(each, Message)]

    @property
    def presses(self) -> Sequence[Press]:
        return [each for each in self.kept if isinstance(each, Press)]

    @property
    def commands(self) -> Sequence[Command]:
        return [each for each in self.kept if isinstance(each, Command)]

    @override
    def _may_write(self) -> None:
        """It can be written."""

    async def bookmarks(self, platform: str = "", *, most: int = 50) -> Mapping[Address, str]:
        return {each.address: each.message_id for each in self.messages if each.message_id}


class Stand:
    """A running adapter with Ann and Ben, who own the place, and a bot of somebody else's."""

    platform: ClassVar[str]
    things: ClassVar[tuple[Thing, ...]]
    whispers: ClassVar[tuple[str, ...]] = ("press", "command")
    """What one person alone can be answered to, by the platform's own means."""
    posting: ClassVar[str]
    editing: ClassVar[str]
    """The calls that post and edit."""

    def __init__(self, sim: Any) -> None:
        self.sim = sim
        self.ann, self.ben = sim.person("Ann"), sim.person("Ben")
        self.robot = sim.person("Robot", bot=True)
        self.inbox = Inbox(sim.changes)
        self.places: dict[Where, Any] = {}
        self.chat = self.made()
        self.refused: GatewayError | None = None
        self._numbers = count(1)
        self._group = asyncio.TaskGroup()
        self._task: asyncio.Task[None] | None = None

    # --- its life ----------------------------------------------------------------------------

    def made(self, **changed: object) -> ChatAdapter:
        """Make an adapter for this platform, with some of its options changed."""
        raise NotImplementedError

    def wrong(self) -> ChatAdapter:
        """Make one whose token is nobody's."""
        raise NotImplementedError

    async def settle(self) -> None:
        """Make the places."""
        raise NotImplementedError

    def listening(self) -> object:
        """Tell whether the platform sees it listen."""
        raise NotImplementedError

    async def start(self) -> None:
        """Run it, and wait until it listens."""
        self._task = self._group.create_task(self._run(self.chat))
        await self.until(self.listening)

    async def _run(self, chat: ChatAdapter) -> None:
        try:
            await chat.run(self.inbox)
        except GatewayError as error:
            self.refused = error
            self.sim.changes.tell()

    async def stop(self) -> None:
        """Let it end as the program does; what was said meanwhile waits at the platform."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def restart(self) -> None:
        """Stop it, and run a new one that remembers nothing."""
        await self.stop()
        self.chat = self.made()
        await self.start()

    async def until(self, true: Any) -> None:
        await self.sim.until(true, seconds=PATIENCE)

    # --- what people do ----------------------------------------------------------------------

    async def say(self, where: Where, text: str, *, who: Any = None, **extra: Any) -> str:
        """Say something, with a mention where others read."""
        raise NotImplementedError

    async def go_on(self, asked: Message, where: Where, text: str) -> str:
        """Say more in the same conversation, as people do there."""
        raise NotImplementedError

    async def people_talk(self, *texts: str) -> list[str]:
        """Let Ben say these in the thread, to nobody in particular; give the messages' ids."""
        place = self.places["thread"]
        return [await self.sim.say(place, self.ben, text, **self.threaded()) for text in texts]

    def threaded(self) -> dict[str, Any]:
        """Say how the simulator is told of the thread, if it is no place of its own."""
        return {}

    async def change(self, where: Where, message_id: str, text: str) -> None:
        """Let Ann change what she said, the mention with it."""
        raise NotImplementedError

    async def unsay(self, where: Where, message_id: str) -> bool:
        """Let Ann delete what she said; whether the platform tells of it."""
        raise NotImplementedError

    async def preview(self, where: Where, message_id: str) -> bool:
        """Let the platform find out where the links of a message lead; whether it tells of it."""
        raise NotImplementedError

    async def send(self, thing: Thing, where: Where) -> None:
        """Send something that is no text."""
        raise NotImplementedError

    async def heard(self, where: Where, text: str = "Hello", **extra: Any) -> Message:
        """Say something, and give it as the adapter hands it on."""
        before = len(self.inbox.kept)
        await self.say(where, text, **extra)
        return await self.next(before)

    async def next(self, before: int) -> Message:
        """Give the first message after so many events."""
        await self.until(lambda: len(self.inbox.kept) > before)
        message = self.inbox.kept[before]
        assert isinstance(message, Message)
        return message

    async def press(self, where: Where, message_id: str, label: str, *, who: Any = None) -> Any:
        """Press a button or choose in a list; gives what the platform itself tells the presser."""
        raise NotImplementedError

    @asynccontextmanager
    async def pressing(
        self, where: Where, message_id: str, label: str, *, who: Any = None
    ) -> AsyncIterator[list[str]]:
        """Press while the block runs; afterwards the list has what the presser was told."""
        told: list[str] = []

        async def press() -> None:
            told.append(await self.press(where, message_id, label, who=who))

        async with asyncio.TaskGroup() as group:
            group.create_task(press())
            yield told

    @asynccontextmanager
    async def commanding(self, where: Where, name: str, args: str = "") -> AsyncIterator[None]:
        """Give a command while the block runs."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.sim.command(self.places[where], self.ann, name, args))
            yield

    @staticmethod
    def now() -> int:
        """Give the wall time in ms, as the store has it."""
        return int(SystemClock().now().timestamp() * 1000)

    async def remove(self, seen: Seen) -> None:
        """Delete a message of the bot."""
        raise NotImplementedError

    async def close(self, where: Where) -> None:
        """Throw the bot out; in private, block it; take a thread away."""
        raise NotImplementedError

    # --- what the platform does -----------------------------------------------------------------

    @staticmethod
    async def again(sim: Any) -> None:
        """Deliver the last message once more, as after a lost acknowledgement."""
        raise NotImplementedError

    def hold(self, where: Where, seconds: float) -> None:
        """Refuse the next message in a place, with 429."""
        raise NotImplementedError

    async def revoke(self) -> None:
        raise NotImplementedError

    # --- what the bot does ----------------------------------------------------------------------

    async def post(self, asked: Message, frame: Frame, *, delivery_id: str = "") -> str:
        """Post an answer where it was asked."""
        return await self.chat.post(
            asked.address,
            frame,
            delivery_id=delivery_id or f"{next(self._numbers):024d}",
            reply_to=asked.reply_to,
        )

    async def find(
        self, asked: Message, delivery_id: str, *, since: int, frame: Frame | None = None
    ) -> str | None:
        """Look for an answer that was perhaps posted where it was asked."""
        return await self.chat.find(
            asked.address, delivery_id, since=since, reply_to=asked.reply_to, frame=frame
        )

    # --- what people see ------------------------------------------------------------------------

    def shown(self, where: Where) -> list[Seen]:
        """The bot's messages in a place and in the threads under it, oldest first."""
        raise NotImplementedError

    def one(self, where: Where, message_id: str) -> Seen:
        """Find a message by what the adapter calls it."""
        return next(each for each in self.shown(where) if each.id == message_id)


@asynccontextmanager
async def standing(stand: Stand, *, run: bool = True) -> AsyncIterator[Stand]:
    """Run it until the block ends."""
    await stand.settle()
    async with stand._group:
        if run:
            await stand.start()
        try:
            yield stand
        finally:
            await stand.stop()
