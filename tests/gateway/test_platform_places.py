"""Places and messages that go away in mid-answer: a line at most, and everybody else goes on."""

from __future__ import annotations

import pytest

from tests.gateway.platform_scene import MODELS, SLOW, Scene, scene
from tests.transcripts.stages import MESSENGERS, Stage

WRITING = "It begins with a train"
MODELS = {**MODELS, "big": [SLOW, "Go by train.", "Go by train."]}


async def begun(told: Scene, platform: str) -> Stage:
    """Ask in the group, and wait until the answer is being written."""
    stage = told[platform]
    await stage.ask("Tell me all.", where="group")
    await stage.reads(WRITING, where="group")
    return stage


async def goes_on(told: Scene, platform: str) -> None:
    """Somebody else is answered, and nothing in the log asks for an operator."""
    await told.answers(platform)
    assert told.complaints == []
    assert await told.ready()


@pytest.mark.parametrize("platform", MESSENGERS)
async def test_a_bot_that_is_thrown_out_in_mid_answer(platform, tmp_path):
    async with scene(tmp_path, platform, models=MODELS) as told:
        stage = await begun(told, platform)
        place = stage.places["group"]
        await (
            stage.sim.kick(place, stage.ann) if platform == "telegram" else stage.sim.kick(place)
        )
        await goes_on(told, platform)
        closed = [line for line in told.process.stderr if "its chat is closed" in line]
        assert len(closed) <= 1


@pytest.mark.parametrize("platform", ["telegram", "discord"])
async def test_a_panel_that_somebody_deletes_stays_away(platform, tmp_path):
    async with scene(tmp_path, platform, models=MODELS) as told:
        stage = await begun(told, platform)
        panel = next(each for each in stage.seen("group") if each.panel)
        await delete(stage, panel.id)
        await stage.answered("The end.", where="group")
        assert stage.panels("group") == []
        await goes_on(told, platform)


@pytest.mark.parametrize("platform", MESSENGERS)
async def test_an_answer_that_somebody_deletes_is_there_once_when_it_is_whole(platform, tmp_path):
    async with scene(tmp_path, platform, models=MODELS) as told:
        stage = await begun(told, platform)
        part = next(each for each in stage.seen("group") if WRITING in each.text)
        await delete(stage, part.id)
        await stage.answered("The end.", where="group")
        assert len(stage.finals("The end.", "group")) == 1
        assert len([each for each in stage.seen("group") if WRITING in each.text]) == 1
        await goes_on(told, platform)


async def test_a_thread_of_discord_that_is_deleted_in_mid_answer(tmp_path):
    async with scene(tmp_path, "discord", models=MODELS) as told:
        stage = await begun(told, "discord")
        (thread,) = stage.sim.threads(stage.places["group"])
        await stage.sim.remove(thread)
        await told.process.logged("its chat is closed")
        assert stage.seen("group") == []
        await goes_on(told, "discord")


async def test_a_topic_of_telegram_that_is_deleted_in_mid_answer(tmp_path):
    async with scene(tmp_path, "telegram", models=MODELS) as told:
        stage = told["telegram"]
        forum = stage.sim.group("forum", stage.ann, forum=True)
        topic = stage.sim.topic(forum, "Trains")
        stage.places["group"] = forum
        await stage.until(stage.listening)
        await stage.sim.say(forum, stage.ann, "Tell me all.", mention=True, thread=topic)
        await stage.reads(WRITING, where="group")
        stage.sim.delete_topic(forum, topic)
        await told.process.logged("its chat is closed")
        await goes_on(told, "telegram")
        assert stage.seen("group") == []


async def test_a_channel_of_slack_that_is_archived_in_mid_answer(tmp_path):
    async with scene(tmp_path, "slack", models=MODELS) as told:
        stage = await begun(told, "slack")
        stage.places["group"].archived = True
        await goes_on(told, "slack")


async def delete(stage: Stage, message_id: str) -> None:
    """Take a message of the bot away."""
    place = stage.places["group"]
    if stage.platform == "slack":
        stage.sim.space.find(place, message_id).deleted = True
        return
    below = stage.sim.threads(place) if stage.platform == "discord" else ()
    for each in (place, *below):
        if any(shown.id == message_id for shown in stage.sim.shown(each)):
            await stage.sim.delete(each, message_id)
