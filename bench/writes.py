"""The rows about the store: what one turn writes, and what writing costs."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from adapters.llm.wire import open_session
from adapters.store.sql import SqlStore
from adapters.store.sqlite import SQLite
from bench.engine import request_of
from bench.scene import FAST, Scene
from bench.table import Row
from bench.whole import runner_of
from core.events import TurnEvent, TurnFinished
from core.records import TurnStart
from core.types import Address, Author, Line, Message
from gateway.turn.turns import TurnRunner
from tests.fakes.counted import Counted

THREE = Scene(references=(FAST, FAST, FAST), aggregator=FAST)
STATEMENTS, TRANSACTIONS = 8, 3
"""Of a turn, plus one of each per reference checkpoint and two per posted message."""
REFERENCES, POSTS = 3, 2


async def rows(base_url: str) -> list[Row]:
    """Play one chat turn against a store that counts: a panel and an answer are posted."""
    with tempfile.TemporaryDirectory() as folder:
        counted = Counted(await SQLite.open(Path(folder) / "bench.db"))
        async with asyncio.TaskGroup() as group, open_session() as session:
            store = SqlStore(counted)
            await _turn(runner_of(group, session, base_url, store), store)
        await counted.close()
    return [
        _row("statements", counted.statements, STATEMENTS),
        _row("transactions", counted.transactions, TRANSACTIONS),
    ]


async def _turn(runner: TurnRunner, store: SqlStore) -> None:
    address = Address(platform="bench", channel="1")
    asker = Author(id="1", name="Ann")
    request = request_of(THREE, 1)
    question = Line.of("user", "?")
    accepted = await store.accept(
        Message(event_id="1", address=address, author=asker, text="?", at=0)
    )
    assert accepted is not None
    start = TurnStart(
        turn_id=request.turn_id,
        session=address.session,
        place=address,
        seq=accepted.seq,
        preset=request.preset,
        question=question,
        asker=asker.id,
        history=0,
        started=0,
    )
    await store.begin(start)
    for key in ("panel", "part"):
        await store.attempting(start.turn_id, key)
        await store.posted(start.turn_id, key, "1")

    def tell(_: TurnEvent) -> None:
        pass

    ending = await runner.run(request, start, tell)
    assert isinstance(ending, TurnFinished), ending
    await store.delivered(start.turn_id)


def _row(what: str, count: int, base: int) -> Row:
    return Row(
        what=f"SQL {what} of a chat turn with {REFERENCES} references and {POSTS} posts",
        unit="",
        ours=count,
        target=f"≤ {base} + 1 per reference + 2 per post",
        limit=base + REFERENCES + 2 * POSTS,
    )
