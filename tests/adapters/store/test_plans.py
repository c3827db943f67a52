"""That no statement reads a table that grows with every message from end to end."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from adapters.store.queries import QUERIES
from adapters.store.sqlite_file import prepare

GROWS = re.compile(r"SCAN (inbox|turns|history|calls|outbox|epochs|tool_calls|steered)\b")

RARE = {
    "aside": "the index has what was put aside, and nothing else",
    "forgive_messages": "the index has what waits, and nothing else",
    "forgive_turns": "once when the program stops; the index has what is unfinished",
    "held": "a purge looks through the index of what has texts, once a night",
    "move_epochs": "a chat moves once in its life",
    "move_history": "a chat moves once in its life",
    "move_inbox": "a chat moves once in its life",
    "move_turns": "a chat moves once in its life",
    "unfinished": "the index has what is unfinished, and nothing else",
    "voted": "every vote is asked for",
    "waiting": "the index has what waits, and nothing else",
    "waiting_in": "the index has what waits, and nothing else",
}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plans") / "data.db"
    prepare(path, program="1")
    return path


def scans(path: Path, query: str) -> list[str]:
    numbered = re.sub(r"\$(\d+)", r"?\1", query)
    most = max((int(each) for each in re.findall(r"\?(\d+)", numbered)), default=0)
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute(f"EXPLAIN QUERY PLAN {numbered}", ["x"] * most).fetchall()
    return [row[3] for row in rows if GROWS.match(row[3])]


def test_only_what_is_rare_reads_a_whole_table(path):
    found = {name for name, query in QUERIES.items() if scans(path, query)}

    assert found == set(RARE)
