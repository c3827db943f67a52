"""The rows about memory over many turns: runner, SQLite and advice cache, in a fresh process.

The process plays turns against the provider, a few at a time, and says what it holds after every
so many. Whether that grows is read off the second half: by then caches are as full as they get.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from statistics import linear_regression

from adapters.llm.wire import open_session
from bench.process import Process
from bench.scene import Plan, Scene
from bench.table import Row
from bench.whole import Whole, whole
from gateway.cli.root import GARBAGE

TURNS, MANY = 10_000, 50_000
AT_ONCE = 8
SAMPLES = 100
INSTANT = Plan(first=0.0, pieces=12)
SHORT = Scene(references=(INSTANT, INSTANT, INSTANT), aggregator=INSTANT, history=0)
GROWS = 1.0
"""Megabytes that 10,000 turns may add, by the slope of the second half."""


def rows(base_url: str, turns: int = TURNS) -> list[Row]:
    """Measure."""
    command = [sys.executable, "-m", "bench.soak", base_url, str(turns)]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    held: list[float] = json.loads(told)
    late = held[len(held) // 2 :]
    slope = linear_regression(range(len(late)), late).slope * SAMPLES
    return [
        Row(what=f"memory after {turns:,} turns of the runner", unit="MB", ours=held[-1]),
        Row(
            what=f"memory that {turns:,} turns add, by the second half's slope",
            unit="MB",
            ours=slope,
            target=f"≤ {GROWS:g} MB",
            limit=GROWS,
        ),
    ]


async def _play(base_url: str, turns: int) -> Sequence[float]:
    async with open_session() as session, whole(session, base_url) as program:
        return [await _some(program, turns // SAMPLES) for _ in range(SAMPLES)]


async def _some(program: Whole, turns: int) -> float:
    left = iter(range(turns))

    async def asker() -> None:
        for _ in left:
            await program.turn(SHORT)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(asker())
    return Process(pid=os.getpid()).megabytes


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    gc.set_threshold(*GARBAGE)
    print(json.dumps(asyncio.run(_play(sys.argv[1], int(sys.argv[2])))))
