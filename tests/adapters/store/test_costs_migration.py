"""Shows that what was spent before presets had a column of their own is still known by preset."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from decimal import Decimal

from adapters.store import open_sqlite
from adapters.store.sqlite_file import MIGRATIONS, prepare
from core.records import Whose


async def test_p14_turns_of_an_older_version_keep_their_preset(tmp_path):
    path, older = tmp_path / "data.db", tmp_path / "older"
    older.mkdir()
    for file in MIGRATIONS.glob("000[1-4]_*.sql"):
        shutil.copy(file, older)
    prepare(path, program="1", migrations=older)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "INSERT INTO turns (turn_id, platform, session, preset, question, asker, history,"
            " started, ending, dollars, priced) VALUES ('t1', 'web', 'web/a',"
            """ '{"name":"review \\u00e9"}', '{}', 'u1', 0, 5, 'finished', '0.25', 1)"""
        )
        connection.commit()
    store = await open_sqlite(path)
    (cost,) = await store.costs(Whose(preset="review é"), since=0, until=10)
    await store.close()
    assert cost.spent.dollars == Decimal("0.25")
