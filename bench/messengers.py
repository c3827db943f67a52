"""The rows about all three messengers, against simulators as strict as the platforms.

One program speaks to Telegram, Discord and Slack at once. The simulators run in this process:
what they take is nobody's CPU. The times in their logs are those of the clock that all processes
share, so that the provider's own can be held against them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any
from urllib.request import urlopen

from bench.program import TOKEN, Program, running
from bench.scene import QUESTION, Plan, Scene
from bench.table import Row
from bench.telegram import SETTLES, slots
from core.wording import LABELS
from tests.simulators.discord.simulator import DiscordSimulator
from tests.simulators.slack.simulator import SlackSimulator
from tests.simulators.telegram.simulator import TelegramSimulator

CONFIG = """\
http: {{host: 127.0.0.1, port: 0, token: {owner}}}
platforms:
{platforms}
providers:
  bench: {{api: chat_completions, base_url: "{provider}", api_key: none-needed}}
moa:
  presets:
    bench: {slots}
access: {{public: true}}
budgets: {{total: {{daily: 1}}, unpriced: 0}}
"""
SIX_SECONDS = Scene(references=(), aggregator=Plan(first=0.5, pieces=61, between=0.1))
PAUSES = Scene(references=(), aggregator=Plan(first=0.2, pieces=30, between=0.02, pause=2.5))
"""The last word comes when nothing has been sent for long, so that no budget is owed."""
TALK = Scene(
    references=(Plan(first=0.4, pieces=40, between=0.05),) * 2,
    aggregator=Plan(first=0.3, pieces=60, between=0.05),
)
TALKERS = 6
SIMULATORS: Mapping[str, Callable[[], Any]] = {
    "Telegram": lambda: TelegramSimulator(privacy=False),
    "Discord": DiscordSimulator,
    "Slack": SlackSimulator,
}
WRITES = {
    "sendMessage",
    "editMessageText",
    "create_message",
    "edit_message",
    "chat.startStream",
    "chat.appendStream",
    "chat.stopStream",
    "chat.postMessage",
    "chat.update",
}
PATIENCE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """Somebody's conversation with the bot, in a place of theirs."""

    sim: Any
    place: Any
    person: Any
    mention: bool = False

    async def exchange(self) -> float:
        """Ask and wait for the whole answer; give when it was asked."""
        before, asked = self._finals(), asyncio.get_running_loop().time()
        await self.sim.say(self.place, self.person, QUESTION, mention=self.mention)
        await self.sim.until(lambda: self._finals() - before, seconds=PATIENCE)
        return asked

    def _finals(self) -> set[str]:
        return {
            each.id
            for each in self.sim.shown(self.place)
            if not each.streaming and any(LABELS["retry"] in label for label in each.buttons)
        }

    def writes(self, since: float) -> list[float]:
        """Give when messages were written since, edits and appended words among them."""
        entries = self.sim.requests.entries
        return [each.at for each in entries if each.at >= since and each.method in WRITES]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A program at work in every messenger."""

    sims: Mapping[str, Any]
    program: Program

    def dm(self, name: str) -> Talk:
        """Begin a private conversation with somebody new."""
        sim = self.sims[name]
        person = sim.person("Ann")
        return Talk(sim=sim, place=sim.dm(person), person=person)

    def group(self, name: str) -> Talk:
        """Begin a conversation in a group or a channel."""
        sim = self.sims[name]
        person = sim.person("Ben")
        place = sim.group("team", person, sim.person("Cem"))
        return Talk(sim=sim, place=place, person=person, mention=True)

    @property
    def listening(self) -> bool:
        """Whether the bot is there, in every messenger."""
        telegram, discord, slack = self.sims.values()
        polls = telegram.requests.of("getUpdates")
        return bool(polls and discord.gateway.connected and slack.sockets.links)


@asynccontextmanager
async def opened(provider: str, scene: Scene) -> AsyncIterator[Stage]:
    """Start the simulators and the program; wait until it listens to all of them."""
    async with AsyncExitStack() as stack:
        sims = {name: await stack.enter_async_context(sim()) for name, sim in SIMULATORS.items()}
        config = CONFIG.format(
            owner=TOKEN,
            platforms="".join(sim.config() for sim in sims.values()),
            provider=provider,
            slots=slots(scene),
        )
        child = ExitStack()
        program = await asyncio.to_thread(child.enter_context, running(config))
        # It says good-bye to the simulators, so they have to go on meanwhile.
        stack.push_async_callback(asyncio.to_thread, child.close)
        stage = Stage(sims=sims, program=program)
        async with asyncio.timeout(PATIENCE):
            while not stage.listening:  # noqa: ASYNC110 - three platforms, three ways to tell
                await asyncio.sleep(0.01)
        yield stage


async def rows(provider: str, *, repeat: int, seconds: float) -> list[Row]:
    """Measure."""
    async with opened(provider, SIX_SECONDS) as stage:
        await asyncio.sleep(SETTLES)
        memory = stage.program.megabytes
        edits = await _at_once([_evenly(name, stage.group(name)) for name in SIMULATORS])
    async with opened(provider, PAUSES) as stage:
        talks = [("Telegram, private", stage.dm("Telegram"))]
        talks += [(f"{name}, channel", stage.group(name)) for name in ("Discord", "Slack")]
        last = [await _last(name, talk, provider, repeat) for name, talk in talks]
    async with opened(provider, TALK) as stage:
        steady = await _at_once([_steady(name, stage, seconds) for name in SIMULATORS])
    return [
        Row(
            what="memory, idle, all three messengers",
            unit="MB",
            ours=memory,
            target="≤ 100 MB",
            limit=100,
        ),
        *(row for pair in edits for row in pair),
        *last,
        *steady,
    ]


async def _at_once(coroutines: Sequence[Awaitable[Any]]) -> list[Any]:
    async def run(each: Awaitable[Any]) -> Any:  # noqa: ANN401 - of any kind
        return await each

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(run(each)) for each in coroutines]
    return [task.result() for task in tasks]


async def _evenly(name: str, talk: Talk) -> list[Row]:
    """Show how evenly an answer of six seconds grows; its end comes when it comes."""
    times = talk.writes(await talk.exchange())[:-1]
    gaps = [after - before for before, after in pairwise(times)] or [0.0]
    about = f"{name}: answer of 6 s in a group"
    return [
        Row(what=f"{about}: shown before its end", unit="", ours=len(times)),
        Row(
            what=f"{about}: widest gap",
            unit="s",
            ours=max(gaps),
            target=f"≤ 1.25 × narrowest ({min(gaps):.2f} s)",
            limit=1.25 * min(gaps),
        ),
    ]


async def _last(name: str, talk: Talk, provider: str, repeat: int) -> Row:
    """Measure how long the end of an answer waits when nothing is owed."""
    taken: list[float] = []
    for _ in range(repeat):
        asked = await talk.exchange()
        ended = (await asyncio.to_thread(_ended, provider))[-1]
        taken.append(talk.writes(asked)[-1] - ended)
    return Row(
        what=f"{name}: last token to the end of the answer",
        unit="ms",
        ours=1000 * median(taken),
        target="≤ 50 ms: one send",
        limit=50,
    )


def _ended(provider: str) -> list[float]:
    with urlopen(provider) as response:  # noqa: S310 - our own http address
        times: list[float] = json.load(response)
    return times


async def _steady(name: str, stage: Stage, seconds: float) -> Row:
    """Let some people and a group talk without a break; count what is refused."""
    talks = [*(stage.dm(name) for _ in range(TALKERS)), stage.group(name)]
    ends = asyncio.get_running_loop().time() + seconds

    async def talk(one: Talk) -> int:
        turns = 0
        while asyncio.get_running_loop().time() < ends:
            await one.exchange()
            turns += 1
        return turns

    turns = await _at_once([talk(one) for one in talks])
    refused = [each for each in stage.sims[name].requests.entries if each.status == 429]  # noqa: PLR2004
    return Row(
        what=f"{name}: answers to 429 in {seconds:.0f} s, {TALKERS} people and a group, "
        f"{sum(turns)} turns",
        unit="",
        ours=len(refused),
        target="0",
        limit=0,
    )
