"""Lets every call of the store, the chat, the tools and the models fail once, in each way.

The error comes before anything is done, or after it: then only the answer is lost.
"""

from __future__ import annotations

import asyncio
from itertools import count

import pytest
from structlog.testing import capture_logs

from core.errors import (
    ChatAway,
    ChatBusy,
    ChatClosed,
    ChatError,
    ChatUnknown,
    GatewayError,
    MessageGone,
    ModelBroken,
    ModelUnreachable,
    StoreError,
    StoreFull,
)
from tests.chaos.injection import Faulty
from tests.chaos.twice_started import FIRST, SECOND, World, nothing_runs
from tests.fakes.loop import VirtualLoop
from tests.gateway.guarded import Scene


async def offered(scene: Scene, text: str, number: int, *, pause: float = 1.0) -> None:
    """Say something; what was not acknowledged is offered again, as platforms do."""
    for _ in range(3):
        scene.numbers = count(number)
        try:
            await scene.say(text)
        except (GatewayError, OSError):
            await asyncio.sleep(pause)
        else:
            return
    raise AssertionError(text)


def play(faulty: Faulty, seed: int | None = None) -> None:
    """Ask twice while something fails, start again, and hold the outcome to the promises.

    `seed` draws the order in which ready tasks run.
    """
    world = World()

    async def story() -> None:
        async with world.started(faulty) as scene:
            faulty.armed = True
            await offered(scene, FIRST, 1)
            await offered(scene, SECOND, 2)
            await scene.parts.idle()
            assert await world.store.waiting() == [], "it waits, and nobody has it"
        nothing_runs(world)
        await world.again()
        nothing_runs(world)
        await world.hold(closed=isinstance(faulty.how, ChatClosed))

    with capture_logs(), asyncio.Runner(loop_factory=lambda: VirtualLoop(seed)) as runner:
        runner.run(story())


def each_fails(of: str, how: Exception, *, after: bool = False) -> None:
    """Play once for each call of a port that two turns make."""
    unbroken = Faulty(of=of)
    play(unbroken)
    assert unbroken.count > 3
    for at in range(1, unbroken.count + 1):
        faulty = Faulty(of=of, at=at, how=how, after=after)
        try:
            play(faulty)
        except BaseException as failure:
            failure.add_note(f"call {at} of {unbroken.count} failed, to {of}: {faulty.struck}")
            raise


def named(value: object) -> str:
    return type(value).__name__ if isinstance(value, Exception) else "done" if value else "not done"


@pytest.mark.parametrize(
    ("how", "after"),
    [
        (StoreError("no"), False),
        (StoreError("who knows"), True),
        (StoreFull("no space"), False),
        (OSError("a bug"), False),
    ],
    ids=named,
)
def test_every_call_of_the_store_fails_once(how, after):
    each_fails("store", how, after=after)


@pytest.mark.parametrize(
    "how",
    [
        ChatError("no"),
        ChatAway("away"),
        ChatUnknown("who knows"),
        MessageGone("gone"),
        ChatBusy("later", retry_after=3.0),
        ChatClosed("kicked"),
        OSError("a bug"),
    ],
    ids=named,
)
def test_every_call_of_the_chat_fails_once(how):
    each_fails("chat", how, after=isinstance(how, ChatUnknown))


@pytest.mark.parametrize(
    "how", [ModelUnreachable("it broke off"), ModelBroken("what?"), OSError("a bug")], ids=named
)
def test_every_step_of_the_models_fails_once(how):
    each_fails("model", how)


@pytest.mark.parametrize("after", [False, True], ids=named)
def test_every_call_of_the_tools_fails_once(after):
    each_fails("tools", OSError("a bug"), after=after)


@pytest.mark.parametrize("of", ["store", "chat"])
def test_every_third_call_fails_in_an_order_of_its_own(of):
    how = StoreFull("no space") if of == "store" else ChatAway("away")
    unbroken = Faulty(of=of)
    play(unbroken)
    for at in range(1, unbroken.count + 1, 3):
        faulty = Faulty(of=of, at=at, how=how)
        try:
            play(faulty, seed=at)
        except BaseException as failure:
            failure.add_note(f"call {at} failed in the order {at}, to {of}: {faulty.struck}")
            raise
