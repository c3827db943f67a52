"""Whoever is cut again and again goes on alone: a crash blames one, and no bystander (P1, P8)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from typing_extensions import override

from core.records import StoredTurn
from core.types import Message
from gateway.lanes.quarantine import ALONE, ATTEMPTS, TOGETHER, Quarantine
from tests.fakes.loop import run_virtual
from tests.fakes.memory_store import MemoryStore
from tests.fakes.model import ScriptedModel
from tests.fakes.turns import start
from tests.gateway import messenger_scene
from tests.gateway.assembled import TEXT, assembled
from tests.gateway.guarded import ALLOWED, ANN, DM
from tests.gateway.guarded import Scene as Talk
from tests.gateway.harness import Process
from tests.gateway.messenger_scene import Models, Scene, finals, scene

FATAL = "Break off?"


def cut(name: str, attempts: int) -> StoredTurn:
    return StoredTurn(
        start=start(name),
        state="running",
        attempts=attempts,
        advice=(),
        references_done=0,
        end=None,
        outbox=(),
    )


def names(turns: list[StoredTurn]) -> list[str]:
    return [each.start.turn_id for each in turns]


def test_whoever_was_cut_least_often_goes_first():
    turns = [cut("bad", TOGETHER + 1), cut("once", 1), cut("twice", TOGETHER), cut("again", 1)]
    assert names(Quarantine().left(turns)) == ["once", "again", "twice", "bad"]


def test_one_that_was_taken_back_is_put_away_before_its_question_is_answered_anew():
    """What is left of it in the chat could else be taken for the answer."""
    turns = [replace(cut("old", TOGETHER + 1), removed=True), cut("new", 1), cut("bad", TOGETHER)]
    assert names(Quarantine().left(turns)) == ["old", "new", "bad"]


def test_one_that_was_always_alone_is_given_up_sooner_than_one_of_several():
    alone, several = Quarantine(), Quarantine()
    alone.left([cut("t1", ATTEMPTS)])
    several.left([cut("t1", ATTEMPTS), cut("t2", ATTEMPTS)])
    assert [alone.over(each) for each in range(1, 7)] == [False] * 3 + [True] * 3
    assert [several.over(each) for each in range(1, 7)] == [False] * 5 + [True]


def test_those_that_were_cut_twice_go_on_one_at_a_time_and_hold_up_nobody_for_long():
    async def story():
        loop = asyncio.get_running_loop()
        quarantine = Quarantine()
        times: dict[str, float] = {}

        async def go_on(turn: StoredTurn, seconds: float) -> None:
            async with quarantine.kept(turn):
                times[turn.start.turn_id] = loop.time() - begun
                await asyncio.sleep(seconds)

        begun = loop.time()
        async with asyncio.TaskGroup() as group:
            group.create_task(go_on(cut("long", TOGETHER), 3 * ALONE))
            group.create_task(go_on(cut("short", TOGETHER), 1.0))
            group.create_task(go_on(cut("last", TOGETHER), 1.0))
            group.create_task(go_on(cut("fresh", 1), 1.0))
        assert times == {"long": 0.0, "fresh": 0.0, "short": ALONE, "last": ALONE + 1.0}

    run_virtual(story())


class Asked(Models):
    """Models that count answers that are asked for; `fatal` ends the program that asks it."""

    fatal = ""
    process: Process | None = None

    def __init__(self) -> None:
        super().__init__()
        self.answers = 0
        self._more = asyncio.Event()

    async def reached(self, times: int) -> None:
        async with asyncio.timeout(30):
            while self.answers < times:
                self._more.clear()
                await self._more.wait()

    @override
    async def _play(self, dialect, request, body):
        if body["model"] == "big":
            self.answers += 1
            self._more.set()
            if self.fatal and self.fatal in str(body["messages"]) and self.process is not None:
                self.process.kill()
        return await super()._play(dialect, request, body)


@asynccontextmanager
async def asked_scene(folder: Path) -> AsyncIterator[tuple[Scene, Asked]]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(messenger_scene, "Models", Asked)
        async with scene(folder) as there:
            assert isinstance(there.models, Asked)
            yield there, there.models


async def test_p1_kills_again_and_again_cost_nobody_an_answer(tmp_path):
    async with asked_scene(tmp_path) as (there, models):
        models.close("big")

        times = 0
        for number, more in enumerate((6, 6, 1, 1, 1)):
            times += more
            async with there.started() as process:
                if number == 0:
                    await there.ask()
                await models.reached(times)
                await there.killed(process)
        models.open()
        async with there.started():
            await there.answered()
        once(there)


def once(there: Scene) -> None:
    """Assert that everybody has one answer."""
    for stage in there.stages:
        assert len(finals(stage, "dm")) == len(finals(stage, "group")) == 1, stage.platform


def given_up(there: Scene) -> bool:
    said = there.others(there.stage("telegram"))
    return any("each try was cut off" in each.text for each in said)


async def over(process: Process, there: Scene) -> bool:
    """Wait until the program has ended, or has given a question up."""
    async with asyncio.TaskGroup() as group:
        ended = group.create_task(process.ended())
        told = group.create_task(there.stage("telegram").until(lambda: given_up(there)))
        await asyncio.wait({ended, told}, return_when=asyncio.FIRST_COMPLETED)
        for each in (ended, told):
            each.cancel()
    return given_up(there)


async def test_p8_one_question_that_ends_the_program_costs_nobody_else_an_answer(
    tmp_path,
):
    async with asked_scene(tmp_path) as (there, models):
        models.close("b")
        models.fatal = FATAL
        starts = 0
        telegram = there.stage("telegram")
        while not given_up(there):
            async with there.started() as models.process:
                starts += 1
                if starts == 1:
                    await there.ask()
                    await telegram.sim.say(there.strangers["telegram"][0], telegram.ben, FATAL)
                    await there.rows("turns", 7)
                    models.open()
                if await over(models.process, there):
                    await there.answered()
        assert starts <= TOGETHER + ATTEMPTS + 1
        once(there)


def test_p8_a_question_that_is_changed_again_and_again_after_a_crash_broke_nothing_off():
    model = ScriptedModel({"a": [[60.0, "A."]] * 5, "b": [["B."]] * 5, "big": [["Yes."]]})

    def asked(times: int) -> bool:
        return len(model.of("a")) == times

    async def story() -> None:
        store = MemoryStore()
        said = Message(
            event_id="e1",
            address=DM,
            author=ANN,
            text="0?",
            at=60_000,
            message_id="e1",
            direct=True,
        )
        async with assembled(store, model, text=f"{TEXT}{ALLOWED}") as parts:
            talk = Talk(parts, model)
            assert await store.accept(said, DM.session)
            await parts.recover()
            for number in range(1, 5):
                await talk.until(partial(asked, number))
                assert await talk.edit("e1", f"{number}?")
            await talk.idle()
            assert await store.aside("broke") == []
            (turn,) = [each for each in await store.turns(DM.session) if each.end]
            assert turn.end is not None
            assert (turn.start.question.text, turn.end.answer) == ("4?", "Yes.")

    run_virtual(story())
