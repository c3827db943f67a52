"""Shows what people in chats see of budgets: whose they are, and what is said where (MOA-30)."""

from __future__ import annotations

import re

import pytest
import yaml

from core.calls import Chunk
from core.frames import Part
from core.types import Usage
from core.wording import footer_text
from tests.fakes.loop import run_virtual
from tests.gateway.assembled import TEXT
from tests.gateway.guarded import ALLOWED, ANN, BEN, DM, GROUP, Scene, guarded
from tests.gateway.harness import running_gateway
from tests.gateway.money import models
from tests.transcripts.stages import MESSENGERS, configuration, opened


def said(text: str, *, cents: int):
    return [[text, Chunk(usage=Usage(output=cents), finish="stop")]]


SCRIPTS = {
    "a": said("A.", cents=10),
    "b": said("B.", cents=10),
    "big": said("Yes.", cents=10),
}


CAPPED = re.sub(r"model: (\w+)}", r"model: \1, max_tokens: 10}", TEXT)


def story(scenario, budgets: str):
    async def told():
        more = f"{ALLOWED}budgets: {{{budgets}, unpriced: 0}}\n"
        async with guarded(SCRIPTS, text=CAPPED, more=more) as scene:
            await scenario(scene)
            await scene.idle()

    run_virtual(told())


def asked(scene: Scene) -> list[str]:
    return [made.call.slot.model for made in scene.parts.gateway.providers["p"].model.made]  # type: ignore[attr-defined]


def test_one_person_s_budget_is_no_other_s():
    async def scenario(scene: Scene):
        for _ in range(5):
            await scene.say("Why?", who=ANN)
            await scene.idle()
        assert "Your daily budget is used up: $0.300 of $0.200." in scene.chat.texts()[-1]
        before = len(asked(scene))
        await scene.say("Why?", who=BEN, where=GROUP)
        await scene.idle()
        assert len(asked(scene)) == before + 3

    story(scenario, "user: {daily: 0.2}")


def test_a_channel_s_budget_is_everybody_s_who_asks_there():
    async def scenario(scene: Scene):
        for who in (ANN, BEN, ANN):
            await scene.say("Why?", who=who, where=GROUP)
            await scene.idle()
        assert "The daily budget of this channel is used up" in scene.chat.texts()[-1]
        await scene.say("Why?", who=ANN, where=DM)
        await scene.idle()
        assert scene.chat.texts()[-1].startswith("Yes.")

    story(scenario, "channel: {daily: 0.2}")


def test_in_a_group_where_figures_are_private_people_still_read_why_nobody_advised():
    async def scenario(scene: Scene):
        await scene.say("Why?", where=GROUP)
        await scene.idle()
        await scene.say("And then?", where=GROUP)
        await scene.idle()
        parts = [each.content for each in scene.chat.messages.values()]
        last = [each.footer for each in parts if isinstance(each, Part) and each.footer][-1]
        assert footer_text(last) == "advisors skipped: your daily budget is used up"

    story(scenario, "user: {daily: 0.3}")


def test_the_command_says_what_was_spent_and_what_is_left():
    async def scenario(scene: Scene):
        await scene.say("Why?")
        await scene.idle()
        await scene.command("cost")
        await scene.heard("$0.300 (1 answer) this month")
        (text,) = scene.whispers
        assert "Your daily budget: $1.70 of $2.00 left. It starts anew on " in text
        assert "The monthly budget of this gateway: $19.70 of $20.00 left." in text

    story(scenario, "user: {daily: 2}, total: {monthly: 20}")


# --- on the platforms' own client libraries ---------------------------------------------------


@pytest.mark.parametrize("platform", MESSENGERS)
async def test_on_every_messenger_a_spent_budget_is_told_where_the_question_was(platform, tmp_path):
    async with models() as simulator, opened(platform) as stage:
        whole = yaml.safe_load(configuration([stage], {}))
        provider = {"api": "chat_completions", "base_url": simulator.base_url}
        price = {"input": 0, "output": 1000}
        a, b, big = ({"provider": "p", "model": m, "max_tokens": 100} for m in ("a", "b", "big"))
        preset = {"reference_models": [a, b], "aggregator": big, "fanout": "user_turn"}
        whole |= {
            "providers": {"p": provider},
            "moa": {"presets": {"review": preset}},
            "prices": {f"p:{name}": price for name in ("a", "b", "big")},
            "budgets": {"total": {"daily": 100}, "user": {"daily": 0.3}},
        }
        async with running_gateway(yaml.safe_dump(whole), tmp_path) as gateway:
            await stage.join(gateway)
            await stage.ask("How do I get there?")
            await stage.reads("Go by train.")
            await stage.ask("And back?")
            await stage.reads("advisors skipped: your daily budget is used up")
            before = len(simulator.seen)
            await stage.ask("And again?")
            await stage.reads("Your daily budget is used up: $0.400 of $0.300.")
            assert len(simulator.seen) == before == 4
