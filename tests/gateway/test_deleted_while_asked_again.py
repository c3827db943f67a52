"""Shows that a question leaves the store that is deleted at any moment while it is asked again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pytest

from tests.chaos.injection import Faulty
from tests.fakes.loop import run_virtual
from tests.fakes.memory_store import MemoryStore
from tests.gateway.guarded import Scene, guarded


async def pressed(scene: Scene, store: MemoryStore, rounds: int) -> None:
    asked = await scene.say("My secret?")
    await scene.idle()
    turn_id = await scene.last_turn()
    async with asyncio.TaskGroup() as group:
        group.create_task(_void(scene.press("retry", turn_id)))
        for _ in range(rounds):
            await asyncio.sleep(0)
        await scene.delete(asked or "")
    await scene.idle()


async def _void(act: Awaitable[object]) -> None:
    await act


@pytest.mark.parametrize("rounds", range(60))
def test_a_question_that_is_deleted_while_it_is_asked_again_is_gone(rounds):
    store = MemoryStore()

    async def scenario() -> None:
        async with guarded(store=Faulty().before(store, "store")) as scene:
            await pressed(scene, store, rounds)
            lines = await store.lines("fake/D1")
            turns = await store.turns("fake/D1")
            assert "secret" not in str([line for _, line in lines])
            assert "secret" not in str([each.start.question for each in turns])

    run_virtual(scenario())
