"""Shows what of a thread is read before a question in it, and how hard Slack is asked for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.chat.slack import earlier
from adapters.chat.slack.wire import Me
from core.errors import ChatError
from core.types import Message
from tests.adapters.chat.slack.conftest import World
from tests.simulators.base import Fault


async def question(world: World, *said: str) -> Message:
    """Let Ann and Ben talk in a thread, then call the bot into it."""
    slack = world.slack
    ann, ben = slack.person("Ann"), slack.person("Ben")
    team = slack.group("team", ann, ben)
    root = await slack.say(team, ben, "The train is late.")
    for number, text in enumerate(said):
        await slack.say(team, (ann, ben)[number % 2], text, thread=root)
    await slack.say(team, ann, "What now?", thread=root, mention=True)
    await slack.until(lambda: any(m.text == "What now?" for m in messages(world)))
    return next(m for m in messages(world) if m.text == "What now?")


def messages(world: World) -> list[Message]:
    return [each for each in world.inbox.kept if isinstance(each, Message)]


async def test_a_thread_is_read_with_its_root_and_names(world):
    asked = await question(world, "The <@U0MOABOT1> knows.", "Does it?")
    said = await world.chat.earlier(asked, after=None)
    assert [(each.speaker.name, each.text) for each in said] == [
        ("Ben", "The train is late."),
        ("Ann", "The @U0MOABOT1 knows."),
        ("Ben", "Does it?"),
    ]
    behind = await world.chat.earlier(asked, after=said[1].message_id)
    assert [each.text for each in behind] == ["Does it?"]


async def test_a_long_thread_is_read_page_by_page(world, monkeypatch):
    monkeypatch.setattr(earlier, "PAGE", 2)
    texts = [f"line {number}" for number in range(5)]
    asked = await question(world, *texts)
    said = await world.chat.earlier(asked, after=None)
    assert [each.text for each in said] == ["The train is late.", *texts]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="refuse", status=429, error="ratelimited", retry_after=30),
        Fault(kind="refuse", status=200, error="missing_scope"),
        Fault(kind="refuse", status=200, error="unknown_method"),
    ],
)
async def test_who_may_not_read_now_does_not_ask_again_at_once(world, fault):
    asked = await question(world)
    world.slack.faults.plan("conversations.replies", fault)
    for _ in range(2):
        with pytest.raises(ChatError):
            await world.chat.earlier(asked, after=None)
    assert len(world.slack.requests.of("conversations.replies")) == 1


async def test_a_thread_that_is_not_there_is_an_error_of_the_chat(world):
    asked = await question(world)
    nowhere = replace(asked, address=replace(asked.address, thread="1700000000.000001"))
    with pytest.raises(ChatError):
        await world.chat.earlier(nowhere, after=None)


def test_what_a_bot_says_beside_its_text_is_read_and_what_is_no_message_is_not():
    said = {"ts": "1.0", "bot_id": "B2", "username": "Alarms", "subtype": "bot_message"}
    told = earlier._said(said | {"attachments": [{"fallback": "Disk full"}]}, ME, {})
    assert (told.speaker.id, told.speaker.name, told.text) == ("B2", "Alarms", "Disk full")
    assert earlier._said({"user": ME.user, "ts": "1.0", "text": "Yes."}, ME, {}).own
    assert not earlier._is_said({"subtype": "channel_join"})
    profile = {"bot_id": "B2", "bot_profile": {"name": "Alarms"}, "files": [{"name": "a.pdf"}]}
    assert earlier._said(profile, ME, {}).speaker.name == "Alarms"
    assert earlier._said(profile, ME, {}).text == "a.pdf"


ME = Me(user="U0MOABOT1", bot="B1", team="T1")
