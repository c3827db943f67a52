"""Kills the program around what platforms hear: what is not acknowledged comes again (P1)."""

from __future__ import annotations

import pytest
import yaml

from tests.chaos.crashes import Asked, Crashes, ask
from tests.chaos.test_points_turn import behind_another
from tests.gateway.messenger_scene import finals
from tests.simulators.chaos import ChaosProxy
from tests.simulators.telegram import serving


async def said(asked: Asked) -> None:
    """Say it, whether the bot listens or not."""
    stage, where = asked.stage, asked.where
    await stage.sim.say(stage.places[where], stage.ann, asked.words, mention=where == "group")


@pytest.mark.parametrize("point", ["telegram.polled", "telegram.stored"])
async def test_killed_around_the_first_poll(there, point):
    await said(there.question("telegram", "dm"))
    async with there.armed(point):
        pass
    await there.recovered()


async def test_killed_when_a_poll_has_confirmed_what_was_stored(there):
    first, second = there.question("telegram", "dm"), there.question("telegram", "dm")
    async with there.alive():
        pass
    await said(first)
    async with there.armed("telegram.polled:2"):
        await there.scene.rows("inbox", 1, "kind = 'message'")
        await said(second)
    await there.recovered()


async def test_killed_when_what_telegram_posted_is_stored(there, monkeypatch):
    """Its post is not answered, so it comes again, and is known: one question, one answer."""
    monkeypatch.setattr(serving, "AGAIN", 0.05)
    whole = yaml.safe_load(there.scene.text)
    async with ChaosProxy("http://127.0.0.1:9") as proxy:
        whole["platforms"]["telegram"] |= {"mode": "webhook", "public_url": proxy.base_url}
        asked = there.question("telegram", "dm")
        there.scene.text = yaml.safe_dump(whole, allow_unicode=True, sort_keys=False)
        async with there.armed("telegram.hooked"):
            await said(asked)
            proxy.lead_to(await there.opened(1))
        assert asked.stage.sim.updates.pending
        async with there.alive():
            proxy.lead_to(await there.opened(2))
            await asked.stage.until(lambda: not asked.stage.sim.updates.pending)
            await asked.stage.until(lambda: finals(asked.stage, "dm"))
        assert there.calls(asked)["big"] == 1
        assert len(finals(asked.stage, "dm")) == 1
        assert await there.scene.stored("SELECT count(*) FROM inbox WHERE kind = 'message'") == [
            (1,)
        ]


@pytest.mark.parametrize("point", ["slack.stored", "slack.acknowledged", "discord.passed"])
async def test_killed_around_an_acknowledgement(there, point):
    await there.crash(point)
    await there.recovered()


async def test_killed_when_discord_has_told_of_a_message(there):
    await there.crash(
        "discord.heard:2", where="group", act=lambda asked: behind_another(there, asked)
    )
    await there.recovered()


async def test_killed_while_it_reads_again_what_was_said_meanwhile(there):
    await there.crash("turn.ended@discord", act=ask)
    await said(there.question("discord", "group"))
    async with there.armed("discord.read"):
        pass
    await there.recovered()


@pytest.mark.parametrize(
    "point",
    ["setting.unkept@{}", "setting.kept@{}", "command.done@{}", "command.dropped@{}"],
)
async def test_killed_while_a_preset_is_chosen(there, point):
    for count, platform in enumerate(("telegram", "discord", "slack"), start=1):
        await chosen(there, point.format(platform), platform)
        async with there.alive():
            await there.scene.rows("settings", count, "key = 'preset' AND value = 'alone'")
    left = "SELECT count(*) FROM inbox WHERE state = 'waiting'"
    assert await there.scene.stored(left) == [(0,)]


async def test_killed_before_discord_knows_that_a_command_was_taken(there):
    await chosen(there, "discord.stored", "discord")
    async with there.alive():
        await there.scene.rows("settings", 1, "key = 'preset' AND value = 'alone'")


async def chosen(there: Crashes, point: str, platform: str) -> None:
    stage = there.place(platform, "dm").stage
    async with there.armed(point):
        await stage.command("moa", "alone")
