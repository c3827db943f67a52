"""The same conversations on Telegram, Discord, Slack and the web: real clients, strict platforms.

Every scenario runs the whole program against a simulator of the platform, with scripted models.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.gateway.harness import Running, process_gateway, running_gateway
from tests.gateway.page import stored
from tests.patience import PATIENCE
from tests.transcripts.stages import MESSENGERS, Stage, configuration, opened


@asynccontextmanager
async def playing(stage: Stage, text: str, folder: Path) -> AsyncIterator[Running]:
    """Run the program in this process, and let the stage know where."""
    async with running_gateway(text, folder) as gateway:
        await stage.join(gateway)
        yield gateway


TRAIN = {"a": "Take the train.", "b": "Walk.", "big": "Go by train."}
WORDS = "It begins with a train that was late, and goes on with another one that was later still. "
LONG = WORDS * 8
MANY = 600
"""Numbered sentences: 15,000 characters, more than any messenger takes at once."""


@pytest.fixture(params=[*MESSENGERS, "web"])
async def stage(request):
    async with opened(request.param) as stage:
        yield stage


async def test_a_question_in_private_gets_a_panel_and_one_answer(stage: Stage, tmp_path):
    async with playing(stage, stage.configured(TRAIN), tmp_path):
        await stage.ask("How do I get there?")
        final = await stage.answered("Go by train.")
        assert len(stage.answers()) == 1
        panel = await stage.panel_reads("Take the train.")
        assert "p:a" in panel
        assert "p:b" in panel
        assert len(stage.panels()) == 1
        assert "2/2" in final.text  # advisors, in the footer
        assert not final.streaming


async def test_in_a_group_it_answers_who_mentions_it_and_nobody_else(messenger: Stage, tmp_path):
    async with playing(messenger, messenger.configured(TRAIN), tmp_path):
        await messenger.until(messenger.listening)
        await messenger.sim.say(messenger.places["group"], messenger.ben, "Lunch, anybody?")
        await messenger.ask("How do I get there?", where="group")
        await messenger.answered("Go by train.", where="group")
        assert len(messenger.answers("group")) == 1
        assert messenger.seen("dm") == []


async def test_a_conversation_goes_on_with_its_history(stage: Stage, tmp_path):
    models = {**TRAIN, "big": ["Go by train.", "The same way."]}
    async with playing(stage, stage.configured(models), tmp_path) as gateway:
        await stage.ask("How do I get there?", where="group")
        await stage.answered("Go by train.", where="group")
        await stage.follow_up("And back?")
        await stage.answered("The same way.", where="group")
        last = gateway.calls.of("big")[-1]
        assert any("How do I get there?" in line.text for line in last.lines)


async def test_a_long_answer_arrives_whole_in_its_order(stage: Stage, tmp_path):
    numbered = " ".join(f"{n:04d} of many words here." for n in range(MANY))
    models = {**TRAIN, "big": {"text": numbered, "chunk": 2000}}
    async with playing(stage, stage.configured(models), tmp_path):
        await stage.ask("Tell me everything.")
        await stage.answered(f"{MANY - 1:04d} of many")
        assert len(stage.answers()) > 1 or stage.platform == "web"
        told = " ".join(each.text for each in stage.answers())
        places = [told.index(f"{n:04d} of many") for n in range(MANY)]
        assert places == sorted(places)
        assert all(told.count(f"{n:04d} of many") == 1 for n in (0, MANY // 2, MANY - 1))


async def test_a_slow_advisor_does_not_hold_the_answer_up(stage: Stage, tmp_path):
    models = {**TRAIN, "b": {"text": "Walk.", "first": 60}}
    text = stage.configured(models).replace("fanout: user_turn", "quorum: 1\n      grace: 0.2")
    async with playing(stage, text, tmp_path):
        await stage.ask("How do I get there?")
        final = await stage.answered("Go by train.")
        assert "1/2" in final.text
        await stage.panel_reads("late")


async def test_an_advisor_that_fails_is_named_and_the_others_count(stage: Stage, tmp_path):
    async with playing(stage, stage.configured({**TRAIN, "a": {"error": "refused"}}), tmp_path):
        await stage.ask("How do I get there?")
        final = await stage.answered("Go by train.")
        assert "1/2" in final.text
        await stage.panel_reads("failed")


async def test_stop_ends_the_answer_where_it_is(stage: Stage, tmp_path):
    models = {**TRAIN, "big": {"text": LONG, "between": 0.01, "stall": True}}
    async with playing(stage, stage.configured(models), tmp_path):
        await stage.ask("How do I get there?", where="group")
        await stage.reads("It begins with a train", where="group")
        await stage.press("Stop", where="group")
        await stage.answered("stopped", where="group")
        assert len(stage.answers("group")) == 1


async def test_retry_asks_everybody_anew(stage: Stage, tmp_path):
    models = {**TRAIN, "big": ["No.", "Yes."]}
    async with playing(stage, stage.configured(models), tmp_path) as gateway:
        await stage.ask("Does it go?")
        await stage.answered("No.")
        await stage.press("Retry")
        await stage.answered("Yes.")
        assert len(gateway.calls.of("a")) == 2


async def test_moa_35_a_plain_question_is_answered_alone_and_all_advisors_can_be_asked(
    stage: Stage, tmp_path
):
    models = {**TRAIN, "big": ["At noon.", "Go by train."]}
    text = stage.configured(models).replace("fanout:", "auto: true\n      fanout:", 1)
    async with playing(stage, text, tmp_path) as gateway:
        await stage.ask("When does it leave?")
        await stage.reads("answered alone: a short plain question")
        assert stage.panels() == []
        assert gateway.calls.of("a") == []
        await stage.press("Ask all advisors")
        final = await stage.answered("Go by train.")
        assert "2/2" in final.text
        assert not any("Ask all advisors" in each for each in final.buttons)
        last = gateway.calls.of("big")[-1]
        assert not any("At noon." in line.text for line in last.lines)


async def test_moa_38_everybody_has_one_vote_and_the_last_one_counts(stage: Stage, tmp_path):
    async with playing(stage, stage.configured(TRAIN), tmp_path) as gateway:
        await stage.ask("How do I get there?")
        await stage.answered("Go by train.")
        await stage.press("Good")
        await voted(gateway, (1, 0))
        await stage.press("Bad")
        await voted(gateway, (0, 1))
    async with playing(stage, stage.configured(TRAIN), tmp_path) as gateway:  # it is kept
        (kept,) = await gateway.gateway.store.voted()
        assert (kept.preset, kept.up, kept.down) == ("review", 0, 1)
        assert kept.references == ("p:a", "p:b")


async def voted(gateway: Running, wanted: tuple[int, int]) -> None:
    async with asyncio.timeout(PATIENCE):
        while [(e.up, e.down) for e in await gateway.gateway.store.voted()] != [wanted]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_the_picker_changes_what_answers_here(stage: Stage, tmp_path):
    async with playing(stage, stage.configured(TRAIN), tmp_path):
        await stage.ask("How do I get there?")
        await stage.answered("Go by train.")
        await stage.choose("alone")
        await stage.ask("And now?")
        await stage.answered("Go by train.", times=2)
        assert "alone" in stage.finals("Go by train.")[-1].text
        assert len(stage.panels()) == 1


async def test_a_flood_wait_in_mid_answer_delays_and_loses_nothing(messenger: Stage, tmp_path):
    models = {**TRAIN, "big": {"text": LONG + "The end.", "between": 0.03}}
    async with playing(messenger, messenger.configured(models), tmp_path):
        messenger.busy(1)
        await messenger.ask("How do I get there?")
        final = await messenger.answered("The end.")
        assert final.text.count("It begins with a train") == 8
        assert len(messenger.answers()) == 1


async def test_a_connection_that_breaks_in_mid_answer_changes_nothing(messenger: Stage, tmp_path):
    models = {**TRAIN, "big": [{"text": LONG + "The end.", "between": 0.02}, "Still here."]}
    async with playing(messenger, messenger.configured(models), tmp_path):
        await messenger.ask("How do I get there?")
        await messenger.reads("It begins")
        await messenger.cut()
        await messenger.answered("The end.")
        assert len(messenger.answers()) == 1
        await messenger.ask("Are you there?")
        await messenger.answered("Still here.")


async def test_a_kill_in_mid_answer_ends_in_one_final_after_the_restart(stage: Stage, tmp_path):
    slow = {"text": LONG + "The end.", "between": 0.05}
    text = stage.configured({**TRAIN, "big": slow})
    async with process_gateway(text, tmp_path) as process:
        await stage.join(process)
        await stage.ask("How do I get there?", where="group")
        await stage.reads("It begins", where="group")
        await stored(tmp_path, "SELECT 1 FROM outbox WHERE key = 'answer/0' AND message_id <> ''")
        process.kill()
        await process.ended()
    async with process_gateway(text, tmp_path) as process:
        await stage.join(process)
        await stage.answered("The end.", where="group")
    assert len(stage.finals("The end.", "group")) == 1
    assert len(stage.answers("group")) == 1


async def test_three_platforms_at_once(tmp_path):
    async with AsyncExitStack() as stack:
        stages = [await stack.enter_async_context(opened(each)) for each in MESSENGERS]
        text = configuration(stages, TRAIN)
        await stack.enter_async_context(running_gateway(text, tmp_path))
        async with asyncio.TaskGroup() as group:
            for each in stages:
                group.create_task(each.ask("How do I get there?"))
        for each in stages:
            await each.answered("Go by train.")
            assert len(each.answers()) == 1
