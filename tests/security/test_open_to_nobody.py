"""Nobody is let in whom nothing names, and a code lets in one person, in private, and no more.

On every platform, with the real program: what strangers say in any way reaches no model.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.errors import ConfigError
from gateway import config as configuration
from tests.gateway.harness import running_gateway
from tests.simulators.provider import ProviderSimulator, Reply
from tests.transcripts.stages import MESSENGERS, Stage, opened
from tests.transcripts.test_access import CODE, code_of, told

BENS: Any = "ben"
OURS, THEIRS = "How do I get there?", "canary of a stranger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    stage: Stage
    models: ProviderSimulator

    def asked(self, words: str) -> bool:
        """Tell whether any model was asked with these words."""
        return any(words in each.raw.decode() for each in self.models.seen)

    async def fence(self, number: int) -> None:
        """Let Ann, who is let in, be answered: whatever came before was taken in or not."""
        await self.stage.ask(f"{OURS} {number}")
        await self.stage.answered("Go by train.", times=number)


@asynccontextmanager
async def closed(platform: str, folder: Path, access: dict[str, Any]) -> AsyncIterator[Scene]:
    """Open a bot that only Ann owns; Ben has a private chat, and is in the group."""
    async with (
        opened(platform) as stage,
        ProviderSimulator({"*": Reply(text="Go by train.")}) as models,
    ):
        stage.places[BENS] = stage.sim.dm(stage.ben)
        stage.threads[BENS] = None
        whole = yaml.safe_load(stage.configured({"*": "unused"}))
        whole["providers"]["p"] = {"api": "chat_completions", "base_url": models.base_url}
        whole["access"] = {"owners": [f"{platform}:{stage.ann.id}"], **access}
        async with running_gateway(yaml.safe_dump(whole), folder):
            yield Scene(stage=stage, models=models)


EMPTY: tuple[dict[str, Any], ...] = (
    {"allow": [], "admins": None, "public": None, "guests": None},
    {"allow": ["slack:UNOBODY", "discord:1", "telegram:1"], "public": False, "guests": True},
)


@pytest.mark.parametrize("platform", MESSENGERS)
@pytest.mark.parametrize("access", EMPTY, ids=["empty", "others"])
async def test_what_a_stranger_says_reaches_no_model(platform, access, tmp_path):
    async with closed(platform, tmp_path, access) as scene:
        stage = scene.stage
        await scene.fence(1)
        words = (THEIRS, f"/ask {THEIRS}", f"/moa {THEIRS}", f"/retry {THEIRS}", "/status")
        for text in words:
            await stage.sim.say(stage.places[BENS], stage.ben, text)
        await stage.ask(THEIRS, where="group", who=stage.ben)
        word = "moa" if platform == "slack" else "ask"
        await stage.command(word, THEIRS, where=BENS, who=stage.ben)
        await stage.sim.say(
            stage.places[BENS], stage.ben, THEIRS, files=[("a.txt", THEIRS.encode())]
        )
        await scene.fence(2)
        assert not scene.asked(THEIRS)
        assert scene.asked(OURS)


WRONG = (
    "*",
    "telegram",
    "telegram:",
    ":1",
    "telegram:*",
    "telegram:@ann",
    "telegram:Ann",
    "slack:ann",
)


@pytest.mark.parametrize("subject", WRONG)
@pytest.mark.parametrize("key", ["owners", "admins", "allow"])
def test_no_star_and_no_name_lets_anybody_in(key, subject):
    file = {
        "providers": {"p": {"api": "scripted", "answers": {"big": "Yes."}}},
        "moa": {
            "presets": {"a": {"enabled": False, "aggregator": {"provider": "p", "model": "big"}}}
        },
        "platforms": {
            "telegram": {"token": "1:x"},
            "slack": {"bot_token": "x", "app_token": "y"},
        },
        "access": {key: [subject]},
    }
    with pytest.raises(ConfigError, match=rf"access\.{key}"):
        configuration.parse(yaml.safe_dump(file), "config.yaml", {})


def test_a_bot_for_everybody_takes_a_word_that_says_so_and_a_budget():
    file = {
        "providers": {"p": {"api": "scripted", "answers": {"big": "Yes."}}},
        "moa": {
            "presets": {"a": {"enabled": False, "aggregator": {"provider": "p", "model": "big"}}}
        },
        "access": {"public": True},
    }
    with pytest.raises(ConfigError, match=r"budgets\.total is required"):
        configuration.parse(yaml.safe_dump(file), "config.yaml", {})


def newest(stage: Stage) -> str:
    """Give the code that Ben was given last: a new one takes the place of the one before."""
    said = [CODE.search(each.text) for each in stage.seen(BENS)]
    return [found for found in said if found][-1][1]


@pytest.mark.parametrize("platform", MESSENGERS)
async def test_a_code_is_worth_nothing_in_the_hands_of_strangers(platform, tmp_path):
    """Whoever was given it may say it as often as they like, wherever: an owner has to."""
    async with closed(platform, tmp_path, {}) as scene:
        stage = scene.stage
        code = await code_of(stage)
        for text in (code, f"/pair {code}", f"/moa pair {code}", f"/allow {stage.ben.id}"):
            await stage.sim.say(stage.places[BENS], stage.ben, text)
        await stage.command("pair", code, where=BENS, who=stage.ben)
        await stage.ask(f"pair {code}", where="group", who=stage.ben)
        await stage.sim.say(stage.places[BENS], stage.ben, THEIRS)
        await scene.fence(1)
        assert not scene.asked(THEIRS)
        await stage.command("pair", newest(stage))  # said by the owner it is worth something
        await told(stage, "is let in, in private")
        await stage.sim.say(stage.places[BENS], stage.ben, THEIRS)
        await stage.answered("Go by train.", where=BENS)
        await stage.ask(f"{THEIRS} in the group", where="group", who=stage.ben)
        await stage.command("allow", "1", where=BENS, who=stage.ben)  # it makes nobody an admin
        await scene.fence(2)
        assert not scene.asked(f"{THEIRS} in the group")
