"""What happens to the data file before it is used: create, check, back up, migrate.

Never deletes or repairs a file that it cannot read. Runs in a thread: everything here blocks.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeAlias

from adapters.store.calling_off import CalledOff, heed, never
from adapters.store.sqlite_errors import damaged, explained, no_room, not_writable
from core.crashpoints import crashpoint
from core.errors import ConfigError, StoreError, StoreFull, StoreNewer

MIGRATIONS = Path(__file__).parent / "migrations" / "sqlite"
APPLICATION_ID = 0x4D6F4147  # "MoAG", in the file's header: this database is one of ours
OLDEST_SQLITE = (3, 35, 0)  # RETURNING
WAIT_FOR_OTHERS = 5.0  # seconds, for a backup tool that holds a lock
WAL_KEPT = 64 * 1024 * 1024  # bytes of the write-ahead log that stay after a checkpoint
SMALLEST = 512  # bytes of any database; with less, SQLite takes it for a new one

Migrations: TypeAlias = list[tuple[int, Path]]


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Open a connection with every setting that the promises rest on."""
    connection = _bare(path, "ro" if read_only else "rw")
    try:
        # No mmap: it has turned a bug of SQLite before 3.51.3 into damaged files.
        connection.execute("PRAGMA mmap_size = 0")
        connection.execute("PRAGMA foreign_keys = ON")
        if not read_only:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute(f"PRAGMA journal_size_limit = {WAL_KEPT}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _bare(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        timeout=WAIT_FOR_OTHERS,
        check_same_thread=False,
    )


def prepare(
    path: Path, *, program: str, migrations: Path = MIGRATIONS, called_off: CalledOff = never
) -> None:
    """Bring the file to the version that this program speaks.

    Called off, it is of a version between, and whole.

    Raises:
        StoreDamaged: it is no database, another program's, or a broken one.
        StoreNewer: a newer version of this program wrote it.
        StoreFull: there is no space, or the place is read-only.
        StoreBusy: another program holds a lock on it.
        ConfigError: the SQLite library is too old.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise ConfigError(f"SQLite {sqlite3.sqlite_version} is too old: 3.35 or newer is needed.")
    _create(path)
    try:
        # Before anything is set: a setting such as WAL would change a file that is not ours.
        with closing(_bare(path, "rw")) as connection:
            _recognise(connection, path)
        with closing(connect(path)) as connection:
            heed(connection, called_off)
            _check(connection, path)
            _migrate(connection, path, program=program, steps=_steps(migrations))
    except sqlite3.Error as error:
        raise explained(error, path) from error


def backup(path: Path, target: Path, called_off: CalledOff = never) -> None:
    """Copy the data to a new file, whole and consistent; the gateway may be running.

    Raises:
        StoreError: the data cannot be read, or the copy not be written.
    """
    try:
        with closing(connect(path, read_only=True)) as connection:
            heed(connection, called_off)
            _copy(connection, target)
    except sqlite3.Error as error:
        raise explained(error, path) from error


def inspect(path: Path, called_off: CalledOff = never) -> tuple[int, frozenset[str]]:
    """Read a copy as a whole: give its version, and the files (hashes) that belong to it.

    Raises:
        StoreDamaged: it is another program's, or a broken one.
        StoreNewer: a newer version of this program wrote it.
    """
    try:
        with closing(_bare(path, "rw")) as connection:
            heed(connection, called_off)
            _recognise(connection, path)
            _check(connection, path)
            version, latest = _pragma(connection, "user_version"), _steps(MIGRATIONS)[-1][0]
            if version > latest:
                raise _newer(connection, path, version=version, latest=latest)
            files = "SELECT 1 FROM sqlite_master WHERE name = 'files'"
            if connection.execute(files).fetchone() is None:
                return version, frozenset()
            rows = connection.execute("SELECT DISTINCT digest FROM files").fetchall()
            return version, frozenset(digest for (digest,) in rows)
    except sqlite3.Error as error:
        raise explained(error, path) from error


def require_current(connection: sqlite3.Connection, path: Path) -> None:
    """See that the data can be read as it is.

    Raises:
        StoreDamaged: it is another program's. StoreNewer: a newer version wrote it.
        StoreError: an older version did, and nothing has brought it up to date yet.
    """
    _recognise(connection, path)
    version, latest = _pragma(connection, "user_version"), _steps(MIGRATIONS)[-1][0]
    if version > latest:
        raise _newer(connection, path, version=version, latest=latest)
    if version < latest:
        raise StoreError(f"{path} is of an older version: start the gateway once to update it.")


def _create(path: Path) -> None:
    if path.is_dir():
        raise damaged(path, "it is a folder")
    log = Path(f"{path}-wal")
    empty = not path.exists() or path.stat().st_size < SMALLEST
    if empty and log.exists() and log.stat().st_size > 0:
        raise damaged(path, f"it is missing, but {log} holds its latest data")
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _recognise(connection: sqlite3.Connection, path: Path) -> None:
    tables = connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
    if tables and _pragma(connection, "application_id") != APPLICATION_ID:
        raise damaged(path, "it belongs to another program")


def _check(connection: sqlite3.Connection, path: Path) -> None:
    result = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if result != "ok":
        raise damaged(path, str(result))


def _steps(folder: Path) -> Migrations:
    return sorted((int(file.name.partition("_")[0]), file) for file in folder.glob("*.sql"))


def _migrate(
    connection: sqlite3.Connection, path: Path, *, program: str, steps: Migrations
) -> None:
    version, latest = _pragma(connection, "user_version"), steps[-1][0]
    if version > latest:
        raise _newer(connection, path, version=version, latest=latest)
    if 0 < version < latest:
        _copy(connection, _backup_of(path, version))
        crashpoint("migration.copied")
    for number, file in steps:
        if number > version:
            _apply(connection, number, file, program)
            crashpoint("migration.applied")


def _apply(connection: sqlite3.Connection, number: int, file: Path, program: str) -> None:
    """Run one migration whole or not at all: version and marks change in its transaction."""
    written_by = program.replace("'", "''")
    script = (
        "BEGIN IMMEDIATE;\n"
        "CREATE TABLE IF NOT EXISTS migrations"
        " (version INTEGER PRIMARY KEY, name TEXT NOT NULL, program TEXT NOT NULL);\n"
        f"{file.read_text(encoding='utf-8')}\n"
        f"INSERT INTO migrations VALUES ({number}, '{file.stem}', '{written_by}');\n"
        f"PRAGMA application_id = {APPLICATION_ID};\n"
        f"PRAGMA user_version = {number};\n"
    )
    try:
        connection.executescript(script)
        crashpoint("migration.uncommitted")
        connection.execute("COMMIT")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _newer(connection: sqlite3.Connection, path: Path, *, version: int, latest: int) -> StoreNewer:
    writer = "a newer moa-gateway"
    with suppress(sqlite3.Error):
        row = connection.execute(
            "SELECT program FROM migrations WHERE version = ?", (version,)
        ).fetchone()
        writer = f"moa-gateway {row[0]}" if row else writer
    copy = _backup_of(path, latest)
    restore = f", or restore {copy}, the copy made before" if copy.exists() else ""
    return StoreNewer(
        f"{path} was written by {writer} (data version {version}); this program knows versions "
        f"up to {latest}. Install that version again{restore}."
    )


def _backup_of(path: Path, version: int) -> Path:
    return Path(f"{path}.v{version}.backup")


def _copy(connection: sqlite3.Connection, target: Path) -> None:
    """Copy everything under another name first: a copy that was cut is never taken for one."""
    unfinished = Path(f"{target}.unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        os.close(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        connection.execute("VACUUM INTO ?", (str(unfinished),))
        crashpoint("backup.unfinished")
        unfinished.replace(target)
    except OSError as error:
        raise not_writable(target, error.strerror or str(error)) from error
    except sqlite3.Error as error:
        unfinished.unlink(missing_ok=True)
        if no_room(error):
            raise StoreFull(f"There is no space left for the copy {target}.") from error
        raise


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value
