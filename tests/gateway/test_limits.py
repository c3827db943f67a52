"""Shows that `limits:` holds people and chats, tells them once, and stores nothing beyond it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from core.errors import TooOften
from core.types import Author, Message
from gateway.access.limits import Limits
from gateway.access.refusals import Refusals
from gateway.config.model import Limits as Said
from gateway.config.values import Rate
from gateway.delivery import ChatBudgets
from gateway.inbox.storing import PER_ROUND
from tests.fakes.clock import FakeClock
from tests.fakes.loop import run_virtual
from tests.gateway.guarded import ALLOWED, ANN, BEN, DM, GROUP, Scene, guarded

OTHER = replace(GROUP, channel="G2")


def story(scenario, limits: str, **said):
    async def told():
        async with guarded(more=f"{ALLOWED}limits: {limits}\n", **said) as scene:
            await scenario(scene)
            await scene.idle()

    run_virtual(told())


def test_who_asks_too_often_is_told_once_a_window_and_nothing_of_it_is_stored():
    async def scenario(scene: Scene):
        for where in (DM, GROUP):
            assert await scene.say("Why?", where=where)
        await scene.idle()
        with pytest.raises(TooOften, match="more than 2 questions a minute") as refused:
            await scene.say("Why?", where=OTHER)
        assert 0 < refused.value.retry_after <= 30
        assert await scene.say("Why?") is None
        assert await scene.say("Why?", who=BEN, where=GROUP)
        await asyncio.sleep(31)
        assert await scene.say("Why?")
        await scene.idle()
        turns = [await scene.parts.store.turns(where.session) for where in (DM, GROUP, OTHER)]
        assert [len(each) for each in turns] == [2, 2, 0]

    story(scenario, "{user: 2/min}")


def test_a_chat_is_held_to_its_rate_whoever_asks_there():
    async def scenario(scene: Scene):
        assert await scene.say("Why?", where=GROUP)
        assert await scene.say("Why?", where=GROUP, who=BEN)
        with pytest.raises(TooOften, match="most for this chat"):
            await scene.say("Why?", where=GROUP)
        assert await scene.say("Why?", where=GROUP, who=BEN) is None
        assert await scene.say("Why?")

    story(scenario, "{channel: 2/h}")


def test_an_event_that_comes_twice_counts_once():
    async def scenario(scene: Scene):
        said = Message(event_id="x", address=DM, author=ANN, text="Why?", at=1)
        intake = scene.parts.gateway.intake
        assert await intake.admitted(said) is not None
        assert await intake(said)
        assert not await intake(said)  # its twin
        assert await scene.say("Why?")
        with pytest.raises(TooOften):
            await intake(replace(said, event_id="y"))
        assert not await intake(replace(said, event_id="y"))

    story(scenario, "{user: 2/min}")


def test_commands_count_and_stop_always_works():
    async def scenario(scene: Scene):
        assert await scene.command("help")
        for _ in range(2):  # the platform waits for an answer to each of them
            with pytest.raises(TooOften):
                await scene.command("help")
        assert await scene.command("stop")
        assert await scene.press("stop", "t")

    story(scenario, "{user: 1/min}")


def test_nobody_has_more_turns_at_once_than_there_may_be():
    slow = {"big": [["It is ", 0.5, "so."]], "a": [["A."]], "b": [["B."]]}

    async def scenario(scene: Scene):
        assert await scene.say("Why?")
        assert await scene.say("And why?")  # waits behind the first one: one turn at a time there
        assert await scene.say("Why?", where=GROUP)
        with pytest.raises(TooOften, match="2 questions of yours are being answered already"):
            await scene.say("Why?", where=OTHER)
        assert await scene.say("Why?", where=OTHER) is None
        assert await scene.say("Why?", where=OTHER, who=BEN)
        await scene.idle()
        assert await scene.say("Why?", where=OTHER)
        await scene.idle()
        assert len(await scene.parts.store.turns(OTHER.session)) == 2

    story(scenario, "{running: 2}", scripts=slow)


@pytest.mark.parametrize("crowd", [0, 2 * PER_ROUND])
def test_of_questions_that_come_at_the_same_moment_no_more_are_taken_in(crowd):
    """Behind a crowd, too, for which they wait before they are stored."""

    async def scenario(scene: Scene):
        taken = []

        async def ask(channel: str) -> None:
            try:
                taken.append(await scene.say("Why?", where=replace(GROUP, channel=channel)))
            except TooOften:
                taken.append(None)

        async with asyncio.TaskGroup() as group:
            for n in range(crowd):
                who = Author(id=f"other {n}", name="", circles=("T1",))
                group.create_task(scene.say("How?", where=replace(GROUP, channel=f"O{n}"), who=who))
            for n in range(5):
                group.create_task(ask(f"G{n}"))
        assert len([each for each in taken if each]) == 1

    story(scenario, "{running: 1}")


def test_without_limits_nothing_is_held_back():
    async def scenario(scene: Scene):
        for _ in range(30):
            assert await scene.say("Why?")

    story(scenario, "{}")


def test_a_page_that_waits_for_an_answer_is_told_each_time():
    clock = FakeClock()
    limits = Limits(
        Said(user=Rate.parse("1/h")), clock, lambda *_: (), Refusals(clock, ChatBudgets())
    )
    said = Message(
        event_id="e1", address=replace(DM, platform="web"), author=ANN, text="Why?", at=1
    )
    assert limits.require(said, "web/1", answers=True)
    for event_id in ("e2", "e3", "e3"):
        with pytest.raises(TooOften):
            limits.require(replace(said, event_id=event_id), "web/1", answers=True)
