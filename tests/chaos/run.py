"""A chaos run: the real program, killed again and again while people go on talking to it.

    report = await chaos(folder, kills=50, seed=7)
    assert not report.broken, report

Everything that is chosen is chosen by the seed: who says what, where it rains, when it is killed.
What falls into which moment is the machine's doing, so a seed repeats the plan and not the run.
"""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from random import Random

from tests.chaos.ledger import counted, runs_of_tools
from tests.chaos.life import Life
from tests.chaos.program import Breeder, breeding
from tests.chaos.settling import StuckError, met, said, settled, up, written
from tests.chaos.weather import storm
from tests.chaos.world import Report, World, opened

ENDS = 3
"""Times that it may be asked to end before all is shown: a drain has a deadline."""


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
        await met(world, life, {each.number for each in asked})
        life.send(signal.SIGKILL)
        await life.ended()

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
        code = await life.ended()
        world.report.kills += 1
        if early and fate != self._asked_to_end:
            ended = f"life {world.provider.life} ended by itself with {code}"
            world.report.unsettled.append(f"{ended}: {said(world.folder)}")
        await asyncio.to_thread(world.books.note, world.provider.life)

    async def live_on(self) -> None:
        """Let it live until nothing is left to do, and count."""
        world = self._world
        for each in world.weather:
            each.calm = True
        world.provider.hurry = True
        for number in range(ENDS):
            await self._end(hurry=number == 0)
            if not await asyncio.to_thread(world.books.unshown):
                break
        await asyncio.to_thread(self._count)

    async def _end(self, *, hurry: bool) -> None:
        """Let it do what is left, and drain: then it has shown what it had to.

        Without `hurry` it has time for that: each start looks after all parts of an answer, and
        in a group, a drain is too short for four.
        """
        report = self._world.report
        life = await self._born()
        await self._up(life)
        try:
            await settled(self._world, life)
            if not hurry:
                await written(self._world, life)
        except StuckError as stuck:
            report.unsettled.append(str(stuck))
        life.send(signal.SIGTERM)
        if code := await life.ended():
            report.unsettled.append(f"it ended with {code}: {said(self._world.folder)}")

    async def _born(self) -> Life:
        self._world.provider.life += 1
        for town in self._world.towns:
            town.begin()
        return await self._breeder.start()

    async def _up(self, life: Life) -> None:
        """Wait until it listens everywhere."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        await up(self._world, life)
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
