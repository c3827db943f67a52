"""Shows that nothing grows with people, sessions and turns: what they were is in the store (P5).

Every map that remembers people or places keeps a handful here; what grows all the same has no end.
"""

from __future__ import annotations

import asyncio
import gc
from contextlib import AsyncExitStack

from tests.gateway.harness import Running, running_gateway
from tests.gateway.messenger_scene import Scene, scene
from tests.promises.guests import Guest, until
from tests.promises.held import CAPPED, circles, forgetful, grown, held
from tests.transcripts.stages import Stage

PEOPLE, THREADS = 4, 3


def newcomer(stage: Stage, name: str) -> Guest:
    person = stage.sim.person(name)
    return Guest(stage=stage, person=person, place=stage.sim.dm(person), question=f"How? ({name};)")


async def visited(there: Scene, number: int) -> None:
    """Let new people ask in chats of their own, and in threads of the group.

    At Slack in threads alone: it takes fewest answers a minute.
    """
    guests = [
        newcomer(stage, f"Guest {number} {each}")
        for each in range(PEOPLE)
        for stage in there.stages
        if stage.platform != "slack"
    ]
    for guest in guests:
        await guest.ask()
    for stage in there.stages[1:]:  # a group of Telegram is one session, and a slow one
        for each in range(THREADS):
            await stage.ask(f"How? ({number} {each};)", where="group", who=stage.ben)
    await until(there, lambda: all(each.answered for each in guests))


async def idle(gateway: Running) -> None:
    sessions = gateway.gateway.exchange.sessions()
    while sessions.running or gateway.gateway.line._lanes:  # noqa: ASYNC110 - they end in many ways
        await asyncio.sleep(0.02)
    await gateway.gateway.store.waiting()  # what was left to the next read is written now


async def test_p5_sessions_that_are_over_leave_nothing_in_memory(tmp_path, monkeypatch):
    forgetful(monkeypatch)
    async with AsyncExitStack() as stack:
        there = await stack.enter_async_context(scene(tmp_path))
        text = there.text.replace("unpriced: 1", "unpriced: 0")
        gateway = await stack.enter_async_context(running_gateway(text, tmp_path))
        seen = []
        for stage in there.stages:
            await stage.until(stage.listening)
        for number in range(2):
            await visited(there, number)
            await idle(gateway)
            gateway.calls.asked.clear()  # the test's own log
            seen.append(held())
        more = grown(seen[0], seen[1], by=THREADS)
        assert not {each: count for each, count in more.items() if each not in CAPPED}


async def test_p5_what_is_over_is_let_go_of_at_once(tmp_path):
    """The collector looks at everything once in ten thousand turns and more."""
    async with AsyncExitStack() as stack:
        there = await stack.enter_async_context(scene(tmp_path))
        text = there.text.replace("unpriced: 1", "unpriced: 0")
        gateway = await stack.enter_async_context(running_gateway(text, tmp_path))
        for stage in there.stages:
            await stage.until(stage.listening)
        await visited(there, 0)
        await idle(gateway)
        gc.collect()
        gc.disable()
        stack.callback(gc.enable)
        await visited(there, 1)
        await idle(gateway)
        left = circles()
        assert not {each: count for each, count in left.items() if count >= THREADS}, left
