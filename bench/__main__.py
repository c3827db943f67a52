"""Runs every measurement and prints the table: `python -m bench`, or `make bench`.

`python -m bench --only flood` (or `floods`, `soak`, `sessions`, `talk` …) runs one that takes long.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from rich.console import Console

from bench import (
    cached,
    crowd,
    flood,
    floods,
    messengers,
    program,
    sessions,
    soak,
    talk,
    telegram,
    turns,
    writes,
)
from bench.provider import provider
from bench.table import Row, print_json, print_table

QUICK, USUAL = 3, 12
WIDTH = 190
"""Columns: a row of the table is one line, whatever the terminal."""

APART: Mapping[str, Callable[[str], list[Row]]] = {
    "flood": flood.rows,
    "floods": floods.rows,
    "soak": partial(soak.rows, turns=soak.MANY),
    "sessions": sessions.rows,
    "talk": talk.rows,
    "talk-discord": partial(talk.rows, name="discord"),
    "talk-slack": partial(talk.rows, name="slack"),
}


def main() -> None:
    """Measure and print. The exit code is always 0: a figure is no test."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few repetitions: a rough idea")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--only", choices=APART, help="only this one; it is in no other run")
    given = parser.parse_args()
    logging.disable(logging.WARNING)  # that an advisor fails is part of the play
    notes = Console(stderr=True)
    with provider() as base_url:
        rows = [*_rows(base_url, notes, quick=given.quick, only=given.only)]
    if given.json:
        print_json(rows)
    else:
        print_table(rows, Console(width=WIDTH))


def _rows(base_url: str, notes: Console, *, quick: bool, only: str | None) -> Iterator[Row]:
    if only is not None:
        yield from APART[only](base_url)
        return
    yield from _engine(base_url, notes, quick=quick)
    yield from _program(base_url, notes, quick=quick)


def _engine(base_url: str, notes: Console, *, quick: bool) -> Iterator[Row]:
    """Measure what runs in this process, or in one without the program around it."""
    notes.print("turns, by turns with the floor …")
    yield from asyncio.run(turns.rows(base_url, QUICK if quick else USUAL))
    notes.print(f"{crowd.CROWD} turns at once …")
    yield from crowd.rows(base_url, 1 if quick else 3)
    notes.print("what is read from caches …")
    yield from asyncio.run(cached.rows())
    notes.print("memory over many turns …")
    yield from soak.rows(base_url, 2_000 if quick else soak.TURNS)
    notes.print("what a turn writes …")
    yield from asyncio.run(writes.rows(base_url))


def _program(base_url: str, notes: Console, *, quick: bool) -> Iterator[Row]:
    """Measure the program itself, from outside."""
    notes.print("the whole program …")
    size = (20, 100) if quick else program.TURNS
    yield from program.rows(base_url, starts=1 if quick else 4, turns=size)
    notes.print("Telegram, by turns with the floor …")
    yield from telegram.rows(base_url, repeat=1 if quick else 6, starts=1 if quick else 4)
    notes.print("all messengers, at strict simulators …")
    seconds = 15 if quick else 60
    yield from asyncio.run(messengers.rows(base_url, repeat=2 if quick else 5, seconds=seconds))


if __name__ == "__main__":
    main()
