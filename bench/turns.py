"""The rows about turns: the floor and the program by turns, in one process, on one event loop."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from time import process_time

from adapters.llm.wire import open_session
from bench.engine import Ours
from bench.floor import Floor, bare
from bench.scene import BROKEN, FAST, SLOW, Plan, Scene, Took
from bench.table import Row
from core.quorum import GRACE

THREE = Scene(references=(FAST, FAST, FAST), aggregator=FAST)
CROWD = 32
LONG_HISTORY = 200
LONG = Plan(first=0.0, pieces=300, between=0.004)
RETRY = 0.25
"""Seconds that a reference's one retry may wait (MOA-9)."""

TurnOf = Callable[[Scene], Awaitable[Took]]


@dataclass(frozen=True, slots=True)
class Both:
    """What the same turns took on both sides."""

    floor: Sequence[Took]
    ours: Sequence[Took]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """The two sides, and how often each scene is played on both."""

    floor: TurnOf
    ours: TurnOf
    repeat: int

    async def play(self, scene: Scene, *, crowd: int = 1) -> Both:
        """Play a scene by turns: whatever disturbs the machine disturbs both sides."""
        floor: list[Took] = []
        ours: list[Took] = []
        for _ in range(self.repeat):
            floor += await _at_once(self.floor, scene, crowd)
            ours += await _at_once(self.ours, scene, crowd)
        return Both(floor, ours)


async def _at_once(turn: TurnOf, scene: Scene, crowd: int) -> list[Took]:
    gc.collect()
    before = process_time()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_one(turn, scene)) for _ in range(crowd)]
    cpu = (process_time() - before) / crowd
    return [replace(task.result(), cpu=cpu) for task in tasks]


async def _one(turn: TurnOf, scene: Scene) -> Took:
    return await turn(scene)


async def rows(base_url: str, repeat: int) -> list[Row]:
    """Measure."""
    async with asyncio.TaskGroup() as group, open_session() as session, bare() as plain:
        ours = Ours(session, base_url, group)
        sides = Sides(floor=Floor(plain, base_url).turn, ours=ours.turn, repeat=repeat)
        await replace(sides, repeat=2).play(THREE, crowd=4)  # connections, caches, bytecode
        short = await sides.play(THREE)
        return [
            _first(short, THREE),
            _cpu(short, target="≤ 8 ms", limit=8),
            *_long_history(await sides.play(replace(THREE, history=LONG_HISTORY))),
            *_growth(await replace(sides, repeat=max(2, repeat // 4)).play(_long())),
            *await _crowd(replace(sides, repeat=max(2, repeat // 3))),
            *await _slow(replace(sides, repeat=max(2, repeat // 3)), short),
            *await _broken(replace(sides, repeat=max(2, repeat // 3)), short),
        ]


def _long() -> Scene:
    return Scene(references=(LONG, LONG, LONG), aggregator=LONG)


def _first(both: Both, scene: Scene, about: str = "") -> Row:
    over = _over(both.floor, scene.ideal)
    return Row(
        what=f"first token over the ideal{about}",
        unit="ms",
        floor=over,
        ours=_over(both.ours, scene.ideal),
        target="≤ 1.5 × floor",
        limit=1.5 * over,
    )


def _cpu(both: Both, about: str = "", *, target: str = "-", limit: float | None = None) -> Row:
    return Row(
        what=f"CPU per turn{about}",
        unit="ms",
        floor=1000 * median(took.cpu for took in both.floor),
        ours=1000 * median(took.cpu for took in both.ours),
        target=target,
        limit=limit,
    )


def _long_history(both: Both) -> list[Row]:
    about = f", {LONG_HISTORY} messages before it"
    floor = 1000 * median(took.cpu for took in both.floor)
    return [
        _first(both, THREE, about),
        _cpu(both, about, target="≤ 1.5 × floor", limit=1.5 * floor),
    ]


def _growth(both: Both) -> list[Row]:
    thousands = 4 * LONG.pieces / 1000
    return [
        Row(
            what="CPU per 1,000 streamed pieces",
            unit="ms",
            floor=1000 * median(took.cpu for took in both.floor) / thousands,
            ours=1000 * median(took.cpu for took in both.ours) / thousands,
        )
    ]


async def _crowd(sides: Sides) -> list[Row]:
    await replace(sides, repeat=1).play(THREE, crowd=CROWD)  # connections
    both = await sides.play(THREE, crowd=CROWD)
    floor = 1000 * median(took.first for took in both.floor)
    return [
        Row(
            what=f"{CROWD} turns at once: first token",
            unit="ms",
            floor=floor,
            ours=1000 * median(took.first for took in both.ours),
            target="≤ 1.2 × floor",
            limit=1.2 * floor,
        ),
        _cpu(both, f", {CROWD} at once"),
    ]


async def _slow(sides: Sides, undisturbed: Both) -> list[Row]:
    """The floor waits for everybody; the program for two, and the grace that they earn."""
    both = await sides.play(replace(THREE, references=(FAST, SLOW, FAST)))
    quorum = 1000 * median(took.quorum for took in both.ours)
    slack = _over(undisturbed.floor, THREE.ideal)
    return [
        Row(
            what="one advisor 10 × slower: aggregator asked after",
            unit="ms",
            floor=1000 * median(took.advised for took in both.floor),
            ours=1000 * median(took.advised for took in both.ours),
            target=f"≤ quorum ({quorum:.0f} ms) + grace (1 s) + floor's overhead",
            limit=quorum + 1000 * GRACE[0] + slack,
        )
    ]


async def _broken(sides: Sides, undisturbed: Both) -> list[Row]:
    both = await sides.play(replace(THREE, references=(FAST, BROKEN, FAST)))
    usual = 1000 * median(each.whole for each in undisturbed.ours)
    return [
        Row(
            what="one advisor answers HTTP 500: whole turn",
            unit="ms",
            floor=1000 * median(took.whole for took in both.floor),
            ours=1000 * median(took.whole for took in both.ours),
            target=f"≤ 1.2 × undisturbed turn ({usual:.0f} ms) + 250 ms",
            limit=1.2 * usual + 1000 * RETRY,
        )
    ]


def _over(taken: Sequence[Took], ideal: float) -> float:
    return 1000 * (median(took.first for took in taken) - ideal)
