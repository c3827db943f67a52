"""What people do all the time during a chaos run: ask, add, change, delete, stop, choose, allow."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import Random

from tests.chaos.provider import paragraphs
from tests.chaos.town import Ask, Spot, Town

PAUSE = 0.4
"""Seconds between two deeds on one platform, on average."""
OPEN = 7
"""Questions of one platform that may wait for an answer; then nobody asks more."""
CROWDED = 2
"""Questions that wait in a group at which people go to another one: it is told at a slow pace."""
WANTS = ("", "", "", "long")
TOOLS = ("pay", "pay", "sign", "")

Deed = Callable[[], Awaitable[object]]


class Crowd:
    """The people of one town. `over` ends what they do, but not what they allow."""

    def __init__(self, town: Town, random: Random, group: asyncio.TaskGroup) -> None:
        self.town, self._random, self._group = town, random, group
        self.over = False
        self._deeds: tuple[tuple[int, Deed], ...] = (
            (10, self._ask),
            (3, self._burst),
            (3, self._go_on),
            (2, self._change),
            (1, self._unsay),
            (2, self._stop),
            (1, self._command),
        )

    async def live(self) -> None:
        while not self.over:
            await asyncio.sleep(self._random.expovariate(1 / PAUSE))
            await self.act()

    async def act(self) -> None:
        """Do one thing that comes to somebody's mind."""
        await self.allow()
        weights, deeds = zip(*self._deeds, strict=True)
        (deed,) = self._random.choices(deeds, weights)
        await _tried(deed())  # the root of a thread may be gone

    async def allow(self) -> None:
        """Say yes wherever that is asked."""
        for spot in self.town.spots:
            if spot.kind == "tools":
                self._do(self.town.allow(spot))

    async def allow_now(self) -> None:
        """Say yes wherever that is asked, and wait until it was heard."""
        for spot in self.town.spots:
            if spot.kind == "tools":
                await _tried(self.town.allow(spot))

    def waiting(self) -> list[Ask]:
        """Give the questions that have no answer yet, as far as people see."""
        town = self.town
        told = {spot: town.told(spot) for spot in {each.spot for each in town.unanswered}}
        town.unanswered = [
            ask
            for ask in town.unanswered
            if not ask.settled and not told_whole(ask, told[ask.spot])
        ]
        return town.unanswered

    def _spot(self) -> Spot | None:
        waiting = Counter(each.spot for each in self.waiting())
        if waiting.total() >= OPEN:
            return None
        kind = self._random.choices(("dm", "group", "tools"), (5, 3, 2))[0]
        fresh = [
            each
            for each in self.town.spots
            if each.kind == kind and not each.worn and (kind != "group" or waiting[each] < CROWDED)
        ]
        return self._random.choice(fresh) if fresh else self.town.settle(kind)

    def _wants(self, spot: Spot) -> str:
        return self._random.choice(TOOLS if spot.kind == "tools" else WANTS)

    async def _ask(self) -> None:
        spot = self._spot()
        if spot is not None:
            await self.town.ask(spot, self._random.choice(spot.people), self._wants(spot))

    async def _burst(self) -> None:
        spot = self._spot()
        if spot is not None:
            who = self._random.choice(spot.people)
            for _ in range(self._random.choice((2, 3))):
                await self.town.ask(spot, who, "")

    async def _go_on(self) -> None:
        """Ask once more where an answer stands: in its thread, where there is one."""
        asks = [each for each in self.town.asks[-20:] if self.town.thread_of(each)]
        if asks and self._spot() is not None:
            ask = self._random.choice(asks)
            thread = self.town.thread_of(ask)
            await self.town.ask(ask.spot, ask.who, "", thread=thread)

    async def _change(self) -> None:
        ask = self._late()
        if ask is not None:
            await self.town.change(ask)

    async def _unsay(self) -> None:
        ask = self._late()
        if ask is not None:
            await self.town.unsay(ask)

    async def _stop(self) -> None:
        ask = self._late()
        if ask is not None:
            self._do(self.town.stop(ask))

    async def _command(self) -> None:
        spots = [each for each in self.town.spots if each.kind == "dm"]
        name, args = self._random.choice((("moa", "alone"), ("moa", "review"), ("new", "")))
        self._do(self.town.command(self._random.choice(spots), name, args))

    def _late(self) -> Ask | None:
        """Choose a question that was asked just now."""
        asks = [each for each in self.waiting() if each.wants != "sign"][-3:]
        return self._random.choice(asks) if asks else None

    def _do(self, deed: Awaitable[object]) -> None:
        """Let somebody do what takes an answer, which may never come."""
        self._group.create_task(_tried(deed))


async def _tried(deed: Awaitable[object]) -> None:
    with suppress(LookupError, ValueError, TimeoutError):
        await deed


def told_whole(ask: Ask, told: dict[tuple[int, int], int]) -> bool:
    return all(told.get((ask.number, each)) for each in range(1, paragraphs(ask.wants) + 1))
