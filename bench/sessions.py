"""The rows about many chats: what thousands of people hold who asked once and went away.

The real program and a Bot API without limits, so the program's own pace is what takes the time: a
quarter of an hour for ten thousand people. What it holds is read after every fifty answers.
"""

from __future__ import annotations

from statistics import linear_regression
from time import sleep

from bench.bot_api import bot_api
from bench.program import running
from bench.table import Row
from bench.telegram import AT_ONCE, SETTLES, Side, account, config, until

SESSIONS = 10_000
CROWD = 50
WARM = 1_000
"""So many come before anything is measured: caches fill, and connections are there."""
MOST = 200.0
"""Megabytes that the program may hold behind them."""


def rows(provider: str, sessions: int = SESSIONS) -> list[Row]:
    """Measure."""
    with bot_api() as api, running(config(provider, api, AT_ONCE)) as program:
        until(lambda: account(api)["polled"])
        sleep(SETTLES)
        side = Side(process=program, api=api)
        held: list[float] = []
        for _ in range((WARM + sessions) // CROWD):
            side.ask(CROWD, AT_ONCE.aggregator.pieces)
            held.append(program.megabytes)
    rest = held[WARM // CROWD :]
    slope = linear_regression(range(len(rest)), rest).slope * len(rest)
    about = "sessions at rest, one private chat on Telegram each"
    return [
        Row(what=f"memory after {WARM:,} {about}", unit="MB", ours=held[WARM // CROWD - 1]),
        Row(
            what=f"memory after {sessions:,} more",
            unit="MB",
            ours=held[-1],
            target=f"< {MOST:g} MB",
            limit=MOST,
        ),
        Row(what=f"memory that {sessions:,} {about} add, by the slope", unit="MB", ours=slope),
    ]
