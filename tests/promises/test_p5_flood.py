"""Shows a flood on all three messengers: nobody is shut out, nothing is lost or left (P5)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

from gateway.lanes import sessions
from tests.gateway.harness import Running, running_gateway
from tests.gateway.messenger_scene import Scene, scene
from tests.promises.guests import Guest, until
from tests.promises.held import CAPPED, forgetful, grown, held

CROWD, EACH, MOST = 3, 13, 10
"""People of each messenger who flood, how much each of them says, and how much of it may wait."""
STATES = "SELECT state, count(turn_id), count(*) FROM inbox WHERE kind = 'message' GROUP BY state"
FULL = "wait for an answer already"


def guest(there: Scene, platform: str, name: str) -> Guest:
    stage = there.stage(platform)
    person = stage.sim.person(name)
    place = stage.sim.dm(person)
    return Guest(stage=stage, person=person, place=place, question=f"How? ({platform} {name};)")


async def known(there: Scene) -> tuple[Sequence[Guest], Sequence[Guest]]:
    """Let all who will be there ask once, so that they are known: one polite, some who flood."""
    platforms = [stage.platform for stage in there.stages]
    for stage in there.stages:
        await stage.until(stage.listening)
    polite = [guest(there, each, "Ann") for each in platforms]
    flooding = [guest(there, each, f"F{n}") for each in platforms for n in range(CROWD)]
    for each in (*polite, *flooding):
        await each.ask()
    await until(there, lambda: all(each.answered for each in (*polite, *flooding)))
    return polite, flooding


async def pour(guests: Sequence[Guest]) -> None:
    """Let each say a lot; what follows in one breath would be one question, so each asks anew."""
    for number in range(EACH):
        for each in guests:
            await each.stage.sim.say(each.place, each.person, f"And {number}? {each.question}")


async def idle(gateway: Running) -> None:
    """Wait until nothing runs and nothing waits."""
    sessions = gateway.gateway.exchange.sessions()
    while sessions.running or gateway.gateway.line._lanes:  # noqa: ASYNC110 - they end in many ways
        await asyncio.sleep(0.02)
    await gateway.gateway.store.waiting()  # what was left to the next read is written now


async def all_wait(gateway: Running, count: int) -> None:
    """Wait until so much waits or is at work."""
    holdings = gateway.gateway.exchange.sessions()._held
    while holdings._weight < count:  # noqa: ASYNC110 - many ways to change
        await asyncio.sleep(0.02)


async def test_p5_a_flood_on_three_messengers_holds_up_nobody_and_leaves_nothing_behind(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(sessions, "MOST_IN_LANE", MOST)
    forgetful(monkeypatch)
    async with AsyncExitStack() as stack:
        there = await stack.enter_async_context(scene(tmp_path, "dm"))
        text = there.text.replace("unpriced: 1", "unpriced: 0")
        gateway = await stack.enter_async_context(running_gateway(text, tmp_path))
        polite, flooding = await known(there)
        await idle(gateway)
        gateway.calls.asked.clear()  # the test's own log
        before = held()

        there.models.close("big")
        await pour(flooding)
        await all_wait(gateway, len(flooding) * (MOST + 1))
        for each in polite:
            await each.ask()
        there.models.open()
        await until(there, lambda: all(len(each.wholes) == 2 for each in polite))
        await idle(gateway)
        assert all(len(each.wholes) >= 2 for each in flooding)
        assert all(any(FULL in text for text in each.said) for each in flooding)
        asked = len(flooding) * (MOST + 2) + 2 * len(polite)
        assert [tuple(each) for each in await there.stored(STATES)] == [("claimed", asked, asked)]
        gateway.calls.asked.clear()
        left = grown(before, held(), by=len(flooding))
        assert not {each: more for each, more in left.items() if each not in CAPPED}
