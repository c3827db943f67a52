"""A backup that is made while much is written holds all that was confirmed before it began."""

from __future__ import annotations

import asyncio
import sqlite3
import tarfile
from contextlib import closing
from itertools import count
from pathlib import Path

from adapters.store import archive, check, open_sqlite
from core.storage import Store
from tests.fakes.turns import end, message, start

NAME = "moa-gateway.db"
BACKUPS, MANY = 4, 40


async def turns(store: Store, told: list[str], many: asyncio.Event, over: asyncio.Event) -> None:
    """Answer one question after the other: as much as the disk takes, and over twenty a second."""
    for number in count(1):
        accepted = await store.accept(message(f"e{number}", "Why? " * 200))
        assert accepted is not None
        told.append(f"e{number}")
        await store.begin(start(f"t{number}", seq=accepted.seq))
        await store.finish(end(f"t{number}"))
        if number == MANY:
            many.set()
        if over.is_set():
            return


def put_back(backup: Path, folder: Path) -> tuple[list[str], int]:
    """Unpack it as the page says; give the events that it knows, and its turns."""
    with tarfile.open(backup) as tar:
        tar.extractall(folder, filter="data")
    with closing(sqlite3.connect(folder / NAME)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found = [
            event for (event,) in connection.execute("SELECT event_id FROM inbox ORDER BY seq")
        ]
        unclaimed = (
            "SELECT COUNT(*) FROM turns LEFT JOIN inbox USING (turn_id) WHERE inbox.seq IS NULL"
        )
        (torn,) = connection.execute(unclaimed).fetchone()
    return found, int(torn)


async def test_a_backup_while_turns_are_written_is_of_one_moment(tmp_path):
    data = tmp_path / NAME
    store = await open_sqlite(data)
    told: list[str] = []
    many, over = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(turns(store, told, many, over))
        async with asyncio.timeout(60):
            await many.wait()
        for number in range(BACKUPS):
            before = list(told)
            target = tmp_path / f"{number}.tar"
            await asyncio.to_thread(archive, data, target)
            assert (await asyncio.to_thread(check, target, name=NAME)).missing == 0
            found, torn = await asyncio.to_thread(put_back, target, tmp_path / str(number))
            assert found[: len(before)] == before
            assert found == told[: len(found)]
            assert torn == 0
        over.set()
    await store.close()
