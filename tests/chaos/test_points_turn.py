"""Kills the program where a turn's work becomes something that is stored: nothing is paid twice."""

from __future__ import annotations

import pytest

from tests.chaos.crashes import Asked, Crashes, ask

pytestmark = pytest.mark.timeout(150)


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
    "points",
    [
        ("turn.unbegun@discord", "turn.begun@slack", "reference.unkept@telegram"),
        ("reference.kept@slack", "turn.unended@telegram", "turn.ended@discord"),
    ],
)
async def test_killed_while_a_turn_runs(there, points):
    for point in points:
        await there.crash(point)
    await there.recovered()
