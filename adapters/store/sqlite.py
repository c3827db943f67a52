"""SQLite: one connection that writes, one that reads, each with its own thread.

Decides what is committed together: whatever waits when the writer is free goes into one
transaction, so many small writes share one fsync. Never lets an error of SQLite out.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache, partial
from pathlib import Path
from typing import TypeVar

import aiosqlite

from adapters.store.calling_off import CalledOff, heed, in_thread, never
from adapters.store.database import Row, Statement
from adapters.store.lock import Lock
from adapters.store.sqlite_errors import explained, malformed, not_writable
from adapters.store.sqlite_file import MIGRATIONS, WAIT_FOR_OTHERS, connect, prepare
from adapters.store.watch import Watch
from core.errors import StoreError

T = TypeVar("T")

ANEW = "VACUUM"
"""Writes every page anew."""
READERS_MS = 250
"""How long emptying the log may wait for those who read."""

# A value that SQLite cannot hold (half a surrogate pair, an integer over 64 bits) is refused by
# Python's module with errors that are not its own.
_FAILURES = (sqlite3.Error, ValueError, OverflowError)


class SQLite:
    """Fulfils `Database`. Made by `open`."""

    def __init__(self, path: Path, *, lock: Lock, writer: _Connection, reader: _Connection) -> None:
        self._path = path
        self._lock = lock
        self._writer = writer
        self._reader = reader
        self._jobs: deque[_Job] = deque()
        self._left: list[_Job] = []
        self._closing = False
        self._watch = Watch(path, called_off=lambda: self._closing)

    @classmethod
    async def open(cls, path: Path, *, program: str = "", migrations: Path = MIGRATIONS) -> SQLite:
        """Own the file, bring it up to date and connect.

        Raises:
            StoreError: as `sqlite_file.prepare` and `Lock` say.
        """
        lock = await in_thread(partial(_own, path, program, migrations), lost=Lock.release)
        try:
            writer = await _Connection.to(partial(connect, path))
            try:
                reader = await _Connection.to(partial(connect, path, read_only=True))
            except sqlite3.Error:
                await writer.close()
                raise
        except sqlite3.Error as error:
            lock.release()
            raise explained(error, path) from error
        return cls(path, lock=lock, writer=writer, reader=reader)

    async def fetch(self, statement: Statement) -> Sequence[Row]:
        with self._explaining():
            # What nobody waits for was written before this is read: `later`, or cancelled.
            if self._unwritten():
                await self._writer.run(self._drain)
                self._unwritten()
            try:
                return await self._reader.run(partial(run, statement=statement))
            except sqlite3.Error as error:
                if malformed(error):
                    raise await self._doubted(error) from error
                raise

    def _unwritten(self) -> bool:
        """Tell whether something is still to be written; let go of what nobody waited for."""
        self._left = [job for job in self._left if not job.over]
        return bool(self._jobs or self._left)

    async def write(self, *statements: Statement) -> Sequence[Row]:
        job = _Job(statements)
        with self._explaining():
            self._jobs.append(job)
            # The writer works in order: when this returns, the job is done, be it by an
            # earlier caller. A cancelled caller's job is done all the same.
            try:
                await self._writer.run(self._drain)
            except asyncio.CancelledError:
                self._left.append(job)
                raise
            if job.failure is not None:
                raise job.failure
        return job.rows

    def later(self, statement: Statement) -> None:
        job = _Job((statement,))
        self._jobs.append(job)
        self._left.append(job)

    async def scrub(self, *, whole: bool) -> None:
        """See `Database`. Where somebody else reads meanwhile, the log is emptied the next time.

        `secure_delete` wipes what is deleted, but not what SQLite had moved to another page
        before: that goes when every page is written anew.
        """
        with self._explaining():
            await self._writer.run(self._drain)
            try:
                await self._writer.run(partial(self._scrub, whole=whole))
            except sqlite3.Error as error:
                if malformed(error):
                    raise await self._doubted(error) from error
                raise

    async def close(self) -> None:
        """See `Database`. Pages that are being written anew are left as they were."""
        self._closing = True
        try:
            with self._explaining():
                await self._writer.run(self._drain)
        finally:
            await self._writer.run(lambda _: self._watch.check.call_off())
            # The writer goes last: it moves the log into the file.
            await self._reader.close()
            await self._writer.close()
            self._lock.release()

    def _drain(self, connection: sqlite3.Connection) -> None:
        jobs: list[_Job] = []
        while self._jobs:
            jobs.append(self._jobs.popleft())
        try:
            if jobs:
                self._commit(connection, jobs)
        finally:
            for job in jobs:
                job.over = True

    def _commit(self, connection: sqlite3.Connection, jobs: list[_Job]) -> None:
        if (trouble := self._watch.trouble()) is None:
            _commit(connection, jobs)
            jobs = [job for job in jobs if job.failure is not None and malformed(job.failure)]
            trouble = self._watch.doubted(jobs[0].failure) if jobs else None
        for job in jobs:
            job.failure = trouble

    def _scrub(self, connection: sqlite3.Connection, *, whole: bool) -> None:
        self._watch.check.call_off()  # while it reads, the log cannot be emptied
        _scrub(connection, whole=whole, called_off=lambda: self._closing)

    async def _doubted(self, error: Exception) -> StoreError:
        return await self._writer.run(lambda _: self._watch.doubted(error))

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except _FAILURES as error:
            raise explained(error, self._path) from error


class _Job:
    """The statements of one transaction; failed until it is known to be committed."""

    def __init__(self, statements: tuple[Statement, ...]) -> None:
        self._statements = statements
        self.rows: Sequence[Row] = ()
        self.failure: Exception | None = sqlite3.OperationalError("it was not written")
        self.over = False

    def run(self, connection: sqlite3.Connection) -> None:
        for statement in self._statements:
            self.rows = run(connection, statement=statement)
            if statement.gate and not self.rows:
                return


class _Connection(aiosqlite.Connection):
    """aiosqlite's connection, and a way to do several things in one visit to its thread."""

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, iter_chunk_size=64)
        # A program that dies without closing must not wait for this thread.
        self._thread.daemon = True

    @classmethod
    async def to(cls, connector: Callable[[], sqlite3.Connection]) -> _Connection:
        """Connect."""
        connection = cls(connector)
        _ = await connection
        return connection

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do `work` in the thread; it is done whole even if the caller is cancelled."""
        done: T = await self._execute(work, self._conn)  # type: ignore[no-untyped-call]
        return done


def _own(path: Path, program: str, migrations: Path, called_off: CalledOff) -> Lock:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = Lock(path)
        try:
            prepare(path, program=program, migrations=migrations, called_off=called_off)
        except BaseException:
            lock.release()
            raise
    except OSError as error:
        raise not_writable(path, error.strerror or str(error)) from error
    return lock


def _commit(connection: sqlite3.Connection, jobs: Sequence[_Job]) -> None:
    """Commit jobs together; if that fails, one by one, so that only the culprits fail."""
    failure = _transaction(connection, jobs)
    apart = failure is not None and len(jobs) > 1
    for job in jobs:
        job.failure = _transaction(connection, [job]) if apart else failure


def _transaction(connection: sqlite3.Connection, jobs: Sequence[_Job]) -> Exception | None:
    """Run jobs in one transaction; give what stood against it, and leave none of them then."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        for job in jobs:
            job.run(connection)
        connection.execute("COMMIT")
    except _FAILURES as error:
        if connection.in_transaction:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        return error
    return None


def _scrub(connection: sqlite3.Connection, *, whole: bool, called_off: CalledOff) -> None:
    if whole:
        heed(connection, called_off)
        try:
            connection.execute(ANEW)
        finally:
            heed(connection, never)
    connection.execute(f"PRAGMA busy_timeout = {READERS_MS}")  # they are quick, and ours
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        connection.execute(f"PRAGMA busy_timeout = {round(WAIT_FOR_OTHERS * 1000)}")


def run(connection: sqlite3.Connection, *, statement: Statement) -> Sequence[Row]:
    """Run a statement and give its rows."""
    cursor = connection.execute(_dialect(statement.query), statement.values)
    if cursor.description is None:
        return ()
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@lru_cache(maxsize=512)
def _dialect(query: str) -> str:
    return re.sub(r"\$(\d+)", r"?\1", query)
