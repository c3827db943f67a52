"""Shows that a program that is killed again and again loses nothing and doubles nothing.

MOA_KILLS sets how often it is killed, MOA_SEED when.
"""

from __future__ import annotations

import asyncio
import os
import random

import pytest

from core.texts.turns import UNSURE
from tests.gateway.messenger_scene import BEGIN, Scene, scene
from tests.simulators.provider import Reply
from tests.transcripts.stages import Stage

KILLS = int(os.environ.get("MOA_KILLS", "3"))
SEED = int(os.environ.get("MOA_SEED", "1"))
SOON, LATE = 0.3, 3.0
"""Seconds from the last question to the kill."""
ANSWERED = """kind = 'message' AND turn_id IN
    (SELECT turn_id FROM turns WHERE state = 'delivered')"""
"""Messages whose turn is over: those that followed within a breath share one."""


@pytest.mark.timeout(90 + 60 * KILLS)
async def test_killed_at_any_moment_it_answers_every_question_once(tmp_path):
    moments = random.Random(SEED)
    async with scene(tmp_path) as there:
        there.models.replies = {
            "a": Reply(text="Take the train.", first=0.1),
            "b": Reply(text="Walk.", first=0.3),
            "big": Reply(text=f"{BEGIN * 3} The end.", size=20, between=0.03),
        }
        for number in range(KILLS):
            async with there.started() as process:
                await there.ask(f"Question {number}?")
                await there.asked_too(f"Question {number}?")
                await there.rows("inbox", 9 * (number + 1))
                await asyncio.sleep(moments.uniform(SOON, LATE))  # any moment
                await there.killed(process)
        async with there.started():
            # one after the other, at each platform's pace
            await there.rows("inbox", 9 * KILLS, ANSWERED, seconds=30 * KILLS)
            await there.all_told()
        for stage in there.stages:
            await assert_once(there, stage)


async def assert_once(there: Scene, stage: Stage) -> None:
    """Assert that each turn has one answer; a note in its place on Telegram alone."""
    turns = await there.told_turns(stage)
    for where, said in {
        "dm": stage.seen("dm"),
        "group": stage.seen("group"),
        "other": there.others(stage),
    }.items():
        notes = [each for each in said if UNSURE in each.text]
        whole = [each for each in said if each.complete and each not in notes]
        assert turns[where] - len(notes) <= len(whole) <= turns[where], (stage.platform, said)
        assert not notes or stage.platform == "telegram", said
