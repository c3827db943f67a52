"""Shows that of two changes the later one stays, at whichever moment it comes (P3).

And that what is changed or deleted while it is put into a turn that runs is told to no model as it
was and stands in no history as it was.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from typing_extensions import override

from core.errors import StoreFull
from core.storage import Store
from tests.chaos.injection import Faulty
from tests.fakes.loop import run_virtual
from tests.fakes.memory_store import MemoryStore
from tests.fakes.model import ScriptedModel
from tests.gateway.guarded import ALLOWED, Scene, guarded

SPEAKS: dict[str, Any] = {
    "a": [[1.0, "A."]],
    "b": [[1.0, "B."]],
    "big": [["It is so. " * 20, 1.0, "Yes."]],
}
STEERS = "defaults: {busy: steer}\n"


async def rounds(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def said(store: Store) -> list[str]:
    return [line.text for _, line in await store.lines("fake/D1") if line.role == "user"]


class Full(MemoryStore):
    """There is no room for the first change, for a moment."""

    full = True

    @override
    async def revise(self, *args: Any, **named: Any) -> None:
        if self.full:
            self.full = False
            raise StoreFull("no space")
        await super().revise(*args, **named)


@pytest.mark.parametrize("number", range(3, 60, 3))
def test_p3_the_later_of_two_changes_stays(number):
    """The first has to wait for room; the second comes so many rounds behind it."""
    store = Full()

    async def scenario() -> None:
        ports = Faulty().before(store, "store")
        async with guarded(store=ports, model=ScriptedModel(SPEAKS)) as scene:
            asked = await scene.say("By car?") or ""
            await scene.idle()
            async with asyncio.TaskGroup() as group:
                group.create_task(edited(scene, asked, "By train?"))
                await rounds(number)
                await scene.edit(asked, "On foot?")
            await scene.idle()
        assert await said(store) == ["On foot?"]
        assert await store.waiting() == []

    run_virtual(scenario())


async def edited(scene: Scene, event: str, text: str) -> None:
    await scene.edit(event, text)


async def joining(scene: Scene, number: int) -> str:
    """Let something join a turn; gives it so many rounds after the turn went on."""
    await scene.say("By car?", at=0)
    await asyncio.sleep(0.5)
    joins = await scene.say("My secret.", at=60_000) or ""
    await asyncio.sleep(0.5)
    await rounds(number)
    return joins


@pytest.mark.parametrize("number", range(60))
@pytest.mark.parametrize("deleted", [True, False], ids=["deleted", "changed"])
def test_p3_what_is_changed_while_it_joins_a_turn_is_not_kept_as_it_was(deleted, number):
    store = MemoryStore()

    async def scenario() -> None:
        ports = Faulty().before(store, "store")
        async with guarded(
            store=ports, model=ScriptedModel(SPEAKS), more=STEERS + ALLOWED
        ) as scene:
            joins = await joining(scene, number)
            if deleted:
                await scene.delete(joins)
            else:
                await scene.edit(joins, "In the rain?")
            await scene.idle()
        text = "\n".join(await said(store))
        assert "secret" not in text
        assert text.count("rain") == (0 if deleted else 1)
        assert await store.waiting() == []
        assert "By car?" in text

    run_virtual(scenario())
