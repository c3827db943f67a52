"""P1: whatever was accepted is there after kill -9, and the file is intact."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

# Eight at a time, so that the kill falls into commits that several share; each id is printed
# only after `accept` has returned, as a platform would be answered.
ACCEPT_FOR_EVER = """
import asyncio, sys
from pathlib import Path
from adapters.store import open_sqlite
from tests.fakes.turns import advice, end, message, start

async def accept(store, name):
    for number in range(10**6):
        event = f"{name}-{number}"
        accepted = await store.accept(message(event, "x" * 200))
        print(event, flush=True)
        if number % 5 == 0:
            await store.begin(start(event, seq=accepted.seq))
            await store.references_done(event, 1, [advice(1), advice(2)])
            await store.finish(end(event))

async def main():
    store = await open_sqlite(Path(sys.argv[1]))
    async with asyncio.TaskGroup() as group:
        for lane in range(8):
            group.create_task(accept(store, f"{sys.argv[2]}-{lane}"))

asyncio.run(main())
"""
KILLS = 6
ROOT = Path(__file__).parents[3]


def accepted_until_killed(path: Path, name: str, lines: int) -> list[str]:
    with subprocess.Popen(
        [sys.executable, "-c", ACCEPT_FOR_EVER, str(path), name],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    ) as child:
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(lines)]
        child.kill()
        said += child.stdout.readlines()
    # The last line may have been cut by the kill.
    return [line.strip() for line in said if line.endswith("\n")]


def test_p1_nothing_accepted_is_lost_when_the_process_is_killed(tmp_path):
    path = tmp_path / "data.db"
    chance = random.Random(1)
    promised: list[str] = []
    for kill in range(KILLS):
        promised += accepted_until_killed(path, f"k{kill}", chance.randint(1, 400))
        with closing(sqlite3.connect(path)) as connection:
            stored = {event for (event,) in connection.execute("SELECT event_id FROM inbox")}
            assert connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
            halves = connection.execute(
                "SELECT COUNT(*) FROM turns WHERE state = 'answered' AND turn_id NOT IN"
                " (SELECT turn_id FROM history GROUP BY turn_id HAVING COUNT(*) = 2)"
            ).fetchone()
        assert set(promised) <= stored
        assert halves == (0,)
    assert len(promised) >= KILLS
