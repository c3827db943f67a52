"""P14: what the programs of earlier releases left in the middle of everything, and this takes up.

On Telegram, Discord and Slack at once; tests/fixtures/databases/README.md says how they were made.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from adapters.store import open_sqlite
from core.texts.turns import UNSURE
from core.wording import LABELS
from tests.gateway.page import stored
from tests.promises.olden import FIXTURES, PEOPLE, SECONDS, Day, opened, put_back
from tests.transcripts.stages import MESSENGERS

VERSIONS = sorted(int(each.stem) for each in FIXTURES.glob("*.json"))
OTHERS = tuple(each for each in PEOPLE if each not in {"Ann", "Letter"})
UNKNOWN = {"Dropped", "Hanging", "Piece", "Reset"}
"""Of whose answers Telegram cannot tell whether they stand there; the others are asked, or take
the same message twice for one."""


def ends(day: Day, platform: str, name: str) -> int:
    return sum(each.text.count("The end.") for each in day.shown(platform, name))


def notes(day: Day, platform: str, name: str) -> int:
    return sum(UNSURE in each.text for each in day.shown(platform, name))


def told(day: Day, platform: str, name: str) -> bool:
    """Whether an answer stands there, or a note that nobody can tell."""
    doubtful = platform == "telegram" and name in UNKNOWN
    return notes(day, platform, name) > 0 if doubtful else ends(day, platform, name) > 0


async def press(day: Day, platform: str, name: str, label: str) -> None:
    """Press the newest button with this label."""
    place, who = day.where[platform, name], day.who[platform, name]
    said = [each for each in day.shown(platform, name) if label in each.buttons]
    await day.sims[platform].press(place, who, said[-1].id, label)


@pytest.mark.parametrize("version", VERSIONS)
async def test_p14_what_stood_in_the_middle_of_everything_goes_on(version, tmp_path):
    """An answer is sent once, or is noted where nobody can tell; what is allowed is done once."""
    async with opened(tmp_path) as day:
        day.models.halts = False
        put_back(day, version)
        async with day.started() as process:
            await day.until(lambda p, n: told(day, p, n), *OTHERS)
            assert Counter(each.body["model"] for each in day.models.seen) == {"big": 3}  # Cut's
            assert not (tmp_path / "paid.txt").exists()
            for platform in MESSENGERS:
                await press(day, platform, "Ann", LABELS["approve"])
            await day.until(lambda p, n: ends(day, p, n) >= 4, "Ann")
            await press(day, "telegram", "Letter", LABELS["again"])
            await day.until(lambda p, n: p != "telegram" or ends(day, p, n), "Letter")
            assert "Traceback" not in "\n".join(process.stderr)
        assert (tmp_path / "paid.txt").read_text() == "bill\n" * 3
        (cost,) = {str(day.models.about("What does it cost?")["big"])}
        assert cost == "3"
        async with day.started():
            nothing = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM turns WHERE state <> 'delivered')"
            await stored(tmp_path, nothing, seconds=SECONDS)
        for platform in MESSENGERS:
            for name in OTHERS:
                here = (platform, name, [each.text for each in day.shown(platform, name)])
                doubtful = platform == "telegram" and name in UNKNOWN
                assert notes(day, platform, name) == doubtful, here
                lost = doubtful and name == "Reset"  # it never arrived, and is not sent blindly
                assert ends(day, platform, name) == 1 - lost, here
            assert ends(day, platform, "Ann") == 4


@pytest.mark.parametrize("version", VERSIONS)
async def test_p14_files_choices_and_bills_are_still_there(version, tmp_path):
    async with opened(tmp_path) as day:
        put_back(day, version)
        path = day.data / "moa-gateway.db"
        before = kept(path)
        await (await open_sqlite(path)).close()
        after = kept(path, {table: list(rows[0]) for table, rows in before.items()})
        assert {table: rows for table, rows in after.items() if table in before} == before
        (digest,) = {row["digest"] for row in before["files"]}
        assert (day.data / "files" / digest).read_bytes() == b"The station is in the north."
        assert {row["state"] for row in before["outbox"]} == {
            *("attempting", "piece", "delivered", "unknown", "failed")
        }
        for table in ("calls", "epochs", "facts", "history", "introductions", "settings", "turns"):
            assert before[table], table


Rows = dict[str, list[dict[str, Any]]]


def kept(path: Path, columns: Mapping[str, Sequence[str]] | None = None) -> Rows:
    """Give the rows of all tables that have any, of these columns; who migrated apart."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'migrations'"
        found = {}
        for (table,) in connection.execute(tables).fetchall():
            wanted = ", ".join((columns or {}).get(table, "*"))
            rows = connection.execute(f'SELECT {wanted} FROM "{table}" ORDER BY 1, 2').fetchall()
            found[table] = [dict(row) for row in rows]
    return {table: rows for table, rows in found.items() if rows}
