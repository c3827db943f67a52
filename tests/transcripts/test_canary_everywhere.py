"""What must not be anywhere is nowhere: in no file, no log, no trace, and in nothing that is sent.

The whole program runs as a child, against a strict platform and a provider that keeps the bytes of
every request.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.gateway.harness import Process, process_gateway
from tests.simulators.provider import ProviderSimulator, Reply
from tests.transcripts.stages import MESSENGERS, Stage, opened

UNHEARD = "heron-5513-quince"
PRIVATE = "sparrow-0815-fig"
ADVISED = "plover-2604-medlar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A platform, the program as a child, and the provider that it asks."""

    stage: Stage
    process: Process
    provider: ProviderSimulator
    folder: Path

    def asked(self, since: int = 0) -> str:
        """Everything that the provider was sent."""
        return "\n".join(each.raw.decode() for each in self.provider.seen[since:])

    def sent(self, since: int = 0) -> str:
        """Everything that the platform was sent."""
        entries = self.stage.sim.requests.entries[since:]
        return "\n".join(json.dumps([e.method, dict(e.params)], default=str) for e in entries)

    @property
    def logged(self) -> str:
        return "\n".join([*self.process.stdout, *self.process.stderr])

    def kept(self, word: str) -> list[str]:
        """Name the files of the data folder that have a word in them."""
        files = [each for each in (self.folder / "data").rglob("*") if each.is_file()]
        return [each.name for each in files if word.encode() in each.read_bytes()]

    @property
    def marks(self) -> tuple[int, int]:
        """How much was sent to both so far."""
        return len(self.provider.seen), len(self.stage.sim.requests.entries)


def configured(stage: Stage, url: str) -> str:
    whole: dict[str, Any] = yaml.safe_load(stage.configured({"*": "unused"}))
    whole["providers"]["p"] = {"api": "chat_completions", "base_url": url}
    whole["moa"]["save_traces"] = True
    whole["defaults"] = {"session": "thread"}
    return yaml.safe_dump(whole, sort_keys=False)


@asynccontextmanager
async def playing(platform: str, folder: Path) -> AsyncIterator[Scene]:
    replies: dict[str, Reply | Sequence[Reply]] = {
        "a": [Reply(text=f"I think {ADVISED}."), Reply(text="Take the train.")],
        "b": Reply(text="Walk."),
        "big": [Reply(text=f"{PRIVATE} is well."), Reply(text="Go by train.")],
    }
    async with (
        opened(platform) as stage,
        ProviderSimulator(replies) as provider,
        process_gateway(configured(stage, provider.base_url), folder) as process,
    ):
        yield Scene(stage=stage, process=process, provider=provider, folder=folder)


@pytest.fixture(params=MESSENGERS)
async def scene(request, tmp_path):
    async with playing(request.param, tmp_path) as scene:
        yield scene


async def say(stage: Stage, texts: Sequence[str]) -> None:
    """Have people talk among themselves in the group."""
    for text in texts:
        await stage.sim.say(stage.places["group"], stage.ben, text)


async def test_what_is_said_to_others_is_stored_nowhere_and_sent_to_nobody(scene: Scene):
    stage = scene.stage
    await stage.until(stage.listening)
    await say(stage, [f"Lunch at {UNHEARD}?", UNHEARD, f"forget {UNHEARD}", f"/ask_{UNHEARD}"])
    await stage.ask("How do I get there?", where="group")
    await stage.answered("is well", where="group")
    await say(stage, [f"Nice, {UNHEARD}."])
    await stage.ask("And back?", where="group")
    await stage.answered("Go by train.", where="group")
    assert UNHEARD not in scene.asked()
    assert UNHEARD not in scene.sent()
    assert UNHEARD not in scene.logged
    assert scene.kept(UNHEARD) == []
    assert scene.kept("How do I get there?")  # as one that is addressed is
    scene.process.terminate()
    await scene.process.ended()
    assert UNHEARD not in scene.logged
    assert scene.kept(UNHEARD) == []


async def test_what_is_said_in_private_reaches_no_group(scene: Scene):
    stage = scene.stage
    await stage.ask(f"How is {PRIVATE}?")
    await stage.answered("is well")
    await stage.panel_reads(ADVISED)
    assert PRIVATE in scene.asked()
    assert ADVISED in scene.asked()
    provider, platform = scene.marks
    await stage.ask("How do I get there?", where="group")
    await stage.answered("Go by train.", where="group")
    for word in ("cost", "moa", "privacy", "help", "forget"):
        await stage.ask(word, where="group")
    await stage.reads("What I keep", where="group")
    await stage.press("Advisors", where="group")
    await stage.ask("And back?", where="group", who=stage.ben)
    await stage.answered("Go by train.", where="group", times=2)
    for word in (PRIVATE, ADVISED):
        assert word not in scene.asked(provider)
        assert word not in scene.sent(platform)
        assert word not in "".join(each.text for each in stage.seen("group"))
    assert PRIVATE not in scene.logged
