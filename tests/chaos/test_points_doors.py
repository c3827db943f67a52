"""Kills the program while people are let in or shut out: it is so, or not yet, and noted once."""

from __future__ import annotations

import re

import pytest
import yaml

from tests.chaos.crashes import Crashes
from tests.transcripts.stages import Stage

CODE = re.compile(r"Your pairing code is ([A-Z0-9]{8}),")


def owned(there: Crashes, platform: str) -> Stage:
    """Let Ann own the bot there, where nobody else is known. Ben's private chat is "group"."""
    stage = there.place(platform, "dm").stage
    stage.ben = stage.sim.person("Ben")
    stage.places["group"] = stage.sim.dm(stage.ben)
    whole = yaml.safe_load(there.scene.text)
    whole["access"] = {"owners": [f"{platform}:{stage.ann.id}"]}
    there.scene.text = yaml.safe_dump(whole, allow_unicode=True, sort_keys=False)
    return stage


async def hello(stage: Stage, words: str = "Hello") -> None:
    await stage.sim.say(stage.places["group"], stage.ben, words)


def code(stage: Stage) -> str:
    found = [CODE.search(each.text) for each in stage.seen("group")]
    return next((each[1] for each in reversed(found) if each), "")


def told(stage: Stage, words: str) -> bool:
    return any(words in each.text for each in stage.seen("dm"))


@pytest.mark.parametrize("platform", ["telegram", "slack"])
async def test_killed_while_a_stranger_comes_in_by_a_code(there, platform):
    """What was not acknowledged comes again, and gets another code: the first one nobody knows."""
    stage = owned(there, platform)
    async with there.armed(f"pairing.offered@{platform}", noted=False):
        await hello(stage)
    assert not code(stage)
    async with there.armed(f"pairing.redeemed@{platform}", noted=False):
        await stage.until(lambda: code(stage))
        await stage.command("pair", code(stage))
    async with there.alive():
        await there.scene.rows("settings", 1, f"key = 'allow:{stage.ben.id}'")
        await stage.until(stage.listening)
        await hello(stage, "How do I get there?")
        await stage.until(lambda: stage.finals("The end.", "group"))
        await stage.reads("You are let in now", where="group")
        await stage.until(lambda: told(stage, "is let in, in private"))
        assert not told(stage, "That code is not open")
    noted = f"SELECT count(*) FROM settings_log WHERE key = 'allow:{stage.ben.id}'"
    assert await there.scene.stored(noted) == [(1,)]


@pytest.mark.parametrize("point", ["access.unkept", "access.kept"])
@pytest.mark.parametrize("platform", ["telegram", "discord", "slack"])
async def test_killed_while_somebody_is_let_in(there, point, platform):
    stage = owned(there, platform)
    someone = {"slack": f"<@{stage.ben.id}|ben>"}.get(platform, str(stage.ben.id))
    async with there.armed(f"{point}@{platform}", noted=False):
        await stage.command("allow", f"{someone} 1h")
    async with there.alive():
        await there.scene.rows("settings", 1, f"key = 'allow:{stage.ben.id}'")
        await stage.until(stage.listening)
        await hello(stage, "How do I get there?")
        await stage.until(lambda: stage.finals("The end.", "group"))
    noted = f"SELECT count(*) FROM settings_log WHERE key = 'allow:{stage.ben.id}'"
    assert await there.scene.stored(noted) == [(1,)]
