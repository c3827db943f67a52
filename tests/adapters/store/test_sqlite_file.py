"""Before the data is used: one owner, an intact file, the right version, a backup (P9, P14)."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from adapters.store import backup_sqlite, codec, open_sqlite
from adapters.store.sqlite import SQLite
from adapters.store.sqlite_file import MIGRATIONS
from core.errors import StoreBusy, StoreDamaged, StoreError, StoreFull, StoreNewer
from core.storage import Store
from core.types import Address, Line
from tests.fakes.turns import PRESET, message

ROOT = Path(__file__).parents[3]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data.db"


async def with_messages(path: Path, *texts: str) -> None:
    store = await open_sqlite(path, program="1.0")
    for text in texts:
        await store.accept(message(text, text))
    await store.close()


def content_of(path: Path) -> bytes:
    return path.read_bytes()


def link_to(path: Path) -> Path:
    link = path.with_name("link.db")
    link.symlink_to(path)
    return link


async def messages(path: Path) -> list[str]:
    store = await open_sqlite(path)
    found = [each.incoming.event_id for each in await store.waiting()]
    await store.close()
    return found


# --- one owner ------------------------------------------------------------------------------


async def test_a_second_process_is_refused_and_told_who_owns_the_data(path):
    first = await open_sqlite(path)
    with pytest.raises(StoreBusy, match=rf"{path} belongs to .* \(process {os.getpid()}\)"):
        await open_sqlite(path)
    assert await first.accept(message("e1")) is not None
    await first.close()
    assert await messages(path) == ["e1"]


async def test_a_link_to_the_data_is_no_way_around_its_owner(path):
    first = await open_sqlite(path)
    with pytest.raises(StoreBusy):
        await open_sqlite(link_to(path))
    await first.close()


HOLD = """
import asyncio, sys
from pathlib import Path
from adapters.store import open_sqlite

async def main():
    await open_sqlite(Path(sys.argv[1]))
    print("open", flush=True)
    sys.stdin.read()

asyncio.run(main())
"""


def child(code: str, path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    )


async def test_the_data_is_free_again_however_its_owner_died(path):
    with child(HOLD, path) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "open\n"
        with pytest.raises(StoreBusy, match=rf"process {owner.pid}\)"):
            await open_sqlite(path)
        owner.kill()
    assert await messages(path) == []


async def test_a_failed_start_keeps_nothing_locked(path):
    path.write_bytes(b"not a database, but longer than a header is" * 99)
    for _ in range(2):
        with pytest.raises(StoreDamaged):
            await open_sqlite(path)


# --- an intact file -------------------------------------------------------------------------


async def test_an_empty_file_is_a_new_store(path):
    path.touch()
    assert await messages(path) == []


async def test_missing_folders_are_made(tmp_path):
    await with_messages(tmp_path / "a" / "b ?%20#" / "data.db", "e1")
    assert await messages(tmp_path / "a" / "b ?%20#" / "data.db") == ["e1"]


@pytest.mark.parametrize("content", [b"hello", b"SQLite format 3\0" + b"\xff" * 5000])
async def test_p9_a_file_that_is_no_database_is_left_alone(path, content):
    path.write_bytes(content)
    with pytest.raises(StoreDamaged, match=f"{path} is no usable database") as caught:
        await open_sqlite(path)
    assert f"To start empty, or with a copy of your own: mkdir {path.parent}" in str(caught.value)
    assert path.read_bytes() == content


async def test_p9_flipped_bytes_are_found_at_start(path):
    await with_messages(path, *(f"e{n} {'x' * 500}" for n in range(100)))
    data = bytearray(path.read_bytes())
    page = int.from_bytes(data[16:18])
    for start in range(page, len(data), page):
        data[start : start + 64] = b"\xa5" * 64
    path.write_bytes(data)
    with pytest.raises(StoreDamaged, match=str(path)):
        await open_sqlite(path)
    assert path.read_bytes() == data


async def test_p9_a_file_that_was_cut_is_found_at_start(path):
    await with_messages(path, *(f"e{n} {'x' * 500}" for n in range(100)))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreDamaged):
        await open_sqlite(path)


async def test_p9_a_database_of_another_program_is_left_alone(path):
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
    before = content_of(path)
    with pytest.raises(StoreDamaged, match="belongs to another program"):
        await open_sqlite(path)
    assert content_of(path) == before


async def test_p9_a_log_whose_file_is_gone_is_not_thrown_away(path):
    log = path.with_name("data.db-wal")
    log.write_bytes(b"the latest data")
    with pytest.raises(StoreDamaged, match="it is missing, but"):
        await open_sqlite(path)
    assert log.read_bytes() == b"the latest data"


async def test_p9_a_folder_is_no_database(path):
    path.mkdir()
    with pytest.raises(StoreDamaged, match="it is a folder"):
        await open_sqlite(path)


async def test_p9_a_place_where_nothing_can_be_written_is_named(path):
    path.write_bytes(b"")  # a file where a folder should be: this stops root as well
    with pytest.raises(StoreFull, match=f"{path}/data.db cannot be written"):
        await open_sqlite(path / "data.db")


# --- versions and backups -------------------------------------------------------------------


@pytest.fixture
def steps(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_start.sql").write_text("CREATE TABLE said (text TEXT);")
    return folder


def second_step(folder: Path, sql: str = "ALTER TABLE said ADD COLUMN at INTEGER;") -> None:
    (folder / "0002_times.sql").write_text(f"{sql}\nUPDATE said SET text = text || '!';")


async def opened(path: Path, steps: Path, program: str = "1.0") -> None:
    await (await SQLite.open(path, program=program, migrations=steps)).close()


def rows(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [text for (text,) in connection.execute("SELECT text FROM said")]


def copy_of_1(path: Path) -> Path:
    return Path(f"{path}.v1.backup")


def others_may(path: Path) -> int:
    return path.stat().st_mode & 0o077


def listed(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


@pytest.fixture
async def of_version_1(path: Path, steps: Path) -> Path:
    await opened(path, steps)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO said VALUES ('hello')")
    return path


async def test_p14_an_older_file_is_backed_up_and_brought_forward(of_version_1, steps):
    second_step(steps)
    await opened(of_version_1, steps, program="2.0")
    assert rows(of_version_1) == ["hello!"]
    assert rows(copy_of_1(of_version_1)) == ["hello"]
    assert others_may(copy_of_1(of_version_1)) == 0


async def test_p14_a_backup_can_be_put_in_its_place(of_version_1, steps):
    second_step(steps)
    await opened(of_version_1, steps, program="2.0")
    shutil.move(copy_of_1(of_version_1), of_version_1)
    await opened(of_version_1, steps, program="2.0")
    assert rows(of_version_1) == ["hello!"]


async def test_p14_nothing_is_migrated_or_backed_up_twice(of_version_1, steps):
    second_step(steps)
    await opened(of_version_1, steps)
    shutil.move(copy_of_1(of_version_1), steps / "elsewhere")
    await opened(of_version_1, steps)
    assert rows(of_version_1) == ["hello!"]
    assert copy_of_1(of_version_1) not in listed(of_version_1.parent)


async def test_p14_a_migration_that_fails_changes_nothing(of_version_1, steps):
    second_step(steps, "UPDATE said SET text = 'lost'; ALTER TABLE missing ADD COLUMN at;")
    with pytest.raises(StoreError, match="no such table"):
        await opened(of_version_1, steps)
    assert rows(of_version_1) == ["hello"]


async def test_p14_a_newer_file_is_refused_and_its_writer_named(of_version_1, steps):
    second_step(steps)
    await opened(of_version_1, steps, program="2.0")
    (steps / "0002_times.sql").unlink()
    with pytest.raises(StoreNewer, match=r"written by moa-gateway 2\.0") as caught:
        await opened(of_version_1, steps)
    assert f"restore {of_version_1}.v1.backup" in str(caught.value)
    assert rows(of_version_1) == ["hello!"]


async def test_p14_what_the_first_release_wrote_is_read(path, steps):
    shutil.copy(MIGRATIONS / "0001_start.sql", steps)
    await opened(path, steps)
    said = message("e1")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(
            "INSERT INTO inbox (platform, event_id, session, kind, payload, at)"
            " VALUES ('web', 'e1', 'web/room', 'message', ?, 1000)",
            (codec.pack(said),),
        )
        connection.execute(
            "INSERT INTO turns (turn_id, platform, session, preset, question, asker, history,"
            " started) VALUES ('t1', 'web', 'web/room/7', ?, ?, 'u1', 0, 1000)",
            (codec.pack(PRESET), codec.pack(Line.of("user", "Why?"))),
        )
    store = await open_sqlite(path)
    (waits,) = await store.waiting()
    assert (waits.incoming, waits.session) == (said, "web/room")
    assert await store.bookmarks("web") == {}
    turn = await store.turn("t1")
    assert turn is not None
    assert turn.start.place == Address(platform="web", channel="room", thread="7")
    assert turn.start.session == "web/room/7"
    await store.close()


async def test_p9_a_backup_that_does_not_fit_leaves_nothing_behind(path, tmp_path):
    await with_messages(path, "e1")
    with pytest.raises(StoreError):
        backup_sqlite(path, tmp_path / "nowhere" / "copy.db")
    assert [each.name for each in listed(tmp_path)] == ["data.db", "data.db.lock"]


async def test_a_running_store_can_be_backed_up(path, tmp_path):
    store: Store = await open_sqlite(path)
    await store.accept(message("e1"))
    backup_sqlite(path, tmp_path / "copy.db")
    await store.accept(message("e2"))
    await store.close()
    assert await messages(tmp_path / "copy.db") == ["e1"]


async def test_what_was_never_there_cannot_be_backed_up(path, tmp_path):
    with pytest.raises(StoreError):
        backup_sqlite(path, tmp_path / "copy.db")
    assert not path.exists()
