"""The rows about very many turns through a messenger: what the program holds more afterwards.

The real program and a Bot API without limits. Two thousand people ask again and again, fifty at
once; the program's own pace is what takes the time: half an hour for fifty thousand turns.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from statistics import linear_regression
from tempfile import TemporaryDirectory
from time import sleep
from typing import Any

from bench.bot_api import bot_api
from bench.program import Program, running
from bench.table import Row
from bench.telegram import AT_ONCE, SETTLES, Side, account, config, until

TURNS, WARM = 50_000, 5_000
"""So many are measured; the others come before: caches fill, and every person has asked."""
PEOPLE, CROWD = 2_000, 50
GROWS = 0.1
"""Megabytes that 1,000 turns may add: what a map forgets late, and the noise of the machine."""
RESTS = 20.0
"""Seconds after which what was under way is over, and advice and notices wait for nobody."""
KINDS = 12
"""So many kinds of objects are named, those that have become more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the program holds at rest. `kinds` counts objects; `stored` is in bytes."""

    tasks: int
    threads: int
    files: int
    stored: int
    cpu: float
    kinds: Mapping[str, int]


def rows(provider: str, turns: int = TURNS, warm: int = WARM) -> list[Row]:
    """Measure."""
    with TemporaryDirectory() as folder, bot_api() as api:
        told = Path(folder) / "told"
        with running(config(provider, api, AT_ONCE), told) as program:
            until(lambda: account(api)["polled"])
            sleep(SETTLES)
            people = cycle(range(1_000, 1_000 + min(PEOPLE, warm)))
            side = Side(process=program, api=api, people=people)
            _asked(side, program, warm)
            before = _held(program, told)
            held = _asked(side, program, turns)
            after = _held(program, told)
    return _rows(turns, before, held, after)


def _asked(side: Side, program: Program, turns: int) -> list[float]:
    held = []
    for _ in range(turns // CROWD):
        side.ask(CROWD, AT_ONCE.aggregator.pieces)
        held.append(program.megabytes)
    return held


def _held(program: Program, told: Path) -> Held:
    """Wait until it rests, and let it count."""
    sleep(RESTS)
    cpu = program.cpu
    lines = len(_lines(told))
    os.kill(program.pid, signal.SIGUSR2)
    until(lambda: len(_lines(told)) > lines)
    found: dict[str, Any] = json.loads(_lines(told)[-1])
    status = Path(f"/proc/{program.pid}/status").read_text()
    return Held(
        tasks=found["tasks"],
        threads=int(status.partition("Threads:")[2].split()[0]),
        files=len(list(Path(f"/proc/{program.pid}/fd").iterdir())),
        stored=sum(each.stat().st_size for each in program.data.glob("*.db")),
        cpu=cpu,
        kinds=found["kinds"],
    )


def _lines(told: Path) -> list[str]:
    """Give the lines that are whole."""
    return told.read_text().split("\n")[:-1] if told.exists() else []


def _rows(turns: int, before: Held, held: list[float], after: Held) -> list[Row]:
    slope = linear_regression(range(len(held)), held).slope * 1_000 / CROWD
    about = f"{turns:,} turns of {PEOPLE:,} people on Telegram"
    counted = [
        ("tasks", before.tasks, after.tasks),
        ("threads", before.threads, after.threads),
        ("open files and sockets", before.files, after.files),
    ]
    more = {name: count - before.kinds.get(name, 0) for name, count in after.kinds.items()}
    most = sorted(more.items(), key=lambda each: -each[1])[:KINDS]
    return [
        Row(what=f"{about}: memory before them", unit="MB", ours=held[0]),
        Row(what=f"{about}: memory after them", unit="MB", ours=held[-1]),
        Row(
            what=f"{about}: memory that 1,000 of them add, least squares",
            unit="kB",
            ours=1e3 * slope,
            target=f"≤ {1e3 * GROWS:g} kB",
            limit=1e3 * GROWS,
        ),
        Row(what=f"{about}: CPU of each", unit="ms", ours=1e3 * (after.cpu - before.cpu) / turns),
        Row(
            what=f"{about}: what the database grows by each",
            unit="kB",
            ours=(after.stored - before.stored) / turns / 1e3,
        ),
        *(
            Row(
                what=f"{about}: {what} at rest, after them",
                unit="",
                ours=end,
                target=f"{start}: as before",
                limit=start,
            )
            for what, start, end in counted
        ),
        *(
            Row(what=f"{about}: objects more, {name}", unit="", ours=count)
            for name, count in most
            if count >= CROWD
        ),
    ]
