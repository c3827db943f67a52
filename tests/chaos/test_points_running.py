"""Kills the program while people change what they asked, or say more than one thing at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
import yaml

from core.wording import LABELS
from tests.chaos.crashes import OVER, Asked, Crashes
from tests.gateway.messenger_scene import finals
from tests.transcripts.stages import MESSENGERS

NOTE = "answered before this"
NO_NOTE = "NOT EXISTS (SELECT 1 FROM outbox WHERE turn_id LIKE 'line/%' AND message_id <> '')"


@pytest.mark.parametrize("point", ["withdrawal.unkept", "withdrawal.kept", "change.done"])
async def test_killed_while_a_question_is_changed(there, point):
    """The change is in the inbox until it is done: the question is asked as it is now, once."""
    for platform in MESSENGERS:
        there.scene.models.close("a")
        asked = there.question(platform, "dm")
        changed = replace(asked, words=f"Which way is it? (number {len(there.asked)}.)")
        async with there.armed(f"{point}@{platform}", noted=False):
            said = await asked.stage.ask(asked.words)
            await asked.stage.until(lambda asked=asked: there.calls(asked)["a"])
            await asked.stage.change(said, changed.words, where="dm", who=asked.stage.ann)
        there.asked[-1] = changed
        there.scene.models.open()
        await there.recovered()  # what is cut by three kills would be put aside


async def test_killed_while_messages_become_one_question(there):
    async def act(asked: Asked, words: str) -> None:
        await waits(there, asked, words, "By train?")
        query = f"SELECT 1 FROM inbox WHERE state = 'waiting' AND payload LIKE '%{words}%'"
        await there.scene.stored(query)
        there.scene.models.open()

    await killed_while_something_waits(there, "burst.joined", act)
    for asked in there.asked:
        assert there.calls(asked)["big"] == 2  # for itself, and as what was said before
        assert there.scene.models.about(f"{then(asked)}\\nBy train?")["big"] == 1


@pytest.mark.parametrize("point", ["note.noted", "note.posted", "note.deleted"])
async def test_killed_around_the_note_of_a_place_in_line(there, point):
    """It goes when its question is answered; only Telegram cannot tell where it was posted."""

    async def act(asked: Asked, words: str) -> None:
        await waits(there, asked, words)
        if point == "note.deleted":
            await asked.stage.reads(NOTE)
            there.scene.models.open()

    await killed_while_something_waits(there, point, act)


async def killed_while_something_waits(
    there: Crashes, point: str, act: Callable[[Asked, str], Awaitable[None]]
) -> None:
    """Both are answered once, whatever is cut; no note of the place in line stays."""
    for platform in MESSENGERS:
        asked = there.question(platform, "dm")
        async with there.armed(f"{point}@{platform}", noted=False):
            if len(there.asked) > 1:  # a turn is given up that was cut three times
                turns = 2 * len(there.asked) - 2
                await there.scene.rows("turns", turns, "state <> 'running'", seconds=OVER)
            there.scene.models.close("big")
            await act(asked, then(asked))
        there.scene.models.open()
    async with there.alive():
        for stage in [each.stage for each in there.asked]:
            await stage.until(lambda stage=stage: len(finals(stage, "dm")) == 2)
            if (point, stage.platform) == ("note.posted", "telegram"):
                assert len(notes(stage)) == 1
                await stage.press(LABELS["stop"])
            await stage.until(lambda stage=stage: not notes(stage))
        await there.scene.stored(f"SELECT 1 WHERE {NO_NOTE}")
    for asked in there.asked:
        assert there.scene.models.about(then(asked))["big"] == 1
        assert len(finals(asked.stage, "dm")) == 2


@pytest.mark.parametrize("point", ["steer.unkept", "steer.kept"])
async def test_killed_while_a_message_joins_a_turn_that_runs(there, point):
    """It is asked with that turn or by itself, and once: the turn has it, or the line does."""
    whole = yaml.safe_load(there.scene.text)
    whole["defaults"]["busy"] = "steer"
    whole["moa"]["presets"]["review"]["quorum"] = "all"
    there.scene.text = yaml.safe_dump(whole, allow_unicode=True, sort_keys=False)
    for platform in MESSENGERS:
        asked = there.question(platform, "dm")
        async with there.armed(f"{point}@{platform}"):
            if len(there.asked) > 1:  # a turn is given up that was cut three times
                turns = len(there.asked) - 1
                await there.scene.rows("turns", turns, "state <> 'running'", seconds=OVER)
            there.scene.models.close("a")
            await joins(there, asked, then(asked))
            query = f"SELECT 1 FROM inbox WHERE payload LIKE '%{then(asked)}%'"
            await there.scene.stored(query)
            there.scene.models.open()
    await there.recovered()
    for asked in there.asked:
        assert there.scene.models.about(then(asked))["big"] == 1
        assert there.calls(asked)["big"] == 1
    assert await there.scene.stored("SELECT count(*) FROM inbox WHERE state = 'waiting'") == [(0,)]


def then(asked: Asked) -> str:
    return f"And home again? (from {asked.stage.platform}.)"


def notes(stage):
    return [each for each in stage.seen("dm") if NOTE in each.text]


async def waits(there: Crashes, asked: Asked, *more: str) -> None:
    """Ask, and say something else once all advice has come: that has to wait."""
    stage = asked.stage
    said = await stage.ask(asked.words)
    await stage.until(lambda: there.calls(asked)["big"])
    await more_said(asked, said, *more)


async def more_said(asked: Asked, below: str, *more: str) -> None:
    stage = asked.stage
    thread = {"thread": below} if stage.platform == "slack" else {}
    for words in more:
        await stage.sim.say(stage.places["dm"], stage.ann, words, **thread)


async def joins(there: Crashes, asked: Asked, words: str) -> None:
    """Ask, and say something else once one advisor has answered: that joins."""
    said = await asked.stage.ask(asked.words)
    await there.scene.stored(
        "SELECT 1 FROM calls JOIN turns USING (turn_id) WHERE role = 'reference'"
        f" AND question LIKE '%{asked.words}%'"
    )
    await more_said(asked, said, words)
