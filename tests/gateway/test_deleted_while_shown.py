"""Shows that no half of an answer stays whose question is deleted while it is being shown (P2)."""

from __future__ import annotations

import asyncio
from itertools import count

import pytest

from gateway.lanes.workplaces import Workplaces
from tests.fakes.chat import FakeChat
from tests.fakes.loop import run_virtual
from tests.fakes.memory_store import MemoryStore
from tests.gateway.guarded import DM, Scene, guarded

PARTS = {
    "a": [["A."]],
    "b": [["B."]],
    "big": [["It is a long story, and it goes on and on. \n\n" * 30, "The end."]],
}


async def half_shown(scene: Scene) -> str:
    """Ask, and wait until a part of the whole answer stands there, and another does not yet."""
    asked = await scene.say("How do I get to Dover?") or ""
    kept = scene.parts.store
    turn_id = ""
    while not turn_id:
        await asyncio.sleep(0.01)
        found = [each for each in await kept.unfinished() if each.state == "answered"]
        turn_id = (
            found[0].start.turn_id if found and "long story" in str(scene.chat.texts()) else ""
        )
    assert "The end." not in str(scene.chat.texts())
    return asked


def test_an_answer_that_is_being_shown_is_shown_to_its_end_though_its_question_is_deleted():
    async def scenario() -> None:
        async with guarded(PARTS, chat=FakeChat(limit=400, pace=2.0)) as scene:
            asked = await half_shown(scene)
            assert await scene.delete(asked)
            await scene.idle()
            assert "The end." in str(scene.chat.texts())
            assert await scene.parts.store.lines(DM.session) == []
            assert "Dover" not in str(vars(scene.parts.store))
            assert await scene.parts.store.unfinished() == []

    run_virtual(scenario())


async def cut(store: MemoryStore, chat: FakeChat, *, deleted: bool) -> None:
    async with guarded(PARTS, store=store, chat=chat) as scene:
        asked = await half_shown(scene)
        if deleted:
            assert await scene.delete(asked)
        await scene.parts.sessions.drain(0)
        assert chat.messages


async def deleted_now(scene: Scene, when: str) -> None:
    """Start, and let the question be deleted then."""
    scene.numbers = count(9)
    gateway = scene.parts.gateway
    storing, running = gateway.intake.storing, gateway.changes.exchange.running
    if when == "at the start":
        hears, storing._handle = storing._handle, _deaf  # the store alone hears of it
        assert await scene.delete("e1")
        storing._handle = hears
    if when == "while it waits":
        scene.parts.sessions._workplaces = Workplaces(0)
    await scene.parts.recover()
    if when == "at work":
        await scene.until(lambda: running.of(DM.session))
    if when in {"at work", "while it waits"}:
        assert await scene.delete("e1")
    if when == "while it waits":
        await scene.parts.sessions.drain(0)
    await scene.idle()


@pytest.mark.parametrize("when", ["before", "at the start", "while it waits", "at work"])
def test_half_an_answer_does_not_stay_that_was_cut_and_whose_question_is_deleted(when):
    """It goes; that which is being shown already is shown to its end."""
    store, chat = MemoryStore(), FakeChat(limit=400, pace=2.0, tells=True)

    async def after() -> None:
        async with guarded(PARTS, store=store, chat=chat) as scene:
            await deleted_now(scene, when)
            assert ("The end." in str(chat.texts())) == (when == "at work")
            assert bool(chat.messages) == (when == "at work")
            assert "Dover" not in str(vars(store))
            assert await store.unfinished() == []
            assert await store.waiting() == []

    run_virtual(cut(store, chat, deleted=when == "before"))
    run_virtual(after())


async def _deaf(_accepted: object) -> None:
    """Do nothing, as a program does that was killed."""
