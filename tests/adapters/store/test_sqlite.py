"""The running SQLite store: what a turn writes, what is committed together, what errors say."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event

import pytest

from adapters.store.sql import SqlStore
from adapters.store.sqlite import SQLite
from core.errors import StoreBusy, StoreDamaged, StoreError, StoreFull
from tests.fakes.turns import ROOM, advice, end, message, start
from tests.patience import PATIENCE


@dataclass
class Opened:
    """A store, its database and the file it lies in."""

    path: Path
    database: SQLite
    store: SqlStore

    async def on_writer(self, sql: str) -> object:
        async with self.database._writer.execute(sql) as cursor:
            row = await cursor.fetchone()
            return row and row[0]


@pytest.fixture
async def opened(tmp_path) -> AsyncIterator[Opened]:
    path = tmp_path / "data.db"
    database = await SQLite.open(path)
    yield Opened(path, database, SqlStore(database))
    await database.close()


@dataclass
class Trace:
    """What the writer was told, counted."""

    heard: list[str] = field(default_factory=list)

    @property
    def statements(self) -> list[str]:
        frame = ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA")
        return [each for each in self.heard if not each.startswith(frame)]

    @property
    def commits(self) -> int:
        return self.heard.count("COMMIT")


@pytest.fixture
async def trace(opened) -> Trace:
    trace = Trace()
    await opened.database._writer.set_trace_callback(trace.heard.append)
    return trace


async def a_turn(store: SqlStore, name: str, references: int) -> None:
    """Do what the gateway does in a turn, the messages that are posted apart."""
    accepted = await store.accept(message(name))
    assert accepted is not None
    await store.begin(start(name, seq=accepted.seq))
    for position in range(1, references):
        await store.landed(name, 1, advice(position))
    await store.references_done(name, 1, [advice(references)])
    several = replace(end(name), calls=end(name).calls * 3)
    await store.finish(several)
    await store.delivered(name)


@pytest.mark.parametrize("references", [1, 3, 8])
async def test_a_turn_keeps_to_its_budget_of_writes(opened, trace, references):
    await a_turn(opened.store, "t1", references)
    accepted = await opened.store.accept(message("the next one carries the last mark"))
    assert accepted is not None
    # Eight statements in three transactions, and one of each for every reference's checkpoint.
    assert len(trace.statements) - 1 <= 8 + references
    assert trace.commits - 1 <= 3 + references
    assert await opened.store.unfinished() == []


async def test_a_posted_message_costs_two_statements(opened, trace):
    await opened.store.attempting("t1", "answer")
    await opened.store.posted("t1", "answer", "m1")
    assert len(trace.statements) == 2


async def test_reading_writes_nothing(opened, trace):
    await a_turn(opened.store, "t1", 3)
    await opened.store.unfinished()
    told = len(trace.heard)
    await opened.store.lines(ROOM.session)
    await opened.store.turns(ROOM.session)
    await opened.store.conversations("web", owner="u1")
    await opened.store.settings("here")
    assert len(trace.heard) == told


async def test_the_mark_of_a_delivered_turn_is_seen_at_once_and_kept_on_close(tmp_path):
    database = await SQLite.open(tmp_path / "data.db")
    store = SqlStore(database)
    await store.begin(start("t1"))
    await store.finish(end("t1"))
    await store.delivered("t1")
    await database.close()
    database = await SQLite.open(tmp_path / "data.db")
    assert await SqlStore(database).unfinished() == []
    await database.close()


async def accept_many(store: SqlStore, count: int) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(count):
            group.create_task(store.accept(message(f"e{number}")))


async def test_200_messages_at_once_share_their_commits(opened, trace):
    await accept_many(opened.store, 200)
    assert trace.commits <= 40
    assert len(await opened.store.waiting()) == 200


async def test_one_bad_write_spoils_no_other_that_was_committed_with_it(opened):
    async with asyncio.TaskGroup() as group:
        good = [group.create_task(opened.store.accept(message(f"e{n}"))) for n in range(20)]
        bad = group.create_task(refused(opened.store.begin(start("t1", seq=999))))
        more = [group.create_task(opened.store.accept(message(f"f{n}"))) for n in range(20)]
    assert await bad
    assert all(task.result() is not None for task in good + more)
    assert len(await opened.store.waiting()) == 40


async def refused(write) -> bool:
    try:
        await write
    except StoreError:
        return True
    return False


async def test_a_caller_that_is_cancelled_hurts_nobody(opened):
    async with asyncio.TaskGroup() as group:
        impatient = group.create_task(opened.store.accept(message("e1")))
        patient = group.create_task(opened.store.accept(message("e2")))
        await asyncio.sleep(0)
        impatient.cancel()
    assert impatient.cancelled()
    assert patient.result() is not None
    assert {each.incoming.event_id for each in await opened.store.waiting()} == {"e1", "e2"}


async def held_commit(opened: Opened) -> tuple[Event, Event]:
    """Hold the writer before what it writes is there; give what tells so, and what lets it on."""
    committing, on = Event(), Event()

    def held(statement: str) -> None:
        if statement == "COMMIT":
            committing.set()
            on.wait(PATIENCE)

    await opened.database._writer.set_trace_callback(held)
    return committing, on


async def test_what_is_written_later_is_read_while_another_writes_it_along(opened):
    await opened.store.accept(message("e1"))
    await opened.store.begin(start("t1", seq=1))
    await opened.store.finish(end("t1"))
    committing, on = await held_commit(opened)
    async with asyncio.TaskGroup() as group:
        await opened.store.delivered("t1")
        group.create_task(opened.store.accept(message("e2")))
        assert await asyncio.to_thread(committing.wait, PATIENCE)
        reading = group.create_task(opened.store.turn("t1"))
        await asyncio.sleep(0)
        await opened.database._reader.run(str)  # who waits for nobody has read by now
        on.set()
    assert reading.result().state == "delivered"


async def test_what_a_cancelled_caller_left_to_the_writer_is_read_by_whoever_reads_next(opened):
    committing, on = await held_commit(opened)
    async with asyncio.TaskGroup() as group:
        impatient = group.create_task(opened.store.accept(message("e1")))
        assert await asyncio.to_thread(committing.wait, PATIENCE)
        impatient.cancel()
        await asyncio.wait([impatient])
        reading = group.create_task(opened.store.waiting())
        await asyncio.sleep(0)
        await opened.database._reader.run(str)  # who waits for nobody has read by now
        on.set()
    assert [each.incoming.event_id for each in reading.result()] == ["e1"]


async def test_the_settings_that_the_promises_rest_on(opened):
    assert await opened.on_writer("PRAGMA journal_mode") == "wal"
    assert await opened.on_writer("PRAGMA synchronous") == 2
    assert await opened.on_writer("PRAGMA foreign_keys") == 1
    assert await opened.on_writer("PRAGMA mmap_size") == 0
    assert await opened.on_writer("PRAGMA busy_timeout") == 5000
    assert await opened.on_writer("PRAGMA journal_size_limit") == 64 * 1024 * 1024


async def test_the_other_connection_cannot_write(opened):
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await opened.database._reader.execute("DELETE FROM inbox")


async def test_nobody_else_may_read_the_file(opened):
    await opened.store.accept(message("e1"))
    files = list(opened.path.parent.iterdir())
    assert len(files) == 4
    assert {file.stat().st_mode & 0o077 for file in files} == {0}


async def test_what_people_chose_is_logged_with_who_and_when(opened):
    await opened.store.set("user:a", "preset", "review", by="u1", at=1)
    await opened.store.set("user:a", "preset", None, by="u2", at=2)
    rows = await opened.database._reader.execute_fetchall("SELECT * FROM settings_log")
    assert [tuple(row)[1:] for row in rows] == [
        ("user:a", "preset", "review", "u1", 1),
        ("user:a", "preset", None, "u2", 2),
    ]


# --- P9 -------------------------------------------------------------------------------------


async def test_p9_a_full_disk_refuses_and_goes_on_when_there_is_space(opened):
    pages = await opened.on_writer("PRAGMA page_count")
    await opened.on_writer(f"PRAGMA max_page_count = {pages}")
    long = "x" * 100_000
    with pytest.raises(StoreFull, match=f"no space left for {opened.path}"):
        await opened.store.accept(message("e1", long))
    assert await opened.store.waiting() == []
    await opened.on_writer("PRAGMA max_page_count = 100000")
    assert await opened.store.accept(message("e1", long)) is not None


async def test_p9_what_is_not_stored_when_the_disk_is_full_is_never_called_accepted(opened):
    pages = await opened.on_writer("PRAGMA page_count")
    await opened.on_writer(f"PRAGMA max_page_count = {int(str(pages)) + 4}")
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(refused(opened.store.accept(message(f"e{n}", "x" * 3000))))
            for n in range(30)
        ]
    said = {f"e{n}" for n, task in enumerate(tasks) if not task.result()}
    assert {each.incoming.event_id for each in await opened.store.waiting()} == said
    assert 0 < len(said) < 30


async def test_p9_a_store_that_became_read_only_says_so(opened):
    await opened.on_writer("PRAGMA query_only = ON")
    with pytest.raises(StoreFull, match="cannot be written"):
        await opened.store.accept(message("e1"))


async def test_p9_another_program_that_locks_the_file_is_named_as_the_cause(opened):
    await opened.on_writer("PRAGMA busy_timeout = 10")
    other = sqlite3.connect(opened.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy, match="Another program"):
        await opened.store.accept(message("e1"))
    other.execute("ROLLBACK")
    other.close()
    assert await opened.store.accept(message("e1")) is not None


async def test_p9_a_row_that_cannot_be_read_is_reported_as_damage(opened):
    await opened.store.accept(message("e1"))
    await opened.on_writer("UPDATE inbox SET payload = '{}'")
    with pytest.raises(StoreDamaged, match="a waiting message"):
        await opened.store.waiting()


async def test_a_value_that_sqlite_cannot_hold_is_an_error_of_ours(opened):
    with pytest.raises(StoreError):
        await opened.store.set("scope", "key", "half a \ud83d pair", by="u1", at=1)
    with pytest.raises(StoreError):
        await opened.store.set("scope", "key", "value", by="u1", at=2**70)
    assert await opened.store.settings("scope") == {}


async def test_a_closed_store_refuses(tmp_path):
    database = await SQLite.open(tmp_path / "data.db")
    await database.close()
    with pytest.raises(StoreError):
        await SqlStore(database).accept(message("e1"))
    with pytest.raises(StoreError):
        await SqlStore(database).waiting()


@pytest.mark.nonblocking
async def test_the_event_loop_is_never_held_up(tmp_path):
    database = await SQLite.open(tmp_path / "data.db")
    await a_turn(SqlStore(database), "t1", 3)
    assert await SqlStore(database).unfinished() == []
    await database.close()
