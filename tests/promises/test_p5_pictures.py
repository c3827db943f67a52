"""P5: the pictures of all turns at work take so much memory together, however many there are."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from core.engine import TurnRequest
from core.records import TurnStart
from core.types import Address, Message
from gateway.turn.pictures import PictureRoom
from gateway.turn.turns import TurnRunner
from tests import samples
from tests.fakes.memory_store import MemoryStore
from tests.fakes.model import ScriptedModel
from tests.gateway.assembled import ANNA, TEXT, Parts, assembled
from tests.gateway.test_attachments import Source, attached

PEOPLE, EACH = 6, 4
RUN = TurnRunner.run


def place(number: int) -> Address:
    return Address(platform="fake", channel=f"room {number}")


def pictures() -> dict[str, bytes]:
    """Make pictures for everybody, no two alike."""
    names = [f"{number}{each}" for number in range(PEOPLE) for each in range(EACH)]
    return {f"{each}.png": samples.png(grey=100 + int(each)) for each in names}


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(60):  # making pictures smaller is much to do
        while not true():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.005)


async def shows(parts: Parts, number: int) -> None:
    """Ask about pictures."""
    await parts.gateway.intake(
        Message(
            event_id=f"p{number}",
            address=place(number),
            author=replace(ANNA, id=f"u{number}"),
            text="What is it?",
            at=1_000,
            direct=True,
            attachments=attached(*(f"{number}{each}.png" for each in range(EACH))),
        )
    )


async def endings(parts: Parts) -> list[str]:
    turns = [await parts.store.turns(place(number).session) for number in range(PEOPLE)]
    return ["".join(each.end.ending for each in its if each.end) for its in turns]


@dataclass
class Shown:
    """Lets turns with pictures wait until it is told to `go`, and knows where they are."""

    go: asyncio.Event = field(default_factory=asyncio.Event)
    where: list[Address] = field(default_factory=list)
    most: int = 0
    all: int = 0

    async def run(
        self, runner: TurnRunner, request: TurnRequest, start: TurnStart, *given: Any
    ) -> Any:
        if not any(line.images for line in request.lines):
            return await RUN(runner, request, start, *given)
        self.where.append(start.place)
        self.most, self.all = max(self.most, len(self.where)), self.all + 1
        await self.go.wait()
        try:
            return await RUN(runner, request, start, *given)
        finally:
            self.where.remove(start.place)


def method_of(shown: Shown) -> Callable[..., Awaitable[Any]]:
    """Make a method of it: one that is bound already would not get the runner."""

    async def run(*given: Any) -> Any:
        return await shown.run(*given)

    return run


async def test_p5_pictures_of_many_turns_take_so_much_memory_together(tmp_path, monkeypatch):
    """A turn holds its pictures to its end; the next one waits for its share, and no other does."""
    files, shown = pictures(), Shown()
    monkeypatch.setattr(TurnRunner, "run", method_of(shown))
    text = f"{TEXT}\ndata_dir: {tmp_path}/data\n"
    chat = Source({**files})
    async with assembled(MemoryStore(), ScriptedModel(), chat=chat, text=text) as parts:
        room = parts.gateway.exchange.attachments.room
        room._free = room._most = most = 2 * EACH * max(map(len, files.values()))
        for number in range(PEOPLE):
            await shows(parts, number)
        await until(lambda: len(room._waiting) == PEOPLE - 2)
        await parts.ask("Why?", room="words")  # it has no picture, and waits for nothing
        await until(lambda: len(parts.sessions._tasks) == PEOPLE)
        waits = next(number for number in range(PEOPLE) if place(number) not in shown.where)
        await parts.press("stop", "", room=f"room {waits}", who=replace(ANNA, id=f"u{waits}"))
        await until(lambda: len(room._waiting) == PEOPLE - 3)
        shown.go.set()
        await parts.idle()
        ends = await endings(parts)
    assert (shown.most, shown.all) == (2, PEOPLE - 1)
    assert ends.pop(waits) == "stopped"
    assert ends == ["finished"] * (PEOPLE - 1)
    assert (room._free, room._held, len(room._waiting)) == (most, {}, 0)


async def test_p5_a_wait_for_pictures_that_is_given_up_gives_back_its_share():
    room = PictureRoom(10)
    with room.kept("one"):
        await room.take("one", 6)
        async with asyncio.TaskGroup() as group:
            large = group.create_task(room.take("large", 900))  # more than there is: all of it
            small = group.create_task(room.take("small", 1))
            await asyncio.sleep(0)
            assert not large.done()
            assert not small.done()  # it came later
            large.cancel()
    with room.kept("small"):
        assert room._held == {"small": 1}
    assert (room._free, room._held, len(room._waiting)) == (10, {}, 0)
