"""Kills the program while people change what they asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.transcripts.stages import MESSENGERS

pytestmark = pytest.mark.timeout(150)


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
