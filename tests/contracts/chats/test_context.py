"""What comes along with a question: what it replies to, and what was said in its thread."""

from __future__ import annotations

from typing import Any

import pytest

from core.types import Message
from tests.contracts.chats.frames import answer
from tests.contracts.chats.stand import Stand, Where

THREADS = ("discord", "slack")
REPLIES = ("telegram", "discord")


async def asked_there(stand: Stand, where: Where, text: str, **extra: Any) -> Message:
    """Ask, and give it as the adapter hands it on; what people say to each other comes in, too."""
    await stand.say(where, text, **extra)

    def heard() -> list[Message]:
        return [each for each in stand.inbox.messages if each.text == text]

    await stand.until(heard)
    return heard()[0]


async def test_what_a_question_replies_to_comes_with_it(stand: Stand):
    if stand.platform not in REPLIES:
        return
    first = await stand.sim.say(stand.places["group"], stand.ben, "The train is late.")
    asked = await asked_there(stand, "group", "What now?", reply_to=first)
    assert asked.answers is not None
    assert asked.answers.text == "The train is late."
    assert asked.answers.message_id == first
    assert asked.answers.speaker.name.startswith("Ben")
    assert not asked.answers.own


async def test_a_reply_to_the_bot_says_so(stand: Stand):
    if stand.platform not in REPLIES:
        return
    asked = await asked_there(stand, "dm", "How do I get there?")
    posted = await stand.post(asked, answer("Go by train."))
    again = await asked_there(stand, "dm", "Why?", reply_to=posted)
    assert again.answers is not None
    assert again.answers.own
    assert again.answers.message_id == posted


async def test_called_into_a_thread_it_reads_what_was_said_there(stand: Stand):
    if stand.platform not in THREADS:
        return
    before = await stand.people_talk("The train is late.", "And the next one is full.")
    asked = await asked_there(stand, "thread", "What now?")
    said = await stand.chat.earlier(asked, after=None)
    assert [each.text for each in said][-2:] == ["The train is late.", "And the next one is full."]
    assert {each.speaker.name[:3] for each in said[-2:]} == {"Ben"}
    assert [each.message_id for each in said][-2:] == before
    assert not any(each.own for each in said)


@pytest.mark.parametrize("posts", [False, True])
async def test_what_was_read_before_is_not_read_again(stand: Stand, posts: bool):
    if stand.platform not in THREADS:
        return
    await stand.people_talk("The train is late.")
    first = await asked_there(stand, "thread", "What now?")
    if posts:
        await stand.post(first, answer("Go by tram."))
    await stand.people_talk("I have a car.")
    again = await asked_there(stand, "thread", "And now?")
    said = await stand.chat.earlier(again, after=first.message_id)
    assert [each.text for each in said if not each.own] == ["I have a car."]
    assert any(each.own for each in said) == posts
