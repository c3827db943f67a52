"""Shows that a change is made while the program runs though the store cannot be read for a moment.

Each call of the store fails once while somebody changes or deletes a message, before anything is
done. What was not acknowledged is offered again, as platforms do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


async def offered(scene: Scene, asked: str, *, deleted: bool) -> None:
    for _ in range(3):
        scene.numbers = count(50)
        try:
            await (scene.delete(asked) if deleted else scene.edit(asked, "By train?"))
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
            await offered(scene, asked, deleted=deleted)
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
