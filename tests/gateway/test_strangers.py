"""Shows what comes of floods and of commands that are written otherwise than they are read."""

from __future__ import annotations

import asyncio

import pytest

from core.errors import Overloaded, UsageError
from gateway.inbox.intake import AGAIN
from gateway.lanes import sessions as lanes
from tests.fakes.loop import run_virtual
from tests.gateway.guarded import BEN, DM, GROUP, guarded


def test_whoever_floods_a_conversation_is_told_once_a_minute_and_the_others_too(monkeypatch):
    monkeypatch.setattr(lanes, "MOST_IN_LANE", 2)

    async def scenario() -> None:
        async with guarded({"a": [["A."]], "b": [["B."]], "big": [[200.0, "Yes."]]}) as scene:
            for number in range(3):
                assert await scene.say(f"{number}?", where=GROUP, addressed=True)
            with pytest.raises(Overloaded, match="nor is what follows"):
                await scene.say("One more?", where=GROUP, addressed=True)
            for number in range(5):
                assert await scene.say(f"And {number}?", where=GROUP, addressed=True) is None
            with pytest.raises(Overloaded):
                await scene.say("Mine?", who=BEN, where=GROUP, addressed=True)
            await asyncio.sleep(AGAIN + 1)
            with pytest.raises(Overloaded):
                await scene.say("Now?", where=GROUP, addressed=True)
            await scene.idle()
            assert len(await scene.parts.store.turns(GROUP.session)) == 3

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("name", "args"),
    [("undo", "now please"), ("new", "game"), ("compact", "all"), ("retry", "maybe")],
)
def test_a_command_behind_which_more_stands_changes_nothing(name, args):
    async def scenario() -> None:
        async with guarded() as scene:
            await scene.say("Which train?")
            await scene.idle()
            before = [line.text for _, line in await scene.parts.store.lines(DM.session)]
            with pytest.raises(UsageError, match=f"Nothing was done.*/{name}"):
                await scene.command(name, args)
            await scene.idle()
            assert [line.text for _, line in await scene.parts.store.lines(DM.session)] == before

    run_virtual(scenario())
