"""P9: a file that is cut under the program takes nothing more, and its log is left as it is."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest

from adapters.store import open_sqlite
from adapters.store.calling_off import never
from adapters.store.watch import Watch
from core.errors import StoreDamaged, StoreFull
from tests.fakes.turns import message


@pytest.mark.parametrize("size", [0, 1, 511, 8192])
@pytest.mark.parametrize("scrubbed", [False, True])
async def test_p9_a_cut_file_takes_nothing_and_nothing_of_its_log_goes(size, scrubbed, tmp_path):
    """Cut to nothing it passed for a new one: what came was confirmed and lost, and so was all
    that stood in the log."""
    path = tmp_path / "data.db"
    store = await open_sqlite(path)
    await store.accept(message("e1", "One?"))
    if scrubbed:
        await store.scrub(whole=False)
    await store.accept(message("e2", "Two?"))
    if scrubbed:
        await store.scrub(whole=False)
    log = Path(f"{path}-wal")
    held = _bytes(log)
    assert bool(held) is not scrubbed
    os.truncate(path, size)
    for event in ("e3", "e4"):
        with pytest.raises(StoreDamaged):
            await store.accept(message(event, "Three?"))
    with suppress(StoreDamaged):
        await store.scrub(whole=False)
    assert _bytes(log) == held
    await store.close()
    assert not held or _bytes(log) == held


async def test_p9_a_cut_file_that_cannot_be_read_just_now_is_read_later(tmp_path, monkeypatch):
    """It was taken for a broken one until the next start."""
    path = tmp_path / "data.db"
    store = await open_sqlite(path)
    await store.accept(message("e1", "One?" * 100_000))
    await store.scrub(whole=False)
    await store.accept(message("e2", "Two?"))
    file = Watch(path, called_off=never)
    assert file.trouble() is None
    whole = path.read_bytes()
    os.truncate(path, len(whole) - 4096)
    monkeypatch.setattr("adapters.store.checking.connect", full)
    assert isinstance(file.trouble(), StoreFull)
    path.write_bytes(whole)
    assert file.trouble() is None
    await store.close()


def _bytes(file: Path) -> bytes:
    return file.read_bytes()


def full(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    raise _too_many_files()


def _too_many_files() -> sqlite3.Error:
    error = sqlite3.OperationalError("unable to open database file")
    error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
    return error
