"""Shows that files are streamed to the disk: memory goes neither by size nor by number (P5)."""

from __future__ import annotations

import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from adapters.files import shelf as shelves
from adapters.files.shelf import Shelf
from gateway.turn import attachments
from tests.gateway.harness import running_gateway
from tests.gateway.messenger_scene import scene
from tests.promises.guests import Guest, until

PIECE = 64 * 1024
SMALL, LARGE = 2 * 1024 * 1024, 20 * 1024 * 1024
MANY = 1_000
LOOKED_AT = attachments.Attachments._looked_at
SLACK = 512 * 1024
"""Bytes by which two runs may differ."""


async def pieces(size: int) -> AsyncIterator[bytes]:
    for number in range(size // PIECE):
        yield bytes([number % 256]) * PIECE


async def peak(folder: Path, size: int) -> int:
    """Receive a file and give the most memory that was in use meanwhile."""
    shelf = Shelf(folder)
    tracemalloc.start()
    try:
        received = await shelf.receive(pieces(size), most=LARGE)
        await shelf.keep(received)
        found = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert received.size == size
    return found


async def test_p5_a_file_takes_as_much_memory_as_one_of_a_tenth_of_its_size(tmp_path):
    await peak(tmp_path / "first", SMALL)  # whatever is loaded once, is loaded
    small = await peak(tmp_path / "small", SMALL)
    large = await peak(tmp_path / "large", LARGE)
    assert large - small < SLACK
    assert large < SMALL + SLACK


class Together:
    """Counts how many of a kind are under way at once, at most."""

    def __init__(self) -> None:
        self.now = self.most = self.all = 0

    def counted(self, work: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def counted(*given: Any, **named: Any) -> Any:
            self.now, self.all = self.now + 1, self.all + 1
            self.most = max(self.most, self.now)
            try:
                return await work(*given, **named)
            finally:
                self.now -= 1

        return counted


async def test_p5_many_large_files_at_once_are_fetched_and_read_a_few_at_a_time(
    tmp_path, monkeypatch
):
    fetched, read, waiting = Together(), Together(), list[int]()
    take = shelves._Arriving.take

    def taken(arriving: shelves._Arriving, piece: bytes) -> int:
        size = take(arriving, piece)
        waiting.append(len(arriving._waiting))
        return size

    monkeypatch.setattr(shelves._Arriving, "take", taken)
    monkeypatch.setattr(Shelf, "receive", fetched.counted(Shelf.receive))
    monkeypatch.setattr(attachments.Attachments, "_looked_at", read.counted(LOOKED_AT))
    monkeypatch.setattr(attachments, "AT_ONCE", 2)
    monkeypatch.setattr(attachments, "READ_AT_ONCE", 1)
    async with AsyncExitStack() as stack:
        there = await stack.enter_async_context(scene(tmp_path, "dm"))
        text = there.text.replace("unpriced: 1", "unpriced: 0")
        await stack.enter_async_context(running_gateway(text, tmp_path))
        guests = []
        for stage in there.stages:
            await stage.until(stage.listening)
            for number in range(3):
                person = stage.sim.person(f"Guest {number}")
                place = stage.sim.dm(person)
                question = f"Why? ({stage.platform} {number};)"
                guests.append(Guest(stage=stage, person=person, place=place, question=question))
        for guest in guests:
            mine = f"{guest.question}\n".encode()
            whole = (mine * (LARGE // len(mine)))[:LARGE]
            await guest.stage.sim.say(
                guest.place, guest.person, guest.question, files=[("words.txt", whole)]
            )
        await until(there, lambda: all(each.answered for each in guests))
        seen = str([each.body for each in there.models.seen])
        assert all(seen.count(each.question) > MANY for each in guests)  # models read the files
    assert (fetched.all, fetched.most) == (len(guests), 2)
    assert (read.all, read.most) == (len(guests), 1)
    assert max(waiting) <= shelves._PIECE + PIECE
