"""The rows about very many turns through one messenger: what the program holds more afterwards.

The real program, its paces lifted (`watched.py`), and a messenger without limits. Two thousand
people ask again and again, fifty at once: Telegram's through a Bot API that costs little, those of
Discord and Slack through the simulators of the tests.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from pathlib import Path
from statistics import linear_regression
from tempfile import TemporaryDirectory
from time import sleep
from typing import Any

from bench.bot_api import bot_api
from bench.messengers import CONFIG
from bench.program import TOKEN, Program, running
from bench.table import Row
from bench.talkers import CROWD, PEOPLE, talkers
from bench.telegram import AT_ONCE, SETTLES, Side, account, config, slots, until

TURNS, WARM = 35_000, 15_000
"""So many are measured; the others come before: maps of 10,000 fill, and every person has asked."""
STEP = 250
"""Turns after which it is read what the program holds."""
GROWS = 0.1
"""Megabytes that 1,000 turns may add: what a map forgets late, and the noise of the machine."""
RESTS = 40.0
"""Seconds after which what was under way is over, and connections that nobody uses are closed."""
KINDS = 12
"""So many kinds of objects are named, those that have become more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the program holds at rest. `kinds` counts objects; `stored` is in bytes.

    `blocks` are the pieces of Python's own memory that are in use, those of objects that its
    collector does not see among them.
    """

    tasks: int
    threads: int
    files: int
    blocks: int
    stored: int
    cpu: float
    kinds: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A program, and the people who talk with it: `ask` comes back when so many have an answer."""

    program: Program
    told: Path
    ask: Callable[[int], None]

    def asked(self, turns: int) -> list[float]:
        """Let them ask so often; give what the program held meanwhile, in megabytes."""
        held = []
        for _ in range(turns // STEP):
            self.ask(STEP)
            held.append(self.program.megabytes)
        return held


def rows(provider: str, name: str = "telegram", turns: int = TURNS, warm: int = WARM) -> list[Row]:
    """Measure."""
    with _talk(provider, name) as talk:
        sleep(SETTLES)
        talk.asked(warm)
        before = _held(talk.program, talk.told)
        held = talk.asked(turns)
        after = _held(talk.program, talk.told)
    about = f"{turns:,} turns of {PEOPLE:,} people on {name.capitalize()}"
    return _rows(about, before, held, after)


@contextmanager
def _talk(provider: str, name: str) -> Iterator[Talk]:
    with TemporaryDirectory() as folder:
        told = Path(folder) / "told"
        if name == "telegram":
            with bot_api() as api, running(config(provider, api, AT_ONCE), told) as program:
                until(lambda: account(api)["polled"])
                people = cycle(range(1_000, 1_000 + PEOPLE))
                side = Side(process=program, api=api, people=people)
                yield Talk(program=program, told=told, ask=partial(_telegram, side))
        else:
            with talkers(name) as place, running(_config(provider, place.platforms), told) as it:
                yield Talk(program=it, told=told, ask=place.ask)


def _telegram(side: Side, turns: int) -> None:
    for _ in range(turns // CROWD):
        side.ask(CROWD, AT_ONCE.aggregator.pieces)


def _config(provider: str, platforms: str) -> str:
    return CONFIG.format(owner=TOKEN, platforms=platforms, provider=provider, slots=slots(AT_ONCE))


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
        blocks=found["blocks"],
        stored=sum(each.stat().st_size for each in program.data.glob("*.db")),
        cpu=cpu,
        kinds=found["kinds"],
    )


def _lines(told: Path) -> list[str]:
    """Give the lines that are whole."""
    return told.read_text().split("\n")[:-1] if told.exists() else []


def _slope(held: Sequence[float]) -> float:
    """Give the megabytes that 1,000 turns add."""
    return linear_regression(range(len(held)), held).slope * 1_000 / STEP


def _rows(about: str, before: Held, held: Sequence[float], after: Held) -> list[Row]:
    turns = STEP * len(held)
    counted = [
        ("tasks", before.tasks, after.tasks),
        ("threads", before.threads, after.threads),
        ("open files and sockets", before.files, after.files),
    ]
    more = {name: count - before.kinds.get(name, 0) for name, count in after.kinds.items()}
    most = sorted(more.items(), key=lambda each: -each[1])[:KINDS]
    return [
        Row(what=f"{about}: memory before them", unit="MB", ours=held[0]),
        Row(what=f"{about}: memory in the middle", unit="MB", ours=held[len(held) // 2]),
        Row(what=f"{about}: memory after them", unit="MB", ours=held[-1]),
        Row(what=f"{about}: 1,000 add, least squares", unit="kB", ours=1e3 * _slope(held)),
        Row(
            what=f"{about}: 1,000 of the second half add, least squares",
            unit="kB",
            ours=1e3 * _slope(held[len(held) // 2 :]),
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
        Row(
            what=f"{about}: blocks of Python's memory more than {before.blocks:,}",
            unit="",
            ours=after.blocks - before.blocks,
        ),
        *(
            Row(what=f"{about}: objects more, {name}", unit="", ours=count)
            for name, count in most
            if count >= CROWD
        ),
    ]
