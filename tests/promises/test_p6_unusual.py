"""Shows that the program stops in good order at moments at which nobody looks for it (P6).

A child of the test's is the program as it is installed, and tells itself to end at the moment that
is meant, be that one that lasts for ever.
"""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.gateway.harness import completed, running_gateway
from tests.gateway.page import Page, answered, answers
from tests.promises.test_p14_upgrades import LATEST, number_of, written

PATIENCE = 60.0
CONFIG = """
    providers: {fake: {api: scripted, answers: {"*": "Go by train."}}}
    moa: {presets: {review: {enabled: false, aggregator: {provider: fake, model: big}}}}
"""
BEGINNING = """
import os, signal, sys
from pathlib import Path
from core.crashpoints import arm, crashpoint
from gateway.cli import main

number, point = int(sys.argv[1]), sys.argv[2]

def told():
    os.kill(os.getpid(), number)
"""
AT_A_POINT = """
arm(point, told)
"""
ENDLESS = """
from adapters.store import sqlite_file
FOR_EVER = "WITH RECURSIVE t(n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM t) SELECT n FROM t"
"""
MIGRATES = """
steps = sqlite_file._steps

def and_one_more(folder):
    file = Path("endless.sql")
    file.write_text(f"CREATE TABLE endless AS {FOR_EVER} WHERE n < 0;")
    return [*steps(folder), (99, file)]

apply = sqlite_file._apply

def begun(connection, step, file, program):
    if step == 99:
        told()
    apply(connection, step, file, program)

sqlite_file._steps, sqlite_file._apply = and_one_more, begun
"""
CHECKS = """
def for_ever(connection, path):
    told()
    connection.execute(f"SELECT count(*) FROM ({FOR_EVER})")

sqlite_file._check = for_ever
"""
WIPES = """
from adapters.store import sqlite
from gateway.privacy import purge
sqlite.ANEW = f"SELECT count(*) FROM ({FOR_EVER})"
purge.until_purge = lambda now: 0.0
arm("wipe.begun", told)
"""
COPIES = """
def for_ever(connection, target):
    target.with_name("begun").touch()
    told()
    connection.execute(f"SELECT count(*) FROM ({FOR_EVER})")

sqlite_file._copy = for_ever
"""
END = """
main(sys.argv[3:])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How it ended, and what it said."""

    code: int
    said: str


async def ended(folder: Path, number: int, what: str, *arguments: str, at: str = "-") -> Ended:
    """Run a command with a signal at the moment that `what` says."""
    file = folder / "config.yaml"
    file.write_text(completed(CONFIG, folder), encoding="utf-8")
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", BEGINNING + what + END, str(int(number)), at),
        *(*arguments, "--config", str(file)),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            said, _ = await child.communicate()
            return Ended(code=await child.wait(), said=said.decode())
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


async def works(folder: Path) -> None:
    """Assert that the next start answers."""
    async with running_gateway(CONFIG, folder) as gateway, Page.of(gateway) as page:
        await page.say("How do I get there?")
        assert "Go by train." in answers(await page.until(answered(1)))


BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


@BOTH
async def test_p6_a_migration_that_lasts_is_undone_and_the_data_is_whole(tmp_path, number):
    data = tmp_path / "data" / "moa-gateway.db"
    written(1, data)
    over = await ended(tmp_path, number, ENDLESS + MIGRATES, "run")
    assert over == Ended(code=0, said="")
    assert number_of(data) == LATEST
    with closing(sqlite3.connect(data)) as database:
        assert database.execute("PRAGMA quick_check").fetchone() == ("ok",)
    await works(tmp_path)


@BOTH
async def test_p6_a_check_of_a_large_file_is_broken_off(tmp_path, number):
    over = await ended(tmp_path, number, ENDLESS + CHECKS, "run")
    assert over == Ended(code=0, said="")
    await works(tmp_path)


@BOTH
async def test_p6_the_wiping_of_a_night_is_broken_off(tmp_path, number):
    over = await ended(tmp_path, number, ENDLESS + WIPES, "run")
    assert over.code == 0
    assert '"level": "error"' not in over.said, over.said
    assert "Traceback" not in over.said, over.said
    await works(tmp_path)


@BOTH
@pytest.mark.parametrize("point", ["migration.applied", "recovery.queued"])
async def test_p6_between_two_steps_of_a_start_it_stops_as_well(tmp_path, number, point):
    over = await ended(tmp_path, number, AT_A_POINT, "run", at=point)
    assert over.code == 0
    assert "Traceback" not in over.said, over.said
    await works(tmp_path)


@BOTH
async def test_p6_a_backup_that_is_broken_off_leaves_nothing(tmp_path, number):
    await works(tmp_path)
    before = sorted((tmp_path / "data").iterdir())
    over = await ended(tmp_path, number, ENDLESS + COPIES, "backup")
    assert over == Ended(code=128 + number, said="")
    assert sorted((tmp_path / "data").iterdir()) == [tmp_path / "data" / "backups", *before]
    assert list((tmp_path / "data" / "backups").iterdir()) == []


@BOTH
async def test_p6_a_conversation_that_has_not_begun_is_left_without_a_word(tmp_path, number):
    over = await ended(tmp_path, number, AT_A_POINT, "chat", "-m", "Hi?", at="migration.applied")
    assert over == Ended(code=128 + number, said="")
    await works(tmp_path)


TWICE = """
def told_twice():
    os.kill(os.getpid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGTERM)
    while True:
        pass

arm(point, told_twice)
"""
"""What is done then has no end, in whatever thread."""


async def test_p6_a_command_that_is_told_twice_ends_at_once(tmp_path):
    over = await ended(tmp_path, signal.SIGINT, TWICE, "chat", "-m", "Hi?", at="migration.applied")
    assert over == Ended(code=128 + signal.SIGTERM, said="")
    await works(tmp_path)
