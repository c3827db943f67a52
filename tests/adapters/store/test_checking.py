"""P9: the data is read as a whole while it is written, and what is found broken takes nothing."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from typing_extensions import override

from adapters.store import checking, open_sqlite
from adapters.store.database import Statement
from adapters.store.sql import SqlStore
from adapters.store.sqlite import SQLite
from core.errors import StoreDamaged, StoreError
from core.storage import Store
from tests.fakes.turns import ROOM, end, message, start

LONG = "How do I get there? " * 5_000
SAID = ["Why?", "Because."] * 3


class Gate:
    """Lets nobody read on before it is open; says when somebody stands before it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, slow: bool = False) -> None:
        """`slow`: it takes its time, and does not hold those who call it off."""
        self.open, self.reached, self.slow = Event(), Event(), slow
        monkeypatch.setattr(checking, "connect", self._connected)

    def _connected(self, path: Path, *, read_only: bool = False) -> sqlite3.Connection:
        assert read_only
        gate = self

        class Gated(sqlite3.Connection):
            @override
            def set_progress_handler(self, handler: Any, n: int) -> None:
                def asked() -> bool:
                    while not gate.passed():
                        if handler():
                            return True
                    return bool(handler())

                super().set_progress_handler(asked, 1)

        return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, factory=Gated)

    def passed(self) -> bool:
        self.reached.set()
        return self.open.wait(0.01 if self.slow else 20)


async def shrunk(path: Path) -> SQLite:
    """Give a database that has just made its file shorter, as it does at night."""
    database = await SQLite.open(path)
    store = SqlStore(database)
    for number in range(4):
        await store.accept(message(f"long{number}", LONG))
    await store.scrub(whole=False)
    await store.accept(message("e1", "One?"))
    size = _size(path)
    await database.write(Statement(query="DELETE FROM inbox", values=()))
    await store.scrub(whole=True)
    assert _size(path) < size
    return database


async def test_p9_what_is_written_during_a_check_is_confirmed(tmp_path, monkeypatch):
    """It was held up by it: a database of gigabytes took nothing for minutes, once a night."""
    gate, path = Gate(monkeypatch), tmp_path / "data.db"
    store = SqlStore(await shrunk(path))
    assert await store.accept(message("e2", "Two?")) is not None
    await asyncio.to_thread(gate.reached.wait, 20)
    assert not gate.open.is_set()
    assert await store.accept(message("e3", "Three?")) is not None
    gate.open.set()
    await store.close()


async def test_p9_a_stop_calls_a_check_off(tmp_path, monkeypatch):
    gate, path = Gate(monkeypatch, slow=True), tmp_path / "data.db"
    database = await shrunk(path)
    await SqlStore(database).accept(message("e2", "Two?"))
    await asyncio.to_thread(gate.reached.wait, 20)
    await database.close()
    assert database._watch.check._due  # it was not ended
    assert database._watch.check.found is None


async def test_p9_the_log_is_emptied_though_a_check_is_going_on_which_begins_again(
    tmp_path, monkeypatch
):
    gate, path = Gate(monkeypatch, slow=True), tmp_path / "data.db"
    database = await shrunk(path)
    store = SqlStore(database)
    await store.accept(message("e2", "Two?"))
    await asyncio.to_thread(gate.reached.wait, 20)
    await store.scrub(whole=False)
    assert not _size(Path(f"{path}-wal"))
    gate.reached.clear()
    await store.accept(message("e3", "Three?"))
    assert await asyncio.to_thread(gate.reached.wait, 20)
    gate.open.set()
    await store.close()


async def test_p9_what_a_check_finds_broken_takes_nothing_more(tmp_path, monkeypatch):
    gate, path = Gate(monkeypatch), tmp_path / "data.db"
    database = await shrunk(path)
    store = SqlStore(database)
    await store.accept(message("e2", "Two?"))
    await asyncio.to_thread(gate.reached.wait, 20)
    overwritten(path, pages(path)[-1])
    gate.open.set()
    assert database._watch.check._thread is not None
    await asyncio.to_thread(database._watch.check._thread.join)
    for event in ("e3", "e4"):
        with pytest.raises(StoreDamaged, match="is no usable database"):
            await store.accept(message(event, "Three?"))
    await store.close()


def _size(path: Path) -> int:
    return path.stat().st_size


def pages(path: Path) -> list[int]:
    """Give where each page but the first begins."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(18)[16:])
    return list(range(length, path.stat().st_size, length))


def overwritten(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"\xa5" * 512)


async def filled(path: Path) -> None:
    store = await open_sqlite(path)
    for number in range(3):
        await store.accept(message(f"e{number}", f"{number}?"))
        await store.begin(start(f"t{number}", seq=number + 1))
        await store.finish(end(f"t{number}"))
    await store.accept(message("e3", "3?"))
    await store.close()


async def tried(store: Store) -> StoreDamaged | None:
    """Read and write; what is read is true, if it is anything."""
    try:
        assert [each.incoming.event_id for each in await store.waiting()] == ["e3"]
        assert [line.text for _, line in await store.lines(ROOM.session)] == SAID
        await store.accept(message("e4", "4?"))
    except StoreDamaged as error:
        return error
    return None


async def test_p9_whatever_page_is_overwritten_it_says_so_or_what_is_true(tmp_path):
    """And what is found broken takes nothing any more, and stands there as it was."""
    whole, path = tmp_path / "whole.db", tmp_path / "data.db"
    await filled(whole)
    found = 0
    for at in pages(whole):
        shutil.copy(whole, path)
        store = await open_sqlite(path)
        overwritten(path, at)
        held = path.read_bytes()
        refused = await tried(store)
        found += refused is not None
        if refused is not None:
            assert f"{path} is no usable database" in str(refused)
            for event in ("e5", "e6"):
                with pytest.raises(StoreDamaged):
                    await store.accept(message(event, "More?"))
            assert path.read_bytes() == held
        await store.close()
        for log in path.parent.glob("data.db-*"):
            log.unlink()
    assert found >= 4


async def test_p9_what_was_read_wrong_once_is_no_damage(tmp_path):
    """A disk, or a memory, that fails once: nothing is confirmed, and nothing stops."""
    database = await SQLite.open(tmp_path / "data.db")
    error = sqlite3.DatabaseError("database disk image is malformed")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    said = await database._doubted(error)
    assert (type(said), "look at the system's log" in str(said)) == (StoreError, True)
    assert await SqlStore(database).accept(message("e1", "One?")) is not None
    await database.close()
