"""Kills the program while an answer is brought into a chat: one final each, or an honest note."""

from __future__ import annotations

import pytest

from tests.transcripts.stages import MESSENGERS

pytestmark = pytest.mark.timeout(150)
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
