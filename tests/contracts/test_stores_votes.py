"""What every store knows of people's votes on answers (MOA-38)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.store import open_sqlite
from adapters.store.sqlite import SQLite
from adapters.store.sqlite_file import MIGRATIONS
from core.errors import StoreError
from core.records import Voted
from core.storage import Store
from tests.fakes.turns import advice, end, start


async def answered(store: Store, turn_id: str = "t1") -> None:
    await store.begin(start(turn_id))
    await store.landed(turn_id, 1, advice(1))
    await store.landed(turn_id, 1, replace(advice(2), outcome="late"))
    guidance = replace(advice(1), position=0, label="p:condenses")
    await store.references_done(turn_id, 1, [guidance])
    await store.finish(end(turn_id))


async def test_moa_38_votes_are_kept_with_the_preset_and_who_had_advised(store: Store):
    await answered(store)
    assert await store.voted() == []
    await store.vote("t1", "ann", "up", at=1)
    await store.vote("t1", "ben", "down", at=2)
    (voted,) = await store.voted()
    assert voted == Voted(
        preset=start("t1").preset.name,
        references=(advice(1).label,),
        up=1,
        down=1,
        dollars=Decimal("0.0030"),
        priced=True,
    )


async def test_moa_38_each_person_has_one_vote_and_the_last_one_counts(store: Store):
    await answered(store)
    for vote in ("up", "up", "down"):
        await store.vote("t1", "ann", vote, at=1)
    (voted,) = await store.voted()
    assert (voted.up, voted.down) == (0, 1)


async def test_moa_38_an_answer_that_was_asked_again_keeps_its_votes(store: Store):
    await answered(store)
    await store.vote("t1", "ann", "down", at=1)
    await store.remove("t1")
    assert len(await store.voted()) == 1


async def test_moa_38_nobody_votes_on_what_is_not_there(store: Store):
    with pytest.raises(StoreError):
        await store.vote("gone", "ann", "up", at=1)


async def test_moa_38_votes_go_with_their_turn(tmp_path):
    path = tmp_path / "data.db"
    store = await open_sqlite(path)
    await answered(store)
    await store.vote("t1", "ann", "up", at=1)
    await store.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("DELETE FROM turns")
        assert connection.execute("SELECT COUNT(*) FROM votes").fetchone() == (0,)


async def test_p14_votes_that_were_kept_as_settings_are_counted(tmp_path):
    path = tmp_path / "data.db"
    older = tmp_path / "older"
    older.mkdir()
    for file in sorted(MIGRATIONS.glob("000[1-5]*.sql")):
        (older / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    await (await SQLite.open(path, migrations=older)).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "INSERT INTO turns (turn_id, platform, session, preset, question, asker, history,"
            " started, preset_name) VALUES ('t1', 'web', 'web/a', '{}', '{}', 'u1', 0, 0, 'review')"
        )
        for key, value in (("vote:ann", "up"), ("vote:ben", "down"), ("other", "kept")):
            connection.execute(
                "INSERT INTO settings VALUES ('turn:t1', ?, ?, 'ann', 5)", (key, value)
            )
        connection.commit()
    store = await open_sqlite(path)
    (voted,) = await store.voted()
    assert (voted.preset, voted.up, voted.down) == ("review", 1, 1)
    assert await store.settings("turn:t1") == {"other": "kept"}
    await store.close()
