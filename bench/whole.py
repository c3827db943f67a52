"""The program's turn with all that is around it: runner, checkpoints, SQLite, advice, mailbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, time

import aiohttp

from adapters.store.sql import SqlStore
from adapters.store.sqlite import SQLite
from bench.engine import request_of, world_of
from bench.scene import Scene, Took
from core.events import AnswerDelta, TurnFailed, TurnFinished, TurnStopped
from core.records import TurnStart
from core.types import Address, Line
from gateway.delivery.mailbox import Mailbox
from gateway.turn.advice_cache import SharedAdvice
from gateway.turn.turns import TurnRunner


class Whole:
    """Runs turns as a request over /v1 does, without its HTTP."""

    def __init__(self, runner: TurnRunner, store: SqlStore) -> None:
        self._runner = runner
        self._store = store
        self._numbers = count(1)

    async def turn(self, scene: Scene) -> Took:
        """Store the question, answer it with somebody who listens, store the ending."""
        number = next(self._numbers)
        request = request_of(scene, number)
        start = TurnStart(
            turn_id=request.turn_id,
            session=f"bench:{number}",
            place=Address(platform="web", channel="room"),
            seq=None,
            preset=request.preset,
            question=Line.of("user", "?"),
            asker="bench",
            history=0,
            started=int(time()),
        )
        mailbox = Mailbox()
        began = perf_counter()
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(_listen(mailbox, began))
            await self._store.begin(start)
            ending = await self._runner.run(request, start, mailbox.tell)
        assert isinstance(ending, TurnFinished), ending
        return Took(first=listening.result(), whole=perf_counter() - began)


async def _listen(mailbox: Mailbox, began: float) -> float:
    """Empty the mailbox as it fills; give when the first piece of the answer was in it."""
    first = 0.0
    while True:
        for event in await mailbox.take():
            if isinstance(event, AnswerDelta):
                first = first or perf_counter() - began
            elif isinstance(event, TurnFinished | TurnStopped | TurnFailed):
                return first


def runner_of(
    group: asyncio.TaskGroup, session: aiohttp.ClientSession, base_url: str, store: SqlStore
) -> TurnRunner:
    """Make what runs turns, and tells nobody but who asks."""
    world = world_of(session, base_url)
    return TurnRunner(
        world=world,
        cache=SharedAdvice(group, world.clock),
        store=store,
        sinks=(),
        listeners=(),
        running={},
    )


@asynccontextmanager
async def whole(session: aiohttp.ClientSession, base_url: str) -> AsyncIterator[Whole]:
    """Open one with an empty database."""
    with TemporaryDirectory() as folder:
        store = SqlStore(await SQLite.open(Path(folder) / "bench.db"))
        try:
            async with asyncio.TaskGroup() as group:
                yield Whole(runner_of(group, session, base_url, store), store)
        finally:
            await store.close()
