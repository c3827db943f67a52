"""Kills the program while words go: what was to be forgotten is gone once it has started again."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

import pytest
import yaml

from core.wording import LABELS
from tests.chaos.crashes import CRASH_AT, Asked, Crashes, ask


def holding(there: Crashes, words: str) -> list[str]:
    """Name the files of the program that have these words in them."""
    files = [each for each in there.scene.folder.rglob("*") if each.is_file()]
    return sorted(each.name for each in files if words.encode() in each.read_bytes())


def written(there: Crashes, **more: object) -> None:
    """Let traces be kept, and set something else."""
    whole = yaml.safe_load(there.scene.text)
    whole["moa"]["save_traces"] = True
    there.scene.text = yaml.safe_dump({**whole, **more}, allow_unicode=True, sort_keys=False)


async def answered(there: Crashes, platforms: tuple[str, ...]) -> list[Asked]:
    asked = [there.question(each, "dm") for each in platforms]
    async with there.alive():
        for each in asked:
            await ask(each)
        await there.scene.rows("turns", len(asked), "state <> 'running'")
    for each in asked:
        assert {"moa-gateway.db"} < set(holding(there, each.words)), each
    return asked


async def forgets(asked: Asked) -> None:
    stage = asked.stage
    await stage.ask("forget")
    await stage.reads("Nobody can bring it back")
    with suppress(Exception):  # whoever presses may never be answered
        async with asyncio.timeout(5):
            await stage.press(LABELS["forget"])


@pytest.mark.parametrize(
    ("point", "platform"),
    [
        ("forget.erased", "telegram"),
        ("forget.untraced", "discord"),
        ("forget.unpinned", "slack"),
        ("forget.swept", "discord"),
        ("forget.here", "slack"),
        ("forget.unwiped", "slack"),
        ("forget.wiped", "discord"),
        ("forget.closed", "discord"),
        ("wipe.begun", "telegram"),
    ],
)
async def test_killed_while_somebody_is_forgotten(there, point, platform):
    """The press is in the inbox until all is done, and does the rest at the next start."""
    written(there)
    gone, stays = await answered(there, (platform, "discord" if platform == "slack" else "slack"))
    async with there.armed(point, noted=False):
        await forgets(gone)
    async with there.alive():
        await there.scene.stored(
            "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM inbox WHERE state = 'waiting')"
        )
    assert holding(there, gone.words) == []
    assert {"moa-gateway.db"} < set(holding(there, stays.words))


async def test_killed_while_an_operator_has_somebody_forgotten_everywhere(there):
    """Whoever asked for it sees that it ended, and asks again: then the rest goes, too."""
    written(there)
    gone, stays = await answered(there, ("telegram", "slack"))
    person = f"telegram:{gone.stage.ann.id}"
    command = ["people", "erase", person, "--yes", "--config", "config.yaml"]
    async with there.cradle.life(there.scene.folder, {CRASH_AT: "forget.person"}, command) as life:
        assert await life.ended() == -signal.SIGKILL
    async with there.cradle.life(there.scene.folder, {}, command) as life:
        assert await life.ended() == 0
    assert holding(there, gone.words) == []
    assert {"moa-gateway.db"} < set(holding(there, stays.words))


@pytest.mark.parametrize("point", ["purge.erased", "purge.untraced"])
async def test_killed_while_it_takes_out_what_is_too_old(there, point):
    written(there)
    (gone,) = await answered(there, ("slack",))
    written(there, retention={"messages": 0, "traces": 0})
    async with there.armed(point, noted=False):
        pass
    async with there.alive():
        pass
    assert holding(there, gone.words) == []
