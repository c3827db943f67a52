"""P14: a database of every earlier version is kept whole, whatever cuts the upgrade.

`tests/fixtures/databases/NN.sql` were written by the programs of their days: up to 15 through their
own stores, later by all of the program (`test_p14_running_programs.py`). No program ended with the
versions between them: they are what an upgrade leaves that is cut between two migrations, and are
made here in that way.
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
LAST = 15
"""Of those with this conversation."""
CHAT = Address(platform="telegram", channel="-100123")
MODELS = {"a": "Take the train.", "b": "Walk.", "big": "It takes an hour."}


def written(version: int, path: Path, *, chat: str = CHAT.channel, ann: str = "555000111") -> None:
    """Make a database of that version out of what a program left in its day."""
    path.parent.mkdir(parents=True, exist_ok=True)
    oldest = max(number for number in known() if number <= min(version, LAST))
    text = (FIXTURES / f"{oldest:02}.sql").read_text(encoding="utf-8")
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(text.replace(CHAT.channel, chat).replace("555000111", ann))
    if version > oldest:
        prepare(path, program="0.0", migrations=first(version, path.parent))
        Path(f"{path}.v{oldest}.backup").unlink()


def first(version: int, parent: Path) -> Path:
    """Give a folder with the migrations up to a version."""
    folder = parent / f"first-{version}"
    folder.mkdir()
    for each in MIGRATIONS.glob("*.sql"):
        if int(each.name[:4]) <= version:
            shutil.copy(each, folder)
    return folder


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


def schema_of(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY 1"
        return connection.execute(query).fetchall()


def test_p14_the_migrations_make_what_the_programs_of_their_days_had(tmp_path):
    """None was changed after a program had run it."""
    for version in known():
        kept, made = tmp_path / f"{version}.db", tmp_path / f"{version}-made.db"
        with closing(sqlite3.connect(kept)) as connection:
            connection.executescript((FIXTURES / f"{version:02}.sql").read_text(encoding="utf-8"))
        prepare(made, program="1.0", migrations=first(version, tmp_path))
        assert schema_of(made) == schema_of(kept), version


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
import os, shutil, sys
from pathlib import Path
from adapters.store import sqlite_file

path, folder = Path(sys.argv[1]), Path(sys.argv[2])
apply = sqlite_file._apply

def upgraded(number, left):
    '''Be killed before the statement of this migration that is numbered `left`.'''
    def traced(_):
        nonlocal left
        left -= 1
        if not left:
            os._exit(9)

    def dying(connection, *rest):
        if rest[0] == number:
            connection.set_trace_callback(traced)
        apply(connection, *rest)

    sqlite_file._apply = dying
    sqlite_file.prepare(path, program="1.0", migrations=folder)
    os._exit(0)

for each in sorted(sqlite_file.MIGRATIONS.glob("*.sql")):
    number, kills = int(each.name[:4]), 0
    shutil.copy(each, folder)
    while number > 1:
        child = os.fork()
        if not child:
            upgraded(number, kills + 1)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
            break
        with sqlite_file.closing(sqlite_file.connect(path)) as connection:
            sqlite_file._check(connection, path)
            assert sqlite_file._pragma(connection, "user_version") == number - 1
        kills += 1
    print(number, kills)
"""


async def test_p14_a_kill_before_each_statement_of_each_migration_changes_nothing(tmp_path):
    """The next start finds what was there before, and brings it forward."""
    path, whole, folder = tmp_path / "data.db", tmp_path / "whole.db", tmp_path / "steps"
    for each in (path, whole):
        written(1, each)
    folder.mkdir()
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", KILLED, str(path), str(folder)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await child.communicate()
    assert child.returncode == 0
    kills = dict(line.split() for line in said.decode().splitlines())
    assert len(kills) == LATEST
    for each in MIGRATIONS.glob("*.sql"):
        number = int(each.name[:4])
        ours = each.read_text(encoding="utf-8").count(";\n")  # BEGIN, the marks and COMMIT beside
        assert number == 1 or int(kills[str(number)]) > ours, number
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
