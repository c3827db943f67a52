"""The rows about a flood over Telegram, Discord and Slack at once, through their real libraries.

The program has no limits in its file, the simulators have those of the platforms, in a process of
their own (`town.py`). First some people ask alone, then the same ones beside the flood; what the
program has written down at the end is held against what people were shown.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles
from subprocess import PIPE, Popen
from time import sleep
from typing import Any

from bench.messengers import CONFIG
from bench.program import TOKEN, Program, running
from bench.scene import Plan, Scene
from bench.table import Row
from bench.telegram import slots
from bench.town import Played, Wanted

MESSAGES = 100_000
CROWDS = {"telegram": 450, "discord": 450, "slack": 100}
SHARES = {"telegram": 0.45, "discord": 0.45, "slack": 0.1}
EACH = 1.0
"""Messages of a flooding person in a second: Slack takes no more in a channel, and Discord's own
clients no more than five in five seconds. On a socket nobody hears how far the program has read."""
KNOWN = 1.0
"""First messages on Slack in a second: it names the bot some 100 people a minute."""
POLITE = {"telegram": 4, "discord": 4, "slack": 2}
PAUSES = {"telegram": 2.0, "discord": 2.0, "slack": 9.0}
"""Seconds in which a polite person thinks: Slack lets the bot begin some 13 answers a minute."""
ANSWERS = Scene(references=(), aggregator=Plan(first=0.2, pieces=20, between=0.05))
ALONE, AFTERWARDS = 90.0, 60.0
LONGEST = 480.0
"""Seconds that the messages may take; what has not come by then does not come."""
BETWEEN = 10.0
GROWS, SLOWER = 100.0, 2.0
FEW = 2
"""Of fewer answers nothing can be said but how many there were."""
LOOK = 0.25
STATES = """
SELECT inbox.platform, inbox.state, turns.state, count(*)
FROM inbox LEFT JOIN turns USING (turn_id) WHERE kind = 'message' GROUP BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class Town:
    """The three simulators, at the other end of two pipes."""

    child: Popen[bytes]
    platforms: str

    def play(self, scene: Mapping[str, Wanted]) -> Mapping[str, Played]:
        """Play it; come back when it is over."""
        told = json.dumps({name: asdict(each) for name, each in scene.items()})
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.child.stdin.write(told.encode() + b"\n")
        self.child.stdin.flush()
        found: Mapping[str, Any] = json.loads(self.child.stdout.readline())
        return {name: Played(**each) for name, each in found.items()}


@contextmanager
def town() -> Iterator[Town]:
    """Run one in a child process."""
    command = [sys.executable, "-m", "bench.town"]
    with Popen(command, stdin=PIPE, stdout=PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            yield Town(child, json.loads(child.stdout.readline()))
        finally:
            child.stdin.close()  # it ends with its parent, however that ends


def config(provider: str, place: Town, scene: Scene) -> str:
    """Write a configuration with three messengers and one preset."""
    return CONFIG.format(
        owner=TOKEN, platforms=place.platforms, provider=provider, slots=slots(scene)
    )


def rows(provider: str, messages: int = MESSAGES) -> list[Row]:
    """Measure."""
    with town() as place, running(config(provider, place, ANSWERS)) as program:
        crowd = CROWDS["slack"]
        place.play({"slack": Wanted(flooding=crowd, messages=crowd, most=LONGEST, pace=KNOWN)})
        alone, _ = _played(place, program, 0, ALONE)
        sleep(BETWEEN)
        before = program.megabytes
        cpu = program.cpu
        flood, held = _played(place, program, messages, AFTERWARDS)
        cpu = program.cpu - cpu
        stored = _stored(program.data)
        size = sum(each.stat().st_size for each in program.data.glob("*.db*")) / 1e6
    said = sum(each.said for each in flood.values())
    about = f"{said:,} messages of {sum(CROWDS.values()):,} people on three messengers"
    return [
        *_waits(about, alone, flood),
        Row(
            what=f"{about}: memory that they add at most",
            unit="MB",
            ours=max(held) - before,
            target=f"≤ {GROWS:g} MB",
            limit=GROWS,
        ),
        Row(what=f"{about}: memory at most", unit="MB", ours=max(held)),
        *_taken(about, flood),
        Row(what=f"{about}: the program's CPU", unit="s", ours=cpu),
        *_told(about, flood),
        *_kept(about, flood, stored),
        Row(what=f"{about}: what the database grows to", unit="MB", ours=size),
    ]


def _played(
    place: Town, program: Program, messages: int, seconds: float
) -> tuple[Mapping[str, Played], Sequence[float]]:
    """Play it; give what came of it and what the program held meanwhile."""
    scene = {
        name: Wanted(
            polite=POLITE[name],
            pause=PAUSES[name],
            flooding=CROWDS[name],
            messages=round(messages * share),
            most=LONGEST,
            pace=CROWDS[name] * EACH,
            after=seconds,
        )
        for name, share in SHARES.items()
    }
    held: list[float] = []
    with ThreadPoolExecutor(1) as pool:
        playing = pool.submit(place.play, scene)
        while not playing.done():
            held.append(program.megabytes)
            sleep(LOOK)
    return playing.result(), held


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What the inbox holds of one platform: messages accepted, and what became of them."""

    accepted: int
    answered: int  # their turns are delivered, each for one or more of them
    at_work: int
    waiting: int

    @property
    def lost(self) -> int:
        """Accepted, and in no other place."""
        return self.accepted - self.answered - self.at_work - self.waiting


def _stored(data: Path) -> Mapping[str, Stored]:
    (path,) = data.glob("*.db")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        found = database.execute(STATES).fetchall()
    return {name: _of([row[1:] for row in found if row[0] == name]) for name in SHARES}


def _of(found: Sequence[tuple[str, str | None, int]]) -> Stored:
    counts = {(state, turn): count for state, turn, count in found}
    return Stored(
        accepted=sum(counts.values()),
        answered=counts.get(("claimed", "delivered"), 0),
        at_work=counts.get(("claimed", "running"), 0) + counts.get(("claimed", "answered"), 0),
        waiting=counts.get(("waiting", None), 0),
    )


def _waits(about: str, alone: Mapping[str, Played], flood: Mapping[str, Played]) -> Iterator[Row]:
    for name in SHARES:
        before, beside = (each[name].waited for each in (alone, flood))
        if min(len(before), len(beside)) < FEW:
            yield Row(
                what=f"{about}: others on {name.capitalize()} answered", unit="", ours=len(beside)
            )
            continue
        slow = [quantiles(each, n=20)[18] for each in (before, beside)]
        whose = f"{about}: {POLITE[name]} others on {name.capitalize()}"
        yield Row(what=f"{whose}, 95 of 100, without it ({len(before)})", unit="s", ours=slow[0])
        yield Row(
            what=f"{whose}, 95 of 100, beside it ({len(beside)})",
            unit="s",
            ours=slow[1],
            target=f"≤ {SLOWER:g} × the row above",
            limit=SLOWER * slow[0],
        )
        yield Row(
            what=f"{whose}, median, beside it", unit="s", floor=median(before), ours=median(beside)
        )


def _taken(about: str, flood: Mapping[str, Played]) -> Iterator[Row]:
    for name, each in flood.items():
        what = f"{about}: taken in or refused, a second, {name.capitalize()}"
        yield Row(what=what, unit="", ours=each.said / each.taken)


def _told(about: str, flood: Mapping[str, Played]) -> Iterator[Row]:
    told = list(flood.values())
    yield Row(what=f"{about}: people told of a refusal", unit="", ours=sum(e.noticed for e in told))
    refused = sum((Counter(each.refused) for each in told), Counter[str]())
    methods = ", ".join(sorted(refused)) or "none"
    zeros = {
        "told twice within a minute": sum(each.again for each in told),
        f"answers to 429 ({methods})": refused.total(),
        "calls that a platform forbids": sum(each.odd for each in told),
    }
    for what, count in zeros.items():
        yield Row(what=f"{about}: {what}", unit="", ours=count, target="0", limit=0)


def _kept(about: str, flood: Mapping[str, Played], stored: Mapping[str, Stored]) -> Iterator[Row]:
    for name in SHARES:
        where, each = f"{about}: on {name.capitalize()}", stored[name]
        yield Row(what=f"{where}, accepted", unit="", ours=each.accepted)
        yield Row(what=f"{where}, of them answered so far", unit="", ours=each.answered)
        yield Row(what=f"{where}, waiting or at work", unit="", ours=each.waiting + each.at_work)
        yield Row(what=f"{where}, lost", unit="", ours=each.lost, target="0", limit=0)
