"""A chaos run: the real program, killed again and again while people go on talking to it.

    report = await chaos(folder, kills=50, seed=7)
    assert not report.broken, report

Everything that is chosen is chosen by the seed: who says what, where it rains, when it is killed.
What falls into which moment is the machine's doing, so a seed repeats the plan and not the run.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import yaml

from tests.chaos.crowd import Crowd
from tests.chaos.ledger import Books, Count, counted, runs_of_tools
from tests.chaos.program import Breeder, Life, breeding
from tests.chaos.provider import Provider
from tests.chaos.town import TOWNS, Town
from tests.chaos.weather import Pulse, Weather, storm
from tests.gateway.messenger_scene import AGAIN
from tests.transcripts.stages import MESSENGERS, SIMULATORS, configuration

BANK = Path(__file__).with_name("bank.py")
FAULTS = 0.06
"""The share of requests to platforms that something happens to."""
UP = 60.0
LOOK = 0.2
QUIET = 4.0
"""Seconds without a request after which nothing is being written: a group gets one in three."""
LONG = 240.0
"""Seconds that a start and the end of all may take on a busy machine."""


@dataclass(slots=True, kw_only=True)
class Report:
    """What a run comes to."""

    seed: int
    kills: int = 0
    terms: int = 0
    newborn: int = 0
    counts: dict[str, Count] = field(default_factory=dict)
    paid_twice: list[str] = field(default_factory=list)
    calls: int = 0
    again: int = 0
    faults: int = 0
    ready: list[float] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)

    @property
    def broken(self) -> list[str]:
        """In words, whatever must not be."""
        lost = [each for found in self.counts.values() for each in found.lost]
        doubled = [each for found in self.counts.values() for each in found.doubled]
        return [
            *(f"LOST: {each}" for each in lost),
            *(f"DOUBLED: {each}" for each in doubled),
            *(f"PAID TWICE: {each}" for each in self.paid_twice),
            *(f"UNSETTLED: {each}" for each in self.unsettled),
        ]


@dataclass(slots=True, kw_only=True)
class World:
    """All that outlives the program."""

    folder: Path
    random: Random
    towns: Sequence[Town]
    crowds: Sequence[Crowd]
    weather: Sequence[Weather]
    provider: Provider
    pulse: Pulse
    books: Books
    report: Report


async def chaos(folder: Path, *, kills: int, seed: int, forked: bool = True) -> Report:
    """Run until it was killed so often and all is settled; give the counts."""
    async with opened(folder, seed) as world, breeding(folder, forked=forked) as breeder:
        killer = _Killer(world, breeder)
        await killer.meet()
        async with asyncio.TaskGroup() as group:
            people = [group.create_task(each.live()) for each in world.crowds]
            while world.report.kills < kills:
                await killer.live_and_die()
            for each in world.crowds:
                each.over = True
            await asyncio.wait(people)
        await killer.live_on()
    return world.report


class _Killer:
    """Starts the program, and ends it when it hurts."""

    def __init__(self, world: World, breeder: Breeder) -> None:
        self._world, self._breeder = world, breeder
        self._random = Random(world.random.random())
        self._usual = 0.5

    async def meet(self) -> None:
        """Let it hear once of every private chat: Discord tells of none that it has not met."""
        world = self._world
        life = await self._born()
        await self._up(life)
        asked = [
            await town.ask(spot, spot.people[0], "")
            for town in world.towns
            for spot in town.spots
            if spot.kind != "group"
        ]
        wanted = {each.number for each in asked}
        while wanted - {*await asyncio.to_thread(world.books.taken)}:  # noqa: ASYNC110 - a file
            await asyncio.sleep(0.02)
        life.send(signal.SIGKILL)
        await life.end()

    async def live_and_die(self) -> None:
        """Let it live for a moment."""
        world, random = self._world, self._random
        life = await self._born()
        (fate,) = random.choices(
            (self._newborn, self._at_a_request, self._at_a_moment, self._asked_to_end),
            (5, 9, 4, 2),
        )
        await fate(life)
        early = life.over
        life.send(signal.SIGKILL)
        await life.end()
        world.report.kills += 1
        if early and fate != self._asked_to_end:
            world.report.unsettled.append(f"life {world.provider.life} ended by itself")
        await asyncio.to_thread(world.books.note, world.provider.life)

    async def live_on(self) -> None:
        """Let it live until nothing is left to do, and count."""
        world = self._world
        for each in world.weather:
            each.calm = True
        world.provider.hurry = True
        life = await self._born()
        await self._up(life)
        await self._settled()
        life.send(signal.SIGTERM)
        if code := await life.end():
            world.report.unsettled.append(f"it ended with {code}")
        await asyncio.to_thread(self._count)

    async def _born(self) -> Life:
        self._world.provider.life += 1
        return await self._breeder.start()

    async def _up(self, life: Life) -> None:
        """Wait until it listens everywhere."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.timeout(UP):
            while not life.over and not all(town.listening() for town in self._world.towns):  # noqa: ASYNC110 - three kinds of listening
                await asyncio.sleep(0.01)
        self._usual = loop.time() - began
        self._world.report.ready.append(self._usual)

    async def _newborn(self, _life: Life) -> None:
        self._world.report.newborn += 1
        await asyncio.sleep(self._random.uniform(0.0, 1.2 * self._usual))

    async def _at_a_request(self, life: Life) -> None:
        await self._up(life)
        await self._world.pulse.after(self._random.randint(1, 40), seconds=3.0)
        await asyncio.sleep(self._random.uniform(0.0, 0.03))

    async def _at_a_moment(self, life: Life) -> None:
        await self._up(life)
        if self._random.random() < 0.3:
            await storm(self._random, {each.platform: each.sim for each in self._world.towns})
        await asyncio.sleep(self._random.uniform(0.0, 2.0))

    async def _asked_to_end(self, life: Life) -> None:
        await self._at_a_request(life)
        self._world.report.terms += 1
        life.send(signal.SIGTERM)
        await asyncio.sleep(self._random.uniform(0.0, 1.5))

    # --- the end -----------------------------------------------------------------------------

    async def _settled(self) -> None:
        """Wait until everything was taken in, and answered."""
        world = self._world
        try:
            await settled(world)
        except TimeoutError:
            left = await asyncio.to_thread(world.books.left)
            world.report.unsettled += [f"never settled: {each}" for each in left or ["platforms"]]

    def _count(self) -> None:
        world, report = self._world, self._world.report
        world.books.note(world.provider.life)
        taken, turns = world.books.taken(), world.books.turns()
        report.counts = {town.platform: counted(town, taken, turns) for town in world.towns}
        bill = world.provider.bill
        report.paid_twice = [*world.books.paid_twice(bill), *runs_of_tools(world.folder)]
        report.calls = len(bill)
        report.again = len(bill) - len({(each.model, each.asks, each.rounds) for each in bill})
        report.faults = sum(each.faults for each in world.weather)
        if not world.books.whole():
            report.unsettled.append("the data file is damaged")


async def settled(world: World) -> None:
    """Wait until everything was taken in and answered, and nobody writes any more.

    Raises:
        TimeoutError: it never was.
    """
    quiet, written = 0.0, 0
    async with asyncio.timeout(LONG):
        while quiet < QUIET:
            for crowd in world.crowds:
                await crowd.allow_now()
            now = sum(len(town.sim.requests.entries) for town in world.towns)
            waits = bool(await asyncio.to_thread(world.books.left))
            heard = all(map(_heard, world.towns))
            busy = waits or not heard or now != written or world.provider.in_flight > 0
            quiet, written = 0.0 if busy else quiet + LOOK, now
            await asyncio.sleep(LOOK)


def _heard(town: Town) -> bool:
    """Tell whether a platform has nothing left to hand over."""
    if town.platform == "telegram":
        return not town.sim.updates.pending
    return town.platform != "slack" or not town.sim._tasks


@asynccontextmanager
async def opened(folder: Path, seed: int) -> AsyncIterator[World]:
    """Open platforms and a provider, and write the configuration for them."""
    random, pulse = Random(seed), Pulse()
    async with AsyncExitStack() as stack:
        numbers = count(1)
        towns, weather = [], []
        for platform in MESSENGERS:
            sim = await stack.enter_async_context(SIMULATORS[platform]())
            if platform == "slack":
                sim.retries = AGAIN
            towns.append(TOWNS[platform](platform, sim, numbers))
            weather.append(Weather(random=Random(random.random()), pulse=pulse, chance=FAULTS))
            sim.faults.chance = weather[-1]
        provider = await stack.enter_async_context(Provider(Random(random.random()), pulse.beat))
        _configure(folder, towns, provider)
        group = await stack.enter_async_context(asyncio.TaskGroup())
        yield World(
            folder=folder,
            random=random,
            towns=towns,
            crowds=[Crowd(town, Random(random.random()), group) for town in towns],
            weather=weather,
            provider=provider,
            pulse=pulse,
            books=Books(folder),
            report=Report(seed=seed),
        )


def _configure(folder: Path, towns: Sequence[Town], provider: Provider) -> None:
    whole: dict[str, Any] = yaml.safe_load(configuration([each.stage for each in towns], {}))
    whole["platforms"].pop("web")
    whole["providers"] = {"p": {"api": "chat_completions", "base_url": provider.base_url}}
    whole["budgets"] = {"total": {"daily": 10_000}, "unpriced": 1}
    whole["defaults"] |= {"tools": []}
    bank = {"command": [sys.executable, "-I", "-S", str(BANK), str(folder / "paid.txt")]}
    whole["tools"] = {
        "servers": {"bank": {**bank, "approve": "never"}, "safe": {**bank, "approve": "always"}}
    }
    whole["channels"] = [
        {"platform": town.platform, "channel": spot.place.id, "tools": ["bank", "safe"]}
        for town in towns
        for spot in town.spots
        if spot.kind == "tools"
    ]
    whole["data_dir"] = str(folder / "data")
    whole["http"] = {"port": 0, "token": "test-token-of-the-owner"}
    text = yaml.safe_dump(whole, allow_unicode=True, sort_keys=False)
    (folder / "config.yaml").write_text(text, encoding="utf-8")
