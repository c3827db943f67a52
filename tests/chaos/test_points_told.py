"""Kills the program around what it says by itself: a refusal, a dead letter. It is said once."""

from __future__ import annotations

import pytest
import yaml

from tests.chaos.crashes import Asked, ask
from tests.transcripts.stages import MESSENGERS

REFUSED = "allows no models here"
BROKE = "I broke off 3 times"
OWED = "SELECT count(*) FROM outbox WHERE turn_id LIKE 'said/%' OR turn_id LIKE 'letter/%'"
NOTHING_WAITS = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM inbox WHERE state = 'waiting')"


def told(asked: Asked, words: str) -> int:
    return sum(words in each.text for each in asked.stage.seen(asked.where))


@pytest.mark.parametrize("point", ["refusal.said", "notice.posted"])
async def test_killed_when_a_question_is_refused_it_is_said_once(there, point):
    """The question is in the inbox until then, and asked about again; what was said is known."""
    whole = yaml.safe_load(there.scene.text)
    whole["defaults"]["providers"] = []
    there.scene.text = yaml.safe_dump(whole, allow_unicode=True, sort_keys=False)
    for platform in MESSENGERS:
        asked = there.question(platform, "dm")
        async with there.armed(f"{point}@{platform}", noted=False):
            await ask(asked)
    async with there.alive():
        await there.scene.stored(NOTHING_WAITS)
    assert [told(each, REFUSED) for each in there.asked] == [1, 1, 1]
    assert not there.scene.models.seen
    assert await there.scene.stored(OWED) == [(0,)]


@pytest.mark.parametrize("point", ["letter.kept", "notice.posted", "letter.told"])
async def test_killed_when_a_message_is_put_aside_it_is_told_once(there, point):
    """That it is owed is stored before it is put aside: the next start tells it."""
    for platform in MESSENGERS:
        asked = there.question(platform, "dm")
        async with there.armed(f"turn.unbegun@{platform}", noted=False):
            await ask(asked)
        for _ in range(2):
            async with there.armed(f"turn.unbegun@{platform}", noted=False):
                pass
        async with there.armed(f"{point}@{platform}", noted=False):
            pass
    async with there.alive():
        for each in there.asked:
            await each.stage.until(lambda each=each: told(each, BROKE))
        await there.scene.stored("SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM outbox)")
    assert [told(each, BROKE) for each in there.asked] == [1] * len(MESSENGERS)
    assert not there.scene.models.seen
