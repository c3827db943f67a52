"""Shows that an answer stands there once, whichever of its messages a platform keeps quiet about.

The real program on three strict platforms. In each chat one request that writes goes wrong: it is
done and its answer lost, torn before it is done, or answered late. Between them the chats go
through every way in which an answer is written (P2).
"""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tests.chaos.crowd import Crowd
from tests.chaos.ledger import counted
from tests.chaos.program import breeding
from tests.chaos.settling import LONG, settled
from tests.chaos.town import Town
from tests.chaos.world import World, opened
from tests.simulators.base import Fault

Where: TypeAlias = tuple[str, int]

REQUESTS: dict[str, dict[str, tuple[Where, ...]]] = {
    "telegram": {
        "dm": (("sendMessage", 1), ("sendMessage", 2), ("sendMessage", 3)),
        "group": (("sendMessage", 2), ("sendMessage", 3), ("editMessageText", 1)),
    },
    "discord": {
        "group": (
            *(("create_message", number) for number in (1, 2, 3, 4)),
            *(("edit_message", number) for number in (1, 2)),
        )
    },
    "slack": {
        # a stream, or a message, as the minute's budget has it: the first, second, … writing
        "dm": (("chat.post", 1), ("chat.write", 2), ("chat.write", 3))
    },
}
"""What goes wrong, each in a chat of its own: panel, every part of the answer, edits."""
POSTS = ("sendMessage", "create_message", "chat.post")
WRITES = ("startStream", "appendStream", "stopStream", "postMessage", "update")
FAULTS = (Fault(kind="drop"), Fault(kind="reset"), Fault(kind="delay", seconds=2.5))


@dataclass(slots=True, kw_only=True)
class Hits:
    """Lets one request of each chat go wrong; `plan` and `hit` are by chat."""

    town: Town
    plan: dict[str, tuple[str, int, Fault]] = field(default_factory=dict)
    written: Counter[str] = field(default_factory=Counter)
    hit: dict[str, str] = field(default_factory=dict)

    def __call__(self, method: str, given: Mapping[str, Any]) -> Fault | None:
        chat = self._chat(str(given.get("chat_id") or given.get("channel")))
        wanted, number, fault = self.plan.get(chat, ("", 0, None))
        writes = method.removeprefix("chat.") in WRITES and wanted.startswith("chat.")
        if method != wanted and not writes:
            return None
        self.written[chat] += 1
        if self.written[chat] != number:
            return None
        self.hit[chat] = wanted
        return fault

    def _chat(self, channel: str) -> str:
        """Give the chat of a thread, which on Discord has the id of the question above it."""
        above = {each.message: each.spot.place.id for each in self.town.asks}
        return str(above.get(channel, channel))

    @property
    def doubtful(self) -> set[str]:
        """The chats in which nobody can tell whether something was posted."""
        return {
            chat
            for chat, method in self.hit.items()
            if method in POSTS and self.plan[chat][2].kind != "delay"
        }


async def test_p2_an_answer_stands_there_once_whatever_is_lost_of_its_writing(tmp_path):
    async with opened(tmp_path, 1) as world, breeding(tmp_path, forked=False) as breeder:
        life = await breeder.start()
        await listening(world)
        world.provider.between = 0.04
        all_hits = [await planned(town) for town in world.towns]
        await told(world)
        await settled(world, life)
        life.send(signal.SIGTERM)
        await life.ended()
        turns, taken = world.books.turns(), world.books.taken()
        for hits in all_hits:
            town = hits.town
            found = counted(town, taken, turns)
            assert not found.lost
            assert not found.doubled
            assert found.answered + found.uncertain == found.asked
            notes = {spot.place.id for spot in town.spots if town.notes(spot)}
            assert notes <= (hits.doubtful if town.platform == "telegram" else set())
            posts = {chat for chat, plan in hits.plan.items() if plan[0] in POSTS}
            assert posts <= hits.hit.keys(), "every part was hit"
            assert hits.hit.keys() - posts, "and edits were"


async def listening(world: World) -> None:
    async with asyncio.timeout(LONG):
        while not all(town.listening() for town in world.towns):  # noqa: ASYNC110 - three kinds
            await asyncio.sleep(0.02)


async def told(world: World) -> None:
    """Wait until each answer stands in its chat, or a note that nobody can tell."""
    async with asyncio.timeout(LONG):
        while any(map(waits, world.crowds)):  # noqa: ASYNC110 - three platforms
            await asyncio.sleep(0.1)


def waits(crowd: Crowd) -> bool:
    return any(not crowd.town.notes(each.spot) for each in crowd.waiting())


async def planned(town: Town) -> Hits:
    """Ask for a long answer in chats of their own, in private and in groups."""
    hits = Hits(town=town)
    town.sim.faults.chance = hits
    for kind, requests in REQUESTS[town.platform].items():
        for method, number in requests:
            for fault in FAULTS:
                spot = town.settle(kind)
                hits.plan[spot.place.id] = (method, number, fault)
                await town.ask(spot, spot.people[0], "long")
    return hits
