"""Kills the program while it starts, stops, and looks after its data."""

from __future__ import annotations

import fcntl
import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from adapters.store.sqlite_file import MIGRATIONS
from tests.chaos.crashes import CRASH_AT, Crashes, ask


async def test_killed_while_it_takes_up_what_was_left(there):
    await there.crash("turn.begun")
    async with there.armed("recovery.queued"):
        pass
    await there.recovered()


@pytest.mark.parametrize("point", ["drain.begun", "drain.cut"])
async def test_killed_while_it_drains(there, point):
    """A turn that runs on is cut after its term: as by a kill, it is taken up again."""
    there.scene.models.stall()
    await there.crash(point, act=ask, then=signal.SIGTERM)
    there.scene.models.whole()
    await there.recovered()


async def test_killed_when_nothing_but_the_store_is_open(there):
    await there.crash("drain.over", then=signal.SIGTERM)
    await there.recovered()


def steps() -> int:
    return len(list(MIGRATIONS.glob("*.sql")))


async def test_killed_while_a_database_is_made(there):
    for number in (1, 4, steps() - 6):  # each start goes on where the last one was killed
        async with there.armed(f"migration.applied:{number}", noted=False):
            pass
        there_now = version(there)
        async with there.armed("migration.uncommitted", noted=False):
            pass
        assert version(there) == there_now  # whole or not at all
    async with there.alive():
        pass
    assert version(there) == steps()


async def test_killed_when_the_copy_before_a_migration_stands(there):
    async with there.armed("migration.applied:3", noted=False):
        pass
    async with there.armed("backup.unfinished", noted=False):
        pass
    async with there.armed("migration.copied", noted=False):
        pass
    async with there.alive():
        pass
    assert version(there) == steps()
    assert (there.scene.folder / "data" / "moa-gateway.db.v3.backup").exists()


async def test_killed_while_a_backup_is_made_it_is_none_and_can_be_made_again(there):
    folder = there.scene.folder
    async with there.alive():
        pass
    command = ["backup", "--config", "config.yaml", "made.tar"]
    for point in ("backup.unfinished", "backup.halfway", "backup.unnamed"):
        async with there.cradle.life(folder, {CRASH_AT: point}, command) as life:
            assert await life.ended() == -signal.SIGKILL
        assert not (folder / "made.tar").exists(), point
        assert len(left(folder)) == 1, "what earlier ones left is cleared away"
    made = folder / "made.tar.unfinished-elsewhere"
    made.mkdir()
    opened = os.open(made, os.O_RDONLY)
    fcntl.flock(opened, fcntl.LOCK_EX)  # as a backup does that is being made
    async with there.cradle.life(folder, {}, command) as life:
        assert await life.ended() == 0
    os.close(opened)
    assert (folder / "made.tar").stat().st_size > 0
    assert left(folder) == [made]


def left(folder: Path) -> list[Path]:
    return [each for each in folder.iterdir() if ".unfinished-" in each.name]


def version(there: Crashes) -> int:
    file = there.scene.folder / "data" / "moa-gateway.db"
    with closing(sqlite3.connect(file)) as connection:
        (found,) = connection.execute("PRAGMA user_version").fetchone()
        (checked,) = connection.execute("PRAGMA integrity_check").fetchone()
    assert checked == "ok"
    return int(found)
