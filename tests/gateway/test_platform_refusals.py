"""A platform that does not let the bot in is one clear line; the others and the web go on."""

from __future__ import annotations

import pytest

from tests.gateway.page import Page, answered
from tests.gateway.platform_scene import Scene, scene
from tests.transcripts.stages import MESSENGERS, Stage

TOKENS = {
    "telegram": "7000000009:AAF-another_token_of_nobody_00009",
    "discord": "OTk5OTk5OTk5OTk5OTk5OTk5.Gzzzzz.another-token-of-nobody-9999999999",
    "slack": "xoxb-another-token-of-nobody",
}


async def told_once(told: Scene, platform: str, *words: str) -> None:
    """One line says what is wrong, without a secret in it, and nothing else is worth one."""
    await told.process.logged("again_in" if "scopes" not in words else "scopes")
    (line,) = told.complaints
    assert platform in line
    assert all(word in line for word in words)
    assert "of-nobody" not in "".join(told.process.stderr)
    assert "of_nobody" not in "".join(told.process.stderr)


async def others_go_on(told: Scene, platform: str, *, times: int = 1) -> None:
    for each in told.stages:
        if each != platform:
            await told.answers(each, times=times)
    assert await told.ready()
    async with Page.of(told.process, f"conversation-{times}") as page:
        await page.say("Are you there?")
        await page.until(answered(1))


@pytest.mark.parametrize("platform", MESSENGERS)
async def test_a_wrong_token_at_the_start(platform, tmp_path):
    def change(text: str) -> str:
        right = {"telegram": "7000000001:AAF-sim", "discord": "MTIzNDU2", "slack": "xoxb-sim"}
        (line,) = [line for line in text.splitlines() if right[platform] in line]
        return text.replace(line.partition(": ")[2], f"'{TOKENS[platform]}'")

    async with scene(tmp_path, *MESSENGERS, change=change) as told:
        await told_once(told, platform, "accept", "token")
        await others_go_on(told, platform)
        assert len(told.complaints) == 1


@pytest.mark.parametrize("platform", MESSENGERS)
async def test_a_token_that_is_revoked_while_it_is_used(platform, tmp_path):
    async with scene(tmp_path, *MESSENGERS) as told:
        for each in MESSENGERS:
            await told.answers(each)
        found = told[platform].sim.revoke()
        if found is not None:
            await found
        await told_once(told, platform, "token")
        await others_go_on(told, platform, times=2)
        assert len(told.complaints) == 1


@pytest.mark.parametrize("platform", MESSENGERS)
async def test_a_token_that_is_revoked_in_mid_answer(platform, tmp_path):
    slow = {"a": "Take the train.", "b": "Walk.", "big": {"text": "Go by train. " * 40}}
    slow["big"] |= {"between": 0.1}  # type: ignore[operator]
    async with scene(tmp_path, platform, models=slow) as told:
        stage = told[platform]
        await stage.ask("How do I get there?", where="group")
        await stage.reads("Go by", where="group")
        found = stage.sim.revoke()
        if found is not None:
            await found
        await told.process.logged("again_in")
        assert not any("Traceback" in line for line in told.process.stderr)
        assert await told.ready()


async def test_a_scope_that_is_missing_in_slack(tmp_path):
    def before(stages):
        stages["slack"].sim.backend.scopes -= {"files:write", "reactions:write"}

    async with scene(tmp_path, "slack", before=before) as told:
        await told_once(told, "slack", "files:write, reactions:write", "scopes", "reinstall")
        await told.answers("slack")
        assert len(told.complaints) == 1


async def test_the_scope_without_which_slack_cannot_be_written_to(tmp_path):
    def before(stages):
        stages["slack"].sim.backend.scopes -= {"chat:write"}

    async with scene(tmp_path, "slack", "telegram", before=before) as told:
        await told_once(told, "slack", "chat:write", "scopes")
        await others_go_on(told, "slack")


async def test_an_intent_that_discord_does_not_allow(tmp_path):
    def change(text: str) -> str:
        return text.replace("introduce: false", "introduce: false\n  listen: all")

    def forbid(stages: dict[str, Stage]) -> None:
        stages["discord"].sim.gateway.privileged = 0

    async with scene(tmp_path, "discord", "slack", change=change, before=forbid) as told:
        await told_once(told, "discord", "Message Content Intent", "Developer Portal")
        await others_go_on(told, "discord")
