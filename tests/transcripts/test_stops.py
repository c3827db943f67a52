"""Shows that every way to stop ends the call to the model: its provider sees the client go.

How soon, the provider notes as well; it is printed, for `design/targets.md` has a figure.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import yaml

from tests.gateway.harness import running_gateway
from tests.gateway.http.programs import asked, client
from tests.patience import PATIENCE
from tests.simulators.provider import ProviderSimulator, Reply
from tests.transcripts.stages import MESSENGERS, Stage, opened

BEGUN = "It begins with a train that was late. "
ENDLESS = {"big": Reply(text=BEGUN * 40, size=9, between=0.05, stall_after=12_000)}
BRIEF = {name: Reply(text="Walk.") for name in ("a", "b")}


def configured(stage: Stage, models: ProviderSimulator) -> str:
    text = yaml.safe_load(stage.configured({}))
    text["providers"]["p"] = {
        "api": "chat_completions",
        "base_url": models.base_url,
        "api_key": "k",
    }
    return yaml.safe_dump(text)


async def gone(models: ProviderSimulator, since: float, how: str) -> None:
    """Wait until the client of the last call to `big` has gone."""
    (call,) = [each for each in models.seen if each.body["model"] == "big"]
    async with asyncio.timeout(PATIENCE):
        await call.gone.wait()
    assert call.gone_at is not None
    print(f"{how}: {1000 * (call.gone_at - since):.0f} ms")  # noqa: T201 - for pytest -s


async def by_button(stage: Stage) -> None:
    """Slack has a Stop of its own, which the stage presses there."""
    await stage.press("Stop", where="group")


async def by_command(stage: Stage) -> None:
    await stage.command("stop", where="group")


async def by_word(stage: Stage) -> None:
    if stage.platform == "slack":  # its threads need no mention, and words are commands after one
        await stage.below("stop", str(stage.threads["group"]), mention=True)
    else:
        await stage.follow_up("stop")


@pytest.mark.parametrize("stop", [by_button, by_command, by_word])
@pytest.mark.parametrize("messenger", MESSENGERS)
async def test_whoever_stops_ends_the_call(messenger: str, stop, tmp_path: Path):
    async with (
        opened(messenger) as stage,
        ProviderSimulator({**ENDLESS, **BRIEF}) as models,
        running_gateway(configured(stage, models), tmp_path),
    ):
        await stage.ask("How do I get there?", where="group")
        await stage.reads(BEGUN.strip(), where="group")
        since = asyncio.get_running_loop().time()
        await stop(stage)
        await gone(models, since, f"{messenger} {stop.__name__}")
        await stage.reads("stopped", where="group")


async def test_a_draft_of_telegram_is_stopped_by_its_own_button(tmp_path: Path):
    async with (
        opened("telegram") as stage,
        ProviderSimulator({**ENDLESS, **BRIEF}) as models,
        running_gateway(configured(stage, models), tmp_path),
    ):
        await stage.ask("How do I get there?")
        chat = stage.sim.chat(stage.places["dm"])
        await stage.until(lambda: any(BEGUN.strip() in str(each) for each in chat.drafts.values()))
        since = asyncio.get_running_loop().time()
        await stage.sim.native_stop(stage.places["dm"], stage.ann)
        await gone(models, since, "telegram by its own")


async def test_a_program_that_goes_away_ends_the_call(tmp_path: Path):
    async with (
        opened("telegram") as stage,
        ProviderSimulator({**ENDLESS, **BRIEF}) as models,
        running_gateway(configured(stage, models), tmp_path) as gateway,
        client(gateway) as api,
    ):
        stream = await api.chat.completions.create(model="review", messages=asked(), stream=True)
        async for chunk in stream:
            if chunk.choices[0].delta.content:
                break
        since = asyncio.get_running_loop().time()
        await stream.close()
        await gone(models, since, "a program that goes away")
