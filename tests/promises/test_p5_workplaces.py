"""Shows that so many turns are at work at once, and who goes first of those that wait (P5)."""

from __future__ import annotations

import asyncio

import pytest

from core.turnstile import crowded
from core.types import Address, Author
from gateway.lanes.workplaces import Workplaces
from tests.fakes.loop import run_virtual
from tests.fakes.memory_store import MemoryStore
from tests.fakes.model import ScriptedModel
from tests.gateway.assembled import assembled

PEOPLE = [Author(id=f"f{number}", name="Flood") for number in range(40)]
NEWCOMER = Author(id="n", name="Newcomer")


@pytest.fixture
def few(monkeypatch) -> int:
    monkeypatch.setattr(Workplaces.__init__, "__defaults__", (4, crowded))
    return 4


def test_p5_a_flood_of_questions_keeps_few_turns_at_work_and_a_newcomer_goes_first(few):
    async def scenario() -> None:
        model = ScriptedModel({"a": [["A."]], "b": [["B."]], "big": [[10.0, "Yes."]]})
        store = MemoryStore()
        async with assembled(store, model) as parts:
            loop = asyncio.get_running_loop()
            for _ in range(3):
                for person in PEOPLE:
                    assert await parts.ask("Why?", room=person.id, who=person)
            asked = loop.time()
            assert await parts.ask("How?", room="new", who=NEWCOMER)
            most = 0
            newcomer = Address(platform="fake", channel="new").session
            while newcomer in parts.sessions._lanes:
                await asyncio.sleep(1.0)
                most = max(most, len(parts.gateway.exchange.running._turns))
            assert most == few
            assert loop.time() - asked < 30  # one turn of those at work, and its own
            await parts.idle()
            answers = {each.channel for each in parts.chat.log if "Yes." in each.text}
            assert answers == {"new", *(person.id for person in PEOPLE)}
            assert await store.waiting() == []

    run_virtual(scenario())
