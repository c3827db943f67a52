"""P1 and P13 on Discord, which keeps nothing for a bot: what was missed is read again."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.gateway.harness import process_gateway
from tests.gateway.page import questions_stored, stored
from tests.simulators.base import Fault
from tests.transcripts.stages import Stage, opened

MODELS = {"a": "Take the train.", "b": "Walk.", "big": "Go by train."}
AWAY = "while I was away"
HOUR = 3600.0


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with opened("discord") as stage:
        yield stage


def said_in(stage: Stage, place) -> list[str]:
    there = (place, *stage.sim.threads(place))
    return [each.text for here in there for each in stage.sim.shown(here)]


def count(stage: Stage, place, words: str) -> int:
    return sum(words in each for each in said_in(stage, place))


async def filled(folder, number: int) -> None:
    await stored(folder, f"SELECT 1 FROM gaps WHERE filled = {number}")


async def missing(stage: Stage, first, second, old) -> None:
    """Say much while nobody listens, some of it long ago."""
    sim, ann = stage.sim, stage.ann
    await sim.say(second, ann, "How do I get back?", mention=True, ago=0.7 * HOUR)
    await sim.say(old, ann, "Was it yesterday?", mention=True, ago=3 * HOUR)
    gone = await sim.say(first, ann, "Never mind?", mention=True, ago=0.4 * HOUR)
    await sim.delete(first, gone)
    changed = await sim.say(first, ann, "How do I get thare?", mention=True)
    await sim.edit(first, changed, f"<@{sim.desk.world.bot.id}> How do I get there?")


async def elsewhere(stage: Stage, full, shut) -> None:
    """Say more than a page of it, and something where the bot may not read."""
    sim, ann = stage.sim, stage.ann
    for number in range(110):
        await sim.say(full, ann, f"talk {number}", ago=HOUR - number)
    await sim.say(full, ann, "And what of this?", mention=True, ago=0.6 * HOUR)
    await sim.say(shut, ann, "Do you read it?", mention=True, ago=0.5 * HOUR)
    await sim.forbid(shut, "view")


async def test_p1_p13_a_kill_while_missed_messages_are_read_leaves_none_behind(stage, tmp_path):
    """Hours away; what is newer is stored first, and then the program is killed."""
    sim, ann = stage.sim, stage.ann
    places = [sim.group(name, ann) for name in ("first", "second", "old", "full", "shut")]
    first, second, old, full, shut = places
    await sim.say(first, ann, "Good morning.", ago=6 * HOUR)
    text = stage.configured(MODELS)
    async with process_gateway(text, tmp_path) as process:
        await filled(tmp_path, 1)
        await sim.say(first, ann, "Is it long ago?", mention=True, ago=5 * HOUR)
        await stage.until(lambda: count(stage, first, AWAY))
        process.kill()
        await process.ended()
    await missing(stage, first, second, old)
    await elsewhere(stage, full, shut)
    sim.faults.plan("get_messages", None, Fault(kind="delay", seconds=60))
    async with process_gateway(text, tmp_path) as process:
        await questions_stored(tmp_path, 2)
        await filled(tmp_path, 0)
        process.kill()
        await process.ended()
    sim.faults.planned.clear()
    async with process_gateway(text, tmp_path):
        for place in (first, second, full):
            await stage.until(lambda place=place: count(stage, place, "Go by train."))
        await stage.until(lambda: count(stage, old, AWAY))
        await filled(tmp_path, 1)
    taken = await stored(tmp_path, "SELECT count(*) FROM inbox WHERE kind = 'message'")
    assert taken == [(5,)]
    assert [count(stage, each, "Go by train.") for each in places] == [1, 1, 0, 1, 0]


async def test_p1_the_first_message_of_an_account_is_read_after_a_kill(stage, tmp_path):
    """Nothing was stored before it, so nothing stored tells from where on to read."""
    text = stage.configured(MODELS)
    group = stage.places["group"]
    await stage.sim.say(group, stage.ben, "Good morning.", ago=HOUR)
    async with process_gateway(text, tmp_path) as process:
        await filled(tmp_path, 1)
        process.kill()
        await process.ended()
    await stage.sim.say(group, stage.ann, "How do I get there?", mention=True)
    async with process_gateway(text, tmp_path):
        await stage.answered("Go by train.", where="group")
    assert len(stage.finals("Go by train.", "group")) == 1
