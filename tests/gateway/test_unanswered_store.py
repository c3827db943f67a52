"""Shows that what came in is done while the program runs though the store did not answer once.

Each call of the store fails once while somebody changes or deletes a message, presses a button or
gives a command, before anything is done. What is not acknowledged is offered again, as platforms
do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from itertools import count
from typing import Any

import pytest

from core.errors import StoreError
from tests.chaos.injection import Faulty
from tests.fakes.loop import run_virtual
from tests.fakes.memory_store import MemoryStore
from tests.fakes.model import ScriptedModel
from tests.gateway.guarded import Scene, guarded

Script = Mapping[str, Sequence[Any]]
SLOW: Script = {"a": [[30.0, "A."]], "b": [[30.0, "B."]], "big": [["Yes."]]}
SPEAKS: Script = {
    "a": [["A."]],
    "b": [["B."]],
    "big": [["It is a long story. " * 9, 30.0, "End."]],
}
MOST = 40


async def offered(scene: Scene, act: Callable[[], Awaitable[object]]) -> None:
    """Offer an event again and again until it is acknowledged."""
    for _ in range(4):
        scene.numbers = count(50)
        try:
            await act()
        except StoreError:
            continue
        return
    raise AssertionError("it is not taken in")


def played(at: int, script: Script, *, deleted: bool) -> int:
    """Change a message while its turn runs, and let that call fail; give how many there were."""
    store = MemoryStore()
    faulty = Faulty(of="store", at=at, how=StoreError("no answer"))

    async def story() -> None:
        model = ScriptedModel(script)
        async with guarded(store=faulty.before(store, "store"), model=model) as scene:
            asked = await scene.say("By car?") or ""
            busy = "a" if script is SLOW else "big"
            await scene.until(lambda: model.of(busy))
            await scene.until(lambda: busy == "a" or "long" in str(scene.chat.texts()))
            faulty.armed = True
            changes = partial(scene.edit, asked, "By train?")
            await offered(scene, partial(scene.delete, asked) if deleted else changes)
            faulty.armed = script is SPEAKS and not deleted  # that waits for the turn's end
            await scene.idle()
        said = [line.text for _, line in await store.lines("fake/D1") if line.role == "user"]
        assert said == ([] if deleted else ["By train?"])
        assert await store.waiting() == [], "it waits, and nobody has it"

    run_virtual(story())
    return faulty.count


@pytest.mark.parametrize("deleted", [True, False], ids=["deleted", "changed"])
def test_a_change_before_the_first_word_is_made_whichever_call_of_the_store_fails(deleted):
    calls = played(0, SLOW, deleted=deleted)
    assert 3 < calls < MOST
    for at in range(1, calls + 1):
        played(at, SLOW, deleted=deleted)


def test_a_change_that_waits_for_its_turns_end_is_made_whichever_call_of_the_store_fails():
    """By then nobody offers it again."""
    calls = played(0, SPEAKS, deleted=False)
    assert 3 < calls < MOST
    for at in range(1, calls + 1):
        played(at, SPEAKS, deleted=False)


def done(at: int, what: str) -> int:
    """Press Retry, or give a command, and let that call fail; give how many there were."""
    store = MemoryStore()
    faulty = Faulty(of="store", at=at, how=StoreError("no answer"))

    async def story() -> None:
        async with guarded(store=faulty.before(store, "store")) as scene:
            await scene.say("By car?")
            await scene.idle()
            retry = partial(scene.press, "retry", await scene.last_turn())
            faulty.armed = True
            await offered(scene, retry if what == "retry" else partial(scene.command, what))
            faulty.armed = False
            await scene.idle()
            assert await store.waiting() == [], "it waits, and nobody has it"
            assert len(scene.model.of("big")) == (2 if what == "retry" else 1)
            assert len(scene.whispers) == (0 if what == "retry" else 1)

    run_virtual(story())
    return faulty.count


@pytest.mark.parametrize("what", ["retry", "status"])
def test_a_press_or_command_is_done_once_whichever_call_of_the_store_fails(what):
    calls = done(0, what)
    assert 2 < calls < MOST
    for at in range(1, calls + 1):
        done(at, what)


def pressed(at: int, action: str) -> int:
    """Press a button under an answer, and let a call fail until that is done in its lane."""
    store = MemoryStore()
    faulty = Faulty(of="store", at=at, how=StoreError("no answer"))

    async def story() -> None:
        async with guarded(store=faulty.before(store, "store")) as scene:
            await scene.say("By car?")
            await scene.idle()
            faulty.armed = True
            turn_id = (await store.turns("fake/D1"))[-1].start.turn_id
            await offered(scene, partial(scene.press, action, turn_id))
            await scene.idle()
            assert await store.waiting() == [], "it waits, and nobody has it"
            assert await store.unfinished() == []

    run_virtual(story())
    return faulty.count


@pytest.mark.parametrize("action", ["retry", "remove", "undo"])
def test_a_press_is_done_or_told_to_have_failed_whichever_call_of_its_lane_fails(action):
    """It waited for the next start, and nobody was told."""
    calls = pressed(0, action)
    assert 5 < calls < MOST
    for at in range(1, calls + 1):
        pressed(at, action)


def put_aside(at: int) -> int:
    """Say something that came long ago, and let that call fail; give how many there were."""
    store = MemoryStore()
    faulty = Faulty(of="store", at=at, how=StoreError("no answer"))

    async def story() -> None:
        async with guarded(store=faulty.before(store, "store")) as scene:
            await asyncio.sleep(3 * 3600)
            faulty.armed = True
            await offered(scene, partial(scene.say, "By car?", at=1))
            faulty.armed = False
            assert await store.waiting() == [], "it waits, and nobody has it"
            assert len(await store.aside("late")) == 1

    run_virtual(story())
    return faulty.count


def test_what_came_late_is_put_aside_whichever_call_of_the_store_fails():
    calls = put_aside(0)
    assert 1 < calls < MOST
    for at in range(1, calls + 1):
        put_aside(at)


def wanted(at: int) -> int:
    """Press Answer under the note of what came long ago, and let that call fail."""
    store = MemoryStore()
    faulty = Faulty(of="store", at=at, how=StoreError("no answer"))

    async def story() -> None:
        async with guarded(store=faulty.before(store, "store")) as scene:
            await asyncio.sleep(3 * 3600)
            for text in ("By car?", "By train?"):
                await scene.say(text, at=1)
            await scene.until(lambda: "while I was away" in str(scene.chat.texts()))
            faulty.armed = True
            await offered(scene, partial(scene.press, "answer"))
            faulty.armed = False
            await scene.idle()
            assert await store.waiting() == [], "it waits, and nobody has it"

    run_virtual(story())
    return faulty.count


def test_what_is_wanted_of_what_came_late_is_asked_whichever_call_of_the_store_fails():
    calls = wanted(0)
    assert 2 < calls < MOST
    for at in range(1, calls + 1):
        wanted(at)


def forgotten(at: int) -> int:
    """Wish a conversation to be forgotten in which one question waits, and let that call fail."""
    store = MemoryStore()
    faulty = Faulty(of="store", at=at, how=StoreError("no answer"))

    async def story() -> None:
        model = ScriptedModel(SLOW)
        async with guarded(store=faulty.before(store, "store"), model=model) as scene:
            await scene.say("By car?")
            await scene.until(lambda: model.of("a"))
            await scene.say("By train?")
            faulty.armed = True
            await offered(scene, partial(scene.press, "forget", value="all:ann"))
            await scene.idle()
            (told,) = scene.whispers
            assert ("Try again" in told) or ("train" not in str(vars(store)))
            assert "nothing was changed" not in told or len(await store.turns("fake/D1")) == 2
            assert await store.waiting() == [], "it waits, and nobody has it"

    run_virtual(story())
    return faulty.count


def test_what_could_not_be_forgotten_is_asked_whichever_call_of_the_store_fails():
    """It waited for the next start, and people were told that nothing had changed."""
    calls = forgotten(0)
    assert 5 < calls < MOST
    for at in range(1, calls + 1):
        forgotten(at)
