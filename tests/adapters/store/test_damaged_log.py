"""P9: the log of the database is overwritten under the running program: it is noticed when read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from adapters.store import open_sqlite
from core.errors import StoreDamaged
from core.storage import Store
from tests.adapters.store.test_checking import SAID, filled, overwritten
from tests.fakes.turns import ROOM, message

HEADER, FRAME = 32, 24
"""Bytes before the frames of a log, and before the page of each. Source: fileformat2 §4.1."""


async def test_p9_whatever_frame_of_the_log_is_overwritten_it_says_so_or_what_is_true(tmp_path):
    whole = tmp_path / "whole.db"
    await filled(whole)
    found = 0
    for number in range(8):
        path = tmp_path / f"data{number}.db"
        shutil.copy(whole, path)
        store = await open_sqlite(path)
        await store.accept(message("e4", "4?"))
        overwritten(Path(f"{path}-wal"), HEADER + number * (FRAME + 4096) + FRAME)
        found += await refused(store)
        await store.close()
    assert found >= 2


async def refused(store: Store) -> bool:
    """Read and write; what is read is true, and once something is broken nothing is taken."""
    try:
        assert [each.incoming.event_id for each in await store.waiting()] == ["e3", "e4"]
        assert [line.text for _, line in await store.lines(ROOM.session)] == SAID
        await store.accept(message("e5", "5?"))
    except StoreDamaged:
        for event in ("e6", "e7"):
            with pytest.raises(StoreDamaged):
                await store.accept(message(event, "More?"))
        return True
    return False
