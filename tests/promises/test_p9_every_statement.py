"""P9: every statement of two turns fails once, in each way in which a disk fails.

What was not stored is not acknowledged, and comes again; what waits goes on when there is space;
nothing is lost, nothing is answered twice, and the file stays whole.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapters.store import open_sqlite
from gateway import patience
from tests.chaos.failing_sqlite import SAID, Disk
from tests.chaos.test_every_call import offered
from tests.chaos.twice_started import FIRST, SECOND, World, nothing_runs


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.001)


@pytest.fixture
async def empty(tmp_path) -> Path:
    """A file of today's version, to be copied: making one takes longer than two turns."""
    path: Path = tmp_path / "empty.db"
    await (await open_sqlite(path)).close()
    return path


async def played(empty: Path, disk: Disk) -> None:
    path = empty.with_name("data.db")
    shutil.copy(empty, path)
    world = World(await open_sqlite(path), pace=0.0)
    async with world.started() as scene:
        await offered(scene, FIRST, 1, pause=0.0)
        await offered(scene, SECOND, 2, pause=0.0)
        await scene.parts.idle()
        assert await world.store.waiting() == []
    disk.at = 0
    await world.again()
    await world.hold()
    await world.store.close()
    nothing_runs(world)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


EVERY = 5
"""Of the ways that differ only in what is said, every fifth statement fails."""


@pytest.mark.parametrize("code", SAID, ids=SAID.get)
async def test_p9_every_statement_fails_once(code, empty, monkeypatch):
    for at in count(1, 1 if code == sqlite3.SQLITE_FULL else EVERY):
        disk = Disk(code=code, at=at)
        disk.under(monkeypatch)
        with capture_logs() as logs:
            try:
                await played(empty, disk)
            except BaseException as failure:
                failure.add_note(f"statement {at} failed: {disk.struck}")
                raise
        if not disk.struck:
            break
        assert sum(each["event"] == "store_takes_nothing" for each in logs) <= 1
    assert at > 80
