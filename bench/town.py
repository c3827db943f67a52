"""Telegram, Discord and Slack with their limits and many people, in a process of its own.

Plays what it is told on stdin and says on stdout what came of it: the program that is measured has
its CPU and its memory for itself. The simulators are those of the tests, as strict as platforms.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from itertools import islice, pairwise
from typing import Any, TypeAlias

from bench.scene import QUESTION
from core.wording import LABELS
from tests import harmless_calls
from tests.simulators.discord.seen import shown as on_discord
from tests.simulators.discord.simulator import DiscordSimulator
from tests.simulators.slack.shown import seen as on_slack
from tests.simulators.slack.simulator import SlackSimulator
from tests.simulators.telegram.shown import show as on_telegram
from tests.simulators.telegram.simulator import TelegramSimulator

Place: TypeAlias = Any
Person: TypeAlias = Any
Seen: TypeAlias = Any
"""Each simulator has its own of these."""

UNDERWAY = 64
"""Messages of a flood that a platform has sent and the program not taken yet."""
LATEST = 6
LOOK = 0.01
REQUESTS = 5_000
"""So much of what was asked of a simulator is kept."""
MINUTE = 60.0
TOO_MANY = 429


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one platform is to play. Times are seconds.

    `polite` people ask, read the whole answer, think for `pause`, and ask again. `flooding` people
    say `messages` messages as fast as they are taken, until `most` seconds are over. It ends
    `after` seconds behind the last of them, or once `turns` questions of the polite are answered.
    `pace`: messages of a flood in a second; at 0 as fast as they are taken.
    """

    polite: int = 0
    pause: float = 2.0
    flooding: int = 0
    messages: int = 0
    most: float = 0.0
    after: float = 0.0
    turns: int = 0
    pace: float = 0.0


@dataclass(slots=True, kw_only=True)
class Played:
    """What came of it on one platform.

    `waited` are the seconds that polite people waited for whole answers: beside a flood to what
    they asked before its last message was taken, those included that had none when all was over.
    `taken` is how long the flood's messages took. `answers` are whole answers to those who flood,
    `noticed` those of them who were told that something was not taken in, `again` notices within
    a minute of another one. `refused` are answers to 429 by what was asked, `odd` calls that no
    platform would take well.
    """

    waited: list[float] = field(default_factory=list)
    said: int = 0
    taken: float = 0.0
    answers: int = 0
    noticed: int = 0
    notices: int = 0
    again: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    odd: int = 0


@dataclass(slots=True)
class Platform:
    """One platform's people."""

    name: str
    sim: Any
    people: dict[str, list[tuple[Place, Person]]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    questions: int = 0

    def number(self) -> int:
        """Give a number that no question had: one that was asked before would cost no advice."""
        self.questions += 1
        return self.questions

    def crowd(self, kind: str, number: int) -> list[tuple[Place, Person]]:
        """Give so many people of a kind with their private chats, the same each time."""
        known = self.people.setdefault(kind, [])
        while len(known) < number:
            person = self.sim.person(f"{kind} {len(known)}")
            known.append((self.sim.dm(person), person))
        return known[:number]

    def latest(self, place: Place) -> Iterator[Seen]:
        """Give the bot's latest messages in a chat, the newest first."""
        if self.name == "telegram":
            chat = self.sim.chat(place)
            sent = islice(reversed(chat.messages.values()), LATEST)
            yield from (on_telegram(chat, each) for each in sent if each.sender.bot)
        elif self.name == "discord":
            told = self.sim.desk.world.channels[place.id].messages.values()
            yield from (on_discord(e) for e in islice(reversed(told), LATEST) if e.author.bot)
        else:
            posts = self.sim.space.posts.of(place)[-LATEST:]
            yield from (on_slack(each) for each in reversed(posts) if each.bot)

    @property
    def listening(self) -> bool:
        """Whether the bot is there."""
        if self.name == "telegram":
            return bool(self.sim.updates.polls)
        if self.name == "discord":
            return bool(self.sim.gateway.connected)
        return bool(self.sim.sockets.links)

    @property
    def underway(self) -> int:
        """How much of what was said has not been taken."""
        if self.name == "telegram":
            return len(self.sim.updates.pending)
        if self.name == "discord":
            return sum(line.waiting for line in self.sim.gateway.lines)
        return sum(len(link.waiting) for link in self.sim.sockets.links)

    def forget(self, keep: int = REQUESTS) -> None:
        """Drop old lines of the log, of which only the refusals count."""
        entries = self.sim.requests.entries
        old = entries[: max(0, len(entries) - keep)]
        self.refused.update(each.method for each in old if each.status == TOO_MANY)
        del entries[: len(old)]


def whole(message: Seen) -> bool:
    """Tell whether a message is an answer that is complete."""
    return not message.streaming and any(LABELS["retry"] in label for label in message.buttons)


async def asked(
    platform: Platform, place: Place, person: Person, question: str, *, look: float = LOOK
) -> None:
    """Ask, and wait for the whole answer."""
    before = {each.id for each in platform.latest(place)}
    await platform.sim.say(place, person, question)
    while not any(whole(each) and each.id not in before for each in platform.latest(place)):  # noqa: ASYNC110 - cheaper than to look at every change
        await asyncio.sleep(look)


class Play:
    """One platform's part of a scene."""

    def __init__(self, platform: Platform, wanted: Wanted) -> None:
        self._platform, self._wanted, self.played = platform, wanted, Played()
        self._enough = asyncio.Event()
        self._counts = True

    async def run(self) -> Played:
        """Play it; whoever waits for an answer when it is over does not count."""
        wanted, platform = self._wanted, self._platform
        platform.forget(0)
        before = Counter(platform.refused)
        polite = platform.crowd("Polite", wanted.polite)
        async with asyncio.TaskGroup() as group:
            step = wanted.pause / max(1, len(polite))
            tasks = [
                group.create_task(self._politely(number * step, *each))
                for number, each in enumerate(polite)
            ]
            tasks.append(group.create_task(self._forgetting()))
            await self._flood()
            self._counts = not wanted.messages
            await (self._enough.wait() if wanted.turns else asyncio.sleep(wanted.after))
            for task in tasks:
                task.cancel()
        self._count()
        platform.forget(0)
        self.played.refused = dict(platform.refused - before)
        return self.played

    async def _politely(self, first: float, place: Place, person: Person) -> None:
        waited, loop = self.played.waited, asyncio.get_running_loop()
        await asyncio.sleep(first)
        while not self._wanted.turns or len(waited) < self._wanted.turns:
            question = f"{self._platform.number()}: {QUESTION}"
            counts, began, answered = self._counts, loop.time(), False
            try:
                await asked(self._platform, place, person, question)
                answered = True
            finally:
                if counts and (answered or self._wanted.messages):
                    waited.append(loop.time() - began)
            await asyncio.sleep(self._wanted.pause)
        self._enough.set()

    async def _forgetting(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            self._platform.forget()

    async def _flood(self) -> None:
        """Say it all at its pace, never more ahead of the program than `UNDERWAY`."""
        loop, wanted, played = asyncio.get_running_loop(), self._wanted, self.played
        crowd = self._platform.crowd("Flood", wanted.flooding)
        began = loop.time()
        while played.said < wanted.messages and loop.time() < began + wanted.most:
            room = min(UNDERWAY - self._platform.underway, wanted.messages - played.said)
            if wanted.pace:
                room = min(room, int((loop.time() - began) * wanted.pace) - played.said)
            for _ in range(room):
                place, person = crowd[played.said % len(crowd)]
                await self._platform.sim.say(place, person, f"{played.said}: And again?")
                played.said += 1
            await asyncio.sleep(0.001)
        while self._platform.underway:  # noqa: ASYNC110 - three platforms, three ways to tell
            await asyncio.sleep(LOOK)
        played.taken = loop.time() - began

    def _count(self) -> None:
        played, platform = self.played, self._platform
        for place, _ in platform.crowd("Flood", self._wanted.flooding):
            told = platform.sim.shown(place)
            played.answers += sum(map(whole, told))
            times = sorted(each.at for each in told if "not taken in" in each.text)
            played.noticed += bool(times)
            played.notices += len(times)
            played.again += sum(after - before < MINUTE for before, after in pairwise(times))
        played.odd = len(harmless_calls.broken)


async def play(platforms: Mapping[str, Platform], wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    """Play a scene on all platforms that it names."""
    async with asyncio.TaskGroup() as group:
        parts = {
            name: group.create_task(Play(platforms[name], Wanted(**each)).run())
            for name, each in wanted.items()
        }
    return {name: asdict(task.result()) for name, task in parts.items()}


async def serve() -> None:
    """Say how the program is to reach it, and play what is told until stdin ends."""
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        sims: dict[str, Any] = {
            "telegram": await stack.enter_async_context(TelegramSimulator(privacy=False)),
            "discord": await stack.enter_async_context(DiscordSimulator()),
            "slack": await stack.enter_async_context(SlackSimulator()),
        }
        platforms = {name: Platform(name, sim) for name, sim in sims.items()}
        print(json.dumps("".join(sim.config() for sim in sims.values())), flush=True)
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            while not all(each.listening for each in platforms.values()):  # noqa: ASYNC110
                await asyncio.sleep(LOOK)
            print(json.dumps(await play(platforms, json.loads(line))), flush=True)


if __name__ == "__main__":
    asyncio.run(serve())
