"""Kills the program where a turn's work becomes something that is stored: nothing is paid twice."""

from __future__ import annotations

import pytest

from tests.chaos.crashes import Asked, Crashes, ask
from tests.transcripts.stages import MESSENGERS


@pytest.mark.parametrize("point", ["intake.unstored", "intake.stored"])
async def test_killed_while_a_question_comes_in(there, point):
    """In Discord a chat has to be known, or one nearby: nobody lists private chats to a bot."""
    await there.crash(
        f"{point}@discord:2", where="group", act=lambda asked: behind_another(there, asked)
    )
    await there.crash(f"{point}@slack")
    await there.crash(f"{point}@telegram")
    await there.recovered()


async def behind_another(there: Crashes, asked: Asked) -> None:
    """Ask once somebody else's question is stored, and that the bot is in Telegram's groups."""
    await ask(there.question("discord", "dm"))
    await there.scene.rows("inbox", 3)
    await ask(asked)


@pytest.mark.parametrize(
    "point",
    [
        "turn.unbegun",
        "turn.begun",
        "reference.unkept",
        "reference.kept",
        "references.closed",
        "answer.begun",
        "turn.unended",
        "turn.ended",
        "turn.shown",
    ],
)
async def test_killed_while_a_turn_runs(there, point):
    for platform in MESSENGERS:
        await there.crash(f"{point}@{platform}")
    await there.recovered()


async def test_killed_when_the_advice_is_complete(there):
    await there.crash("answer.unasked")
    await there.recovered()


async def test_killed_while_it_takes_up_what_was_cut(there):
    for platform in MESSENGERS:
        await there.crash(f"turn.begun@{platform}")
        async with there.armed(f"turn.resumed@{platform}"):
            pass
    await there.recovered()
