"""Shows that a turn which waits for somebody's yes holds up no stop, and asks again then (P6).

While the program stops nobody's word comes in, so there is nothing to wait for. What else runs
has its whole deadline.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from itertools import count

import pytest

from gateway.program.app import _only_waits
from tests.fakes.memory_store import MemoryStore
from tests.fakes.tools import FakeServer
from tests.gateway.guarded import DM, GROUP, Scene
from tests.gateway.test_tooling import DELETES, asked, play, scene, wants

SECONDS = 8.0


async def drained(here: Scene) -> float:
    """Stop as the program does; give how long that took."""
    now, gateway = asyncio.get_running_loop().time, here.parts.gateway
    gateway.intake.close()
    began = now()
    await here.parts.sessions.drain(SECONDS, waits=partial(_only_waits, gateway.exchange))
    return now() - began


def test_p6_what_waits_for_a_yes_is_cut_at_once_and_asked_again_after_the_restart():
    store = MemoryStore()

    async def story() -> None:
        server = FakeServer("files", "delete")
        async with scene(DELETES, server, store=store) as here:
            await here.say("Delete it.")
            await asked(here)
            assert await drained(here) == 0
        again = {"big": [["It is gone."]]}
        async with scene(again, server, store=store, chat=here.chat) as here:
            here.numbers = count(9)
            await here.parts.recover()
            await here.until(lambda: here.parts.gateway.exchange.tooling.approvals._waiting)
            frame = await asked(here)
            assert not server.calls
            button = next(each for each in frame.buttons if each.action == "approve")
            await here.press("approve", button.turn_id, value=button.value)
            await here.idle()
            assert len(server.calls) == 1
            assert "It is gone." in here.chat.texts()[-1]

    play(story)


@pytest.mark.parametrize(
    ("script", "seconds"),
    [
        pytest.param([3.0, "Here it is."], 3.0, id="until it ends"),
        pytest.param([30.0, "Here it is."], SECONDS, id="until the deadline"),
        pytest.param(
            [3.0, *wants(("delete", '{"path": "/b"}'))], 3.0, id="until it waits for a yes, too"
        ),
    ],
)
def test_p6_what_else_runs_is_waited_for(script, seconds):
    async def story() -> None:
        server = FakeServer("files", "delete")
        async with scene({"big": [*DELETES["big"][:1], script]}, server) as here:
            await here.say("Delete it.")
            await asked(here)
            await here.say("What is it?", where=GROUP, addressed=True)
            await here.until(lambda: len(here.model.of("big")) == 2)
            assert await drained(here) == pytest.approx(seconds, abs=0.2)

    play(story)


def test_p6_a_tool_that_runs_beside_one_that_waits_is_waited_for():
    async def story() -> None:
        server = FakeServer("files", "delete", "get", seconds=3.0)
        both = wants(("delete", '{"path": "/a"}'), ("get", '{"path": "/b"}'))
        async with scene({"big": [both, ["Done."]]}, server) as here:
            await here.say("Do both.", where=DM)
            await asked(here)
            await here.until(_called(server))
            assert await drained(here) == pytest.approx(3.0, abs=0.2)
            (turn,) = await here.parts.store.unfinished()
            states = {step.call.name: step.state for step in turn.rounds[0].steps}
            assert states == {"files__delete": "open", "files__get": "done"}

    play(story)


def _called(server: FakeServer) -> Callable[[], bool]:
    return lambda: bool(server.calls)
