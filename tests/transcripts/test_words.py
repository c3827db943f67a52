"""Commands that are written as words, where a platform has no others: each is answered."""

from __future__ import annotations

import asyncio

import pytest

from tests.gateway.harness import running_gateway
from tests.transcripts.stages import Stage

TRAIN = {"a": "Take the train.", "b": "Walk.", "big": "Go by train."}


@pytest.mark.parametrize("where", ["dm", "group"])
async def test_words_that_ask_for_the_cost_are_told_it(stage: Stage, where, tmp_path):
    async with running_gateway(stage.configured(TRAIN), tmp_path) as gateway:
        await stage.ask("cost", where=where)
        await stage.reads("This chat has cost $0", where=where)
        assert gateway.calls.of("big") == []


async def test_moa_35_retry_all_asks_the_advisors_that_the_gate_left_out(stage: Stage, tmp_path):
    text = stage.configured(TRAIN).replace("fanout:", "auto: true\n      fanout:", 1)
    async with running_gateway(text, tmp_path) as gateway:
        await stage.ask("When does it leave?")
        await stage.answered("Go by train.")
        assert gateway.calls.of("a") == []
        await stage.ask("Retry all")
        await stage.reads("2/2")
        assert len(gateway.calls.of("a")) == 1


async def test_moa_35_the_command_of_the_platform_asks_all_advisors_too(stage: Stage, tmp_path):
    text = stage.configured(TRAIN).replace("fanout:", "auto: true\n      fanout:", 1)
    async with running_gateway(text, tmp_path) as gateway:
        await stage.ask("When does it leave?")
        await stage.answered("Go by train.")
        name, args = ("moa", "retry all") if stage.platform == "slack" else ("retry", "all")
        async with asyncio.TaskGroup() as group:
            group.create_task(stage.sim.command(stage.places["dm"], stage.ann, name, args))
            await stage.reads("2/2")
        assert len(gateway.calls.of("a")) == 1


async def test_words_in_a_thread_are_answered_there(stage: Stage, tmp_path):
    async with running_gateway(stage.configured(TRAIN), tmp_path) as gateway:
        await stage.ask("How do I get there?", where="group")
        await stage.answered("Go by train.", where="group")
        mention = "<@U0MOABOT1> " if stage.platform == "slack" else ""
        await stage.follow_up(f"{mention}moa alone")
        await stage.reads("From now on alone answers", where="group")
        assert len(gateway.calls.of("big")) == 1
