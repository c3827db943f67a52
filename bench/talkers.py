"""Discord or Slack with very many people, in a process of its own, for a very long time.

Plays as many turns as it is told on stdin, fifty at once, and says on stdout when they are over.
The simulators are those of the tests, their limits lifted, and what they remember is let go of.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from subprocess import PIPE, Popen
from typing import Any

from bench.scene import QUESTION
from bench.town import LOOK, Platform, asked
from tests.simulators.discord.simulator import DiscordSimulator
from tests.simulators.slack.simulator import SlackSimulator

PEOPLE, CROWD = 2_000, 50
SELDOM = 5 * LOOK
"""Seconds after which each of the fifty looks for an answer again: looking costs, too."""
KEPT, LOGGED = 6, 1_000
"""Messages of a chat that are kept, and lines of a log."""
FASTER = 1_000.0
SIMULATORS: Mapping[str, Callable[[], Any]] = {
    "discord": lambda: DiscordSimulator(scale=0.0),
    "slack": lambda: SlackSimulator(scale=FASTER),
}


@dataclass(frozen=True, slots=True)
class Talkers:
    """A messenger's people, at the other end of two pipes."""

    child: Popen[bytes]
    platforms: str

    def ask(self, turns: int) -> None:
        """Let them ask so often; come back when everybody has the whole answer."""
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.child.stdin.write(b"%d\n" % turns)
        self.child.stdin.flush()
        assert self.child.stdout.readline(), "the messenger is gone"


@contextmanager
def talkers(name: str) -> Iterator[Talkers]:
    """Run one in a child process."""
    command = [sys.executable, "-m", "bench.talkers", name]
    with Popen(command, stdin=PIPE, stdout=PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            yield Talkers(child, json.loads(child.stdout.readline()))
        finally:
            child.stdin.close()  # it ends with its parent, however that ends


async def play(platform: Platform, turns: int) -> None:
    """Let people ask in turn, fifty of them at once."""
    crowd = platform.crowd("Talker", PEOPLE)
    left = iter(range(turns))

    async def talk() -> None:
        for _ in left:
            number = platform.number()
            place, person = crowd[number % PEOPLE]
            await asked(platform, place, person, f"{number}: {QUESTION}", look=SELDOM)
            _forget(platform, place)

    async with asyncio.TaskGroup() as group:
        for _ in range(CROWD):
            group.create_task(talk())
    platform.forget(LOGGED)
    _blank(_sent(platform))


def _forget(platform: Platform, place: Any) -> None:  # noqa: ANN401 - each simulator has its own
    """Keep the last messages of a chat."""
    if platform.name == "discord":
        told = platform.sim.desk.world.channels[place.id].messages
        for old in list(told)[:-KEPT]:
            del told[old]
    else:
        space = platform.sim.space
        del space.posts.of(place)[:-KEPT]
        del space.posts[: -KEPT * CROWD]


def _sent(platform: Platform) -> list[Any]:
    """Give the log of what was sent to the bot."""
    if platform.name == "slack":
        log: list[Any] = platform.sim.envelopes
    else:
        (log,) = (each.sent for each in platform.sim.gateway.sessions.values())
    return log


def _blank(log: list[Any]) -> None:
    """Let go of old lines; their number counts."""
    old = max(0, len(log) - LOGGED)
    log[:old] = [None] * old


async def serve(name: str) -> None:
    """Say how the program is to reach it, and play what is told until stdin ends."""
    loop = asyncio.get_running_loop()
    async with SIMULATORS[name]() as sim:
        platform = Platform(name, sim)
        print(json.dumps(sim.config()), flush=True)
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            while not platform.listening:  # noqa: ASYNC110 - each messenger tells in its own way
                await asyncio.sleep(LOOK)
            await play(platform, int(line))
            print(flush=True)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
