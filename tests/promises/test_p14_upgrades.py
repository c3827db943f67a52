"""P14: a database of every earlier version is kept whole, whatever cuts the upgrade.

`tests/fixtures/databases/NN.sql` were written by the programs of their days, through their own
stores. No program ended with the versions between them: they are what an upgrade leaves that is
cut between two migrations, and are made here in that way.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from adapters.store import open_sqlite
from adapters.store.sqlite_file import MIGRATIONS, prepare
from core.storage import Store
from core.types import Address
from tests.gateway.harness import refused_gateway, running_gateway
from tests.promises.test_backups import commands, shell
from tests.transcripts.stages import opened

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "tests" / "fixtures" / "databases"
LATEST = max(int(each.name[:4]) for each in MIGRATIONS.glob("*.sql"))
EARLIER = range(1, LATEST)
CHAT = Address(platform="telegram", channel="-100123")
MODELS = {"a": "Take the train.", "b": "Walk.", "big": "It takes an hour."}


def written(version: int, path: Path, *, chat: str = CHAT.channel, ann: str = "555000111") -> None:
    """Make a database of that version, as its day's program left it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    oldest = max(number for number in known() if number <= version)
    text = (FIXTURES / f"{oldest:02}.sql").read_text(encoding="utf-8")
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(text.replace(CHAT.channel, chat).replace("555000111", ann))
    if version > oldest:
        folder = path.parent / f"first-{version}"
        folder.mkdir()
        for each in MIGRATIONS.glob("*.sql"):
            if int(each.name[:4]) <= version:
                shutil.copy(each, folder)
        prepare(path, program="0.0", migrations=folder)
        Path(f"{path}.v{oldest}.backup").unlink()


def known() -> Iterator[int]:
    return (int(each.stem) for each in FIXTURES.glob("*.sql"))


def number_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        found: int = connection.execute("PRAGMA user_version").fetchone()[0]
        return found


def dumped(path: Path) -> list[str]:
    """Give all that is in it, who has migrated it apart."""
    with closing(sqlite3.connect(path)) as connection:
        lines = list(connection.iterdump())
    return [each for each in lines if 'INTO "migrations"' not in each]


async def assert_kept(store: Store) -> None:
    """Assert that all is there that was said, chosen, begun and owed."""
    said = [line.text for _, line in await store.lines(CHAT.session)]
    assert said == ["How do I get there?", "Go by train.", "And back?", "By train, too."]
    assert await store.settings(f"session:{CHAT.session}") == {"preset": "quick"}
    owed, cut = await store.unfinished()
    assert (owed.start.turn_id, owed.state) == ("t2", "answered")
    assert [each.state for each in owed.outbox] == ["attempting"]
    assert (cut.start.turn_id, cut.state, len(cut.advice)) == ("t3", "running", 1)
    assert cut.start.place == CHAT
    assert [each.incoming.event_id for each in await store.waiting()] == ["e4"]
    over = await store.turn("t1")
    assert over is not None
    assert over.end is not None
    assert (over.state, str(over.end.dollars), len(over.calls)) == ("delivered", "0.0030", 1)
    assert [each.message_id for each in over.outbox] == ["77"]


@pytest.mark.parametrize("version", EARLIER)
async def test_p14_a_database_of_every_earlier_version_is_kept_whole(tmp_path, version):
    path = tmp_path / "data.db"
    written(version, path)
    before = dumped(path)
    store = await open_sqlite(path, program="1.0")
    await assert_kept(store)
    await store.close()
    assert number_of(path) == LATEST
    copy = Path(f"{path}.v{version}.backup")
    assert (dumped(copy), number_of(copy)) == (before, version)


KILLED = """
import os, sys
from pathlib import Path
from adapters.store import sqlite_file

apply = sqlite_file._apply

def dying(connection, number, file, program):
    if number == int(sys.argv[2]):
        connection.set_progress_handler(lambda: os._exit(9), int(sys.argv[3]))
    apply(connection, number, file, program)

sqlite_file._apply = dying
sqlite_file.prepare(Path(sys.argv[1]), program="1.0")
"""


async def test_p14_a_kill_in_the_middle_of_each_migration_changes_nothing(tmp_path):
    path, whole = tmp_path / "data.db", tmp_path / "whole.db"
    for each in (path, whole):
        written(1, each)
    for number in range(2, LATEST + 1):
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", KILLED, str(path), str(number), str(10 + number)), cwd=ROOT
        )
        assert await child.wait() == 9, number
        assert number_of(path) == number - 1
    for each in (path, whole):
        store = await open_sqlite(each, program="1.0")
        await assert_kept(store)
        await store.close()
    assert dumped(path) == dumped(whole)


async def test_p14_what_an_old_program_left_is_taken_up(tmp_path):
    """The whole program: an answer that was owed, a turn that was cut, a question that waited."""
    async with opened("telegram") as stage:
        chat, ann = str(stage.places["group"].id), str(stage.ann.id)
        path = tmp_path / "data" / "moa-gateway.db"
        written(1, path, chat=chat, ann=ann)
        async with running_gateway(stage.configured(MODELS), tmp_path) as running:
            await stage.reads("It takes an hour.", where="group")
            await stage.reads("A message came while I was away", where="group")
            assert len(running.calls.of("a")) == 0  # it had landed in the old program
            assert len(running.calls.of("b")) == 1
            await stage.press("Answer", where="group")
            await stage.until(lambda: len(stage.finals("It takes an hour.", "group")) == 2)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {LATEST + 1}")
    code, told = await refused_gateway(stage.configured(MODELS), tmp_path)
    assert code == 2
    assert f"(data version {LATEST + 1}); this program knows versions up to {LATEST}" in told


async def test_p14_the_version_before_is_gone_back_to_by_what_the_page_says(tmp_path):
    path = tmp_path / "data" / "moa-gateway.db"
    written(17, path)
    before = dumped(path)
    await (await open_sqlite(path, program="1.0")).close()
    typed = commands("Go back to the version before an upgrade")
    assert await shell(f"set -e\n{typed}", tmp_path) == (0, "", "")
    assert (dumped(path), number_of(path)) == (before, 17)
    assert re.search(r"v17\.backup", typed)
