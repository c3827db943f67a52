"""Shows what the bot does where it is brought: it introduces itself once, silently, or leaves."""

from __future__ import annotations

from typing import Any

import yaml

from tests.gateway.harness import running_gateway
from tests.simulators.telegram.simulator import TelegramSimulator
from tests.transcripts.stages import Stage, Telegram

NOBODY = {"telegram": "1", "discord": "1", "slack": "U0NOBODY1"}
TRAIN = {"a": "Take the train.", "b": "Walk.", "big": "Go by train."}


def configured(stage: Stage, **more: Any) -> str:
    """Configure it as it is by default: it introduces itself."""
    whole = yaml.safe_load(stage.configured(TRAIN))
    del whole["defaults"]
    return yaml.safe_dump(whole | more)


def closed(stage: Stage, *allowed: str, **more: Any) -> str:
    """Configure it for these subjects alone."""
    return configured(stage, access={"allow": list(allowed)}, **more)


def introductions(stage: Stage) -> list[str]:
    return [each.text for each in stage.seen("group") if "an AI" in each.text]


async def introduced(stage: Stage) -> str:
    await stage.until(lambda: introductions(stage))
    (text,) = introductions(stage)
    return text


async def test_it_introduces_itself_silently_from_what_is_really_set(messenger: Stage, tmp_path):
    async with running_gateway(configured(messenger), tmp_path):
        await messenger.bring(messenger.ann)
        text = await introduced(messenger)
        assert "3 models of p (preset review)" in text
        assert "ask" in text
        assert "/moa" in text
        assert "privacy" in text
        (seen,) = messenger.seen("group")
        assert seen.pings == ()
        await messenger.ask("How do I get there?", where="group")
        await messenger.answered("Go by train.", where="group")
    rings = {
        "telegram": lambda each: "disable_notification" not in each.params,
        "discord": lambda each: not int(each.params.get("flags") or 0) & 4096,
    }
    if messenger.platform in rings:
        told = [each for each in posts(messenger) if "an AI" in str(each.params)]
        assert told
        assert not any(rings[messenger.platform](each) for each in told)


def posts(stage: Stage) -> list[Any]:
    method = {"telegram": "sendMessage", "discord": "create_message"}[stage.platform]
    return list(stage.sim.requests.of(method))


async def test_it_does_so_once_across_a_restart_and_being_thrown_out(messenger: Stage, tmp_path):
    async with running_gateway(configured(messenger), tmp_path):
        await messenger.bring(messenger.ann)
        await introduced(messenger)
    async with running_gateway(configured(messenger), tmp_path):
        await messenger.until(messenger.listening)
        await messenger.bring_again(messenger.ann)
        await messenger.ask("How do I get there?", where="group")
        await messenger.answered("Go by train.", where="group")
        assert len(introductions(messenger)) == 1


async def test_where_it_may_not_be_it_names_whom_to_ask_and_leaves(messenger: Stage, tmp_path):
    text = closed(
        messenger,
        f"{messenger.platform}:{NOBODY[messenger.platform]}",
        privacy={"operator_contact": "Zoe at the front desk"},
    )
    async with running_gateway(text, tmp_path):
        await messenger.bring(messenger.ann)
        await messenger.until(lambda: not messenger.is_in())
        (seen,) = messenger.seen("group")
        assert "Zoe at the front desk" in seen.text
        assert "\n" not in seen.text
        assert introductions(messenger) == []


async def test_it_stays_where_somebody_it_answers_has_brought_it(messenger: Stage, tmp_path):
    text = closed(messenger, f"{messenger.platform}:{messenger.ann.id}")
    async with running_gateway(text, tmp_path):
        await messenger.bring(messenger.ann)
        assert "only those whom my operator has let in" in await introduced(messenger)
        assert messenger.is_in()
        await messenger.ask("How do I get there?", where="group")
        await messenger.answered("Go by train.", where="group")


async def test_it_can_be_told_not_to_introduce_itself(messenger: Stage, tmp_path):
    text = configured(messenger, defaults={"introduce": False})
    async with running_gateway(text, tmp_path):
        await messenger.bring(messenger.ann)
        await messenger.ask("How do I get there?", where="group")
        await messenger.answered("Go by train.", where="group")
        assert introductions(messenger) == []


async def test_where_telegram_keeps_things_from_it_it_says_how_to_reach_it(tmp_path):
    async with TelegramSimulator(scale=20) as sim:
        stage = Telegram(sim)
        async with running_gateway(configured(stage), tmp_path):
            await stage.bring(stage.ann)
            reach = f"/ask@{sim.world.bot.username} QUESTION or by replying"
            assert reach in await introduced(stage)
