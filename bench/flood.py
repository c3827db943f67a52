"""The rows about a flood: 100,000 messages from 1,000 people, while ten others go on asking.

The real program with no limits in its file, and a Bot API that allows what Telegram does. First
the ten ask alone, then beside the flood; what the program holds is looked at all the time.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from statistics import quantiles
from time import sleep
from urllib.request import Request, urlopen

from bench.bot_api import bot_api
from bench.flood_api import Played, Wanted
from bench.program import Program, running
from bench.scene import Plan, Scene
from bench.table import Row
from bench.telegram import SETTLES, account, config, until

MESSAGES, PEOPLE, POLITE = 100_000, 1_000, 10
ANSWERS = Scene(references=(), aggregator=Plan(first=0.2, pieces=20, between=0.05))
PAUSE = 2.0
"""Seconds in which a polite person thinks."""
ALONE, AFTERWARDS = 30.0, 30.0
"""Seconds for which the ten ask alone, and beside what is left to do when the flood is over."""
BETWEEN = 5.0
GROWS, SLOWER = 100.0, 2.0
PATIENCE = 1800.0
LOOK = 0.25


def rows(provider: str, messages: int = MESSAGES) -> list[Row]:
    """Measure."""
    with (
        bot_api(module="bench.flood_api") as api,
        running(config(provider, api, ANSWERS)) as program,
    ):
        until(lambda: account(api)["polled"])
        sleep(SETTLES)
        alone, _ = _played(api, program, 0, ALONE)
        sleep(BETWEEN)
        before = program.megabytes
        flood, held = _played(api, program, messages, AFTERWARDS)
        stored = sum(each.stat().st_size for each in program.data.glob("*.db*")) / 1e6
    about = f"flood of {messages:,} messages from {PEOPLE:,} people"
    return [
        *_waits(about, alone, flood),
        Row(
            what=f"{about}: memory that it adds at most",
            unit="MB",
            ours=max(held) - before,
            target=f"≤ {GROWS:g} MB",
            limit=GROWS,
        ),
        Row(what=f"{about}: taken in or refused, a second", unit="", ours=messages / flood.taken),
        Row(
            what=f"{about}: told twice in a minute", unit="", ours=flood.again, target="0", limit=0
        ),
        Row(what=f"{about}: told that it was not taken in", unit="", ours=flood.notices),
        Row(what=f"{about}: what the database grows to", unit="MB", ours=stored),
    ]


def _played(
    api: str, program: Program, messages: int, seconds: float
) -> tuple[Played, Sequence[float]]:
    """Play it; give what came of it and what the program held meanwhile."""
    wanted = Wanted(
        polite=[*range(1, POLITE + 1)],
        flooding=[*range(1_000, 1_000 + PEOPLE)],
        messages=messages,
        words=ANSWERS.aggregator.pieces,
        pause=PAUSE,
        seconds=seconds,
    )
    body = json.dumps(asdict(wanted)).encode()
    request = Request(f"{api}/flood", body)  # noqa: S310 - our own http address
    held: list[float] = []
    with ThreadPoolExecutor(1) as pool:
        playing = pool.submit(_told, request)
        while not playing.done():
            held.append(program.megabytes)
            sleep(LOOK)
    return playing.result(), held


def _told(request: Request) -> Played:
    with urlopen(request, timeout=PATIENCE) as response:  # noqa: S310 - our own http address
        return Played(**json.load(response))


def _waits(about: str, alone: Played, flood: Played) -> list[Row]:
    slowest = [quantiles(each.waited, n=20)[18] for each in (alone, flood)]
    return [
        Row(
            what=f"{about}: ten others' whole answer, 95 of 100, without it",
            unit="s",
            ours=slowest[0],
        ),
        Row(
            what=f"{about}: ten others' whole answer, 95 of 100, beside it",
            unit="s",
            ours=slowest[1],
            target=f"≤ {SLOWER:g} × the row above",
            limit=SLOWER * slowest[0],
        ),
    ]
