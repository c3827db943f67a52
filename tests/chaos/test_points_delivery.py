"""Kills the program while an answer is brought into a chat: one final each, or an honest note."""

from __future__ import annotations

import re

import pytest

from tests.chaos.crashes import ask
from tests.gateway.messenger_scene import finals
from tests.simulators.provider import Reply
from tests.transcripts.stages import MESSENGERS

POSTS = ["post.unnoted", "post.noted", "post.accepted", "post.kept"]


@pytest.mark.parametrize("point", POSTS)
async def test_killed_while_the_first_message_is_posted(there, point):
    for platform in MESSENGERS:
        await there.crash(f"{point}@{platform}")
    await there.recovered()


@pytest.mark.parametrize(
    ("point", "where"), [*((each, "dm") for each in POSTS), ("post.accepted", "group")]
)
async def test_killed_while_the_answer_is_posted_below_its_panel(there, point, where):
    """In Slack the panel stands inside the answer."""
    for platform in ("telegram", "discord"):
        await there.crash(f"{point}@{platform}:2", where=where)
    await there.recovered()


@pytest.mark.parametrize("point", ["edit.unsent", "edit.sent", "final.unsent", "final.sent"])
async def test_killed_while_a_message_is_changed(there, point):
    for platform in MESSENGERS:
        await there.crash(f"{point}@{platform}", where="group")
    await there.recovered()


async def test_killed_while_an_answer_is_previewed(there):
    there.scene.models.stall()
    await there.crash("preview.sent@telegram")
    there.scene.models.whole()
    await there.recovered()


async def test_killed_between_the_parts_of_a_long_answer(there):
    """Each part stands there once, in its order, and nobody is asked again."""
    sentences = [f"Sentence {number} of a long story." for number in range(1, 251)]
    text = " ".join([*sentences, "The end."])
    there.scene.models.replies["big"] = Reply(text=text, size=2_000)
    for platform in ("telegram", "discord"):  # in Slack one message holds it all
        asked = there.question(platform, "dm")
        async with there.armed(f"part.shown@{platform}"):
            await ask(asked)
        async with there.alive():
            await asked.stage.until(lambda asked=asked: finals(asked.stage, "dm"))
        await there.scene.rows("turns", len(there.asked), "state = 'delivered'")
        said = " ".join(each.text for each in asked.stage.seen("dm"))
        assert re.findall(r"Sentence ([0-9]+) of", said) == [str(n) for n in range(1, 251)], said
        assert there.calls(asked) == {"a": 1, "b": 1, "big": 1}


async def test_what_stands_in_telegram_as_it_should_is_edited_once_over_all_lives(there):
    """Edits of the first life are noted nowhere: the second makes them again, and notes them."""
    asked = there.question("telegram", "group")
    log = there.scene.stage("telegram").sim.requests
    async with there.armed("turn.shown@telegram"):
        await ask(asked)
    edits = []
    for _ in range(2):
        before = len(log.of("editMessageText"))
        async with there.armed("turn.shown@telegram"):
            pass
        edits.append(len(log.of("editMessageText")) - before)
    standing = len(asked.stage.seen("group"))
    assert edits[0] <= standing
    assert edits[1] == 0
    assert standing == 2  # its panel and the answer
    await there.recovered()
