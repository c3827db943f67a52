"""The rows about a crowd: 500 turns that stream at once, and how late the event loop gets.

Both sides run on the loop that the program runs on, by turns. A turn of ours is stored in SQLite
and has somebody who empties its mailbox, as one over /v1 has; the provider is another process.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from time import process_time

import uvloop

from adapters.llm.wire import open_session
from bench.floor import Floor, bare
from bench.scene import Plan, Scene, Took
from bench.table import Row
from bench.whole import whole
from gateway.cli.root import GARBAGE

CROWD = 500
WRITING = Plan(first=0.5, pieces=40, between=0.05)
TALKING = Scene(references=(WRITING, WRITING, WRITING), aggregator=WRITING)
LATE = 100
"""Milliseconds that the loop may be late."""
TICK = 0.005
"""Seconds between two looks at the loop."""

TurnOf = Callable[[Scene], Awaitable[Took]]


class Ticker:
    """Notes how late the loop comes to what was due, for every `TICK` of the time.

    A loop that is held up for half a second is late a hundred times, not once: else the worst
    times would hardly count. `own` is the same as far as this process had the CPU meanwhile, for
    machines on which others want it, too.
    """

    def __init__(self) -> None:
        """Begin at once."""
        self.lags: list[float] = []
        self.own: list[float] = []
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time() + TICK
        self._cpu = process_time()
        self._timer = self._loop.call_at(self._due, self._look)

    def _look(self) -> None:
        now, cpu = self._loop.time(), process_time()
        while self._due <= now:
            self.lags.append(now - self._due)
            self.own.append(min(now - self._due, cpu - self._cpu))
            self._due += TICK
        self._cpu = cpu
        self._timer = self._loop.call_at(self._due, self._look)

    def stop(self) -> None:
        """Look a last time."""
        self._look()
        self._timer.cancel()


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowded:
    """One round: 500 turns. `late` and `own` are the 99th of 100, all is in seconds."""

    took: Sequence[Took]
    late: float
    own: float
    cpu: float


async def _round(turn: TurnOf, scene: Scene, crowd: int) -> Crowded:
    async def one() -> Took:
        return await turn(scene)

    gc.collect()
    before, ticker = process_time(), Ticker()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one()) for _ in range(crowd)]
    ticker.stop()
    cpu = process_time() - before
    return Crowded(
        took=[task.result() for task in tasks],
        late=quantiles(ticker.lags, n=100)[98],
        own=quantiles(ticker.own, n=100)[98],
        cpu=cpu / crowd,
    )


async def _sides(base_url: str, repeat: int) -> tuple[Sequence[Crowded], Sequence[Crowded]]:
    """Play it by turns, once unmeasured: connections, caches, bytecode."""
    floor: list[Crowded] = []
    ours: list[Crowded] = []
    async with open_session() as session, bare() as plain, whole(session, base_url) as program:
        least = Floor(plain, base_url)
        for _ in range(1 + repeat):
            floor.append(await _round(least.turn, TALKING, CROWD))
            ours.append(await _round(program.turn, TALKING, CROWD))
    return floor[1:], ours[1:]


def rows(base_url: str, repeat: int) -> list[Row]:
    """Measure, with the loop and the garbage collector set as the program sets them."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*GARBAGE)
    try:
        floor, ours = uvloop.run(_sides(base_url, repeat))
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
    about = f"{CROWD} turns streaming at once"
    return [
        _row(f"{about}: event loop late, 99 of 100", floor, ours, lambda each: each.late, LATE),
        _row(f"{about}: of that, our own CPU", floor, ours, lambda each: each.own, LATE),
        _row(f"{about}: CPU per turn", floor, ours, lambda each: each.cpu),
        _seconds(f"{about}: first token", floor, ours, lambda took: took.first),
        _seconds(f"{about}: whole answer", floor, ours, lambda took: took.whole),
    ]


def _row(
    what: str,
    floor: Sequence[Crowded],
    ours: Sequence[Crowded],
    seconds_of: Callable[[Crowded], float],
    limit: float | None = None,
) -> Row:
    return Row(
        what=what,
        unit="ms",
        floor=1000 * median(map(seconds_of, floor)),
        ours=1000 * median(map(seconds_of, ours)),
        target="-" if limit is None else f"< {limit:g} ms",
        limit=limit,
    )


def _seconds(
    what: str,
    floor: Sequence[Crowded],
    ours: Sequence[Crowded],
    seconds_of: Callable[[Took], float],
) -> Row:
    def middle(rounds: Sequence[Crowded]) -> float:
        return median(seconds_of(took) for each in rounds for took in each.took)

    return Row(what=what, unit="s", floor=middle(floor), ours=middle(ours))
