"""What outlives the program in a chaos run: platforms, people, a provider, and the counts.

Decides what the program is configured with. When it is killed, `tests.chaos.run` decides.
"""

from __future__ import annotations

import asyncio
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
from tests.chaos.ledger import Books, Count
from tests.chaos.provider import Provider
from tests.chaos.town import TOWNS, Town
from tests.chaos.weather import Pulse, Weather
from tests.transcripts.stages import MESSENGERS, SIMULATORS, configuration

BANK = Path(__file__).with_name("bank.py")
AGAIN = (0.0, *[20.0] * 3_600)
"""How often Slack sends again what was not acknowledged: every second, until the run is over. The
real one goes on for an hour; on a busy machine lives may be too short for minutes to take it."""
FAULTS = 0.06
"""The share of requests to platforms that something happens to."""


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
