"""Shows that what was perhaps posted is found however much was said since (P2)."""

from __future__ import annotations

import pytest

from adapters.chat.slack import search
from adapters.chat.slack.search import PAGE
from core.errors import ChatBusy, ChatUnknown
from core.frames import File, Frame, Notice
from core.types import Address
from tests.adapters.chat.slack.frames import TURN, final, streaming
from tests.adapters.chat.slack.test_streaming import Asked
from tests.simulators.base import Fault
from tests.simulators.slack.model import Post

CROWD = 300


def crowd(slack, place, person, *, thread=None):
    """Say very much at once, so that nobody is told of it."""
    for number in range(CROWD):
        slack.space.posts.append(
            Post(
                ts=slack.space.ts(),
                place=place,
                user=person.id,
                at=slack.space.loop(),
                text=f"{number}",
                thread_ts=thread,
            )
        )


@pytest.fixture(params=["channel", "thread", "dm"])
async def busy(world, request):
    """A question, and three hundred messages since: new roots, or the same thread going on."""
    slack, ann = world.slack, world.slack.person("ann")
    place = slack.dm(ann) if request.param == "dm" else slack.group("room", ann)
    root = await slack.say(place, ann, "Which database?", mention=True)
    return Asked(world, await world.inbox.message(), place), ann, root, request.param


async def lost(asked, frame, method="chat.postMessage"):
    asked.world.slack.faults.plan(method, Fault(kind="drop"))
    with pytest.raises(ChatUnknown):
        await asked.post(frame)


@pytest.mark.parametrize("first", [True, False])
async def test_an_answer_is_found_below_three_hundred_newer_messages(busy, first):
    asked, ann, root, kind = busy
    slack = asked.world.slack
    if first:
        await lost(asked, final("One."))
    crowd(slack, asked.place, ann, thread=root if kind == "thread" else None)
    if not first:
        await lost(asked, final("One."))
    found = await asked.find("d1", since=asked.message.at)
    (shown,) = asked.shown()
    assert found == shown.id
    assert await asked.find("d2", since=asked.message.at) is None


async def test_the_thread_of_the_question_is_all_that_is_read(busy):
    """However many threads there are, it is a page or two of one."""
    asked, ann, root, kind = busy
    crowd(asked.world.slack, asked.place, ann, thread=root if kind == "thread" else None)
    assert await asked.find("d1", since=asked.message.at) is None
    assert not asked.calls("conversations.history")
    pages = 1 + (CROWD // PAGE if kind == "thread" else 0)
    assert len(asked.calls("conversations.replies")) == pages


async def test_a_stream_that_was_cut_is_found_below_three_hundred_newer_messages(busy):
    asked, ann, _root, _ = busy
    await lost(asked, streaming("Use"), "chat.startStream")
    crowd(asked.world.slack, asked.place, ann)
    found = await asked.find("d1", since=asked.message.at)
    assert found == asked.shown()[0].id


async def test_what_stands_in_no_thread_is_found_among_three_hundred_newer_ones(world):
    """Notes of the program's own that answer nothing."""
    slack, ann = world.slack, world.slack.person("ann")
    place = slack.dm(ann)
    address = Address(platform="slack", channel=place.id)
    since = int(slack.now() * 1000)
    slack.faults.plan("chat.postMessage", Fault(kind="drop"))
    note = Frame(key="notice", content=Notice(text="While I was away"), final=True)
    with pytest.raises(ChatUnknown):
        await world.chat.post(address, note, delivery_id="d1")
    crowd(slack, place, ann)
    (shown,) = [each for each in slack.shown(place) if "away" in each.text]
    assert await world.chat.find(address, "d1", since=since) == shown.id
    assert await world.chat.find(address, "d2", since=since) is None


async def test_a_file_that_stands_there_is_not_taken_for_an_answer(busy):
    """Files bear no mark: the answer behind one counted as perhaps posted, and was lost."""
    asked, _, _, _ = busy
    file = Frame(key="file/0", content=File(turn_id=TURN, name="a.py", text="1\n"), final=True)
    await asked.post(file, "d0")
    since = asked.message.at
    assert await asked.find("d1", since=since) is None
    with pytest.raises(ChatUnknown):
        await asked.chat.find(
            asked.message.address, "d1", since=since, reply_to=asked.message.reply_to, frame=file
        )


NOTE = Frame(key="notice", content=Notice(text="One question is answered before this one."))


async def test_a_cut_answer_is_not_taken_for_a_note_that_stands_in_its_thread(busy):
    """The note of a place in line was to go, and the answer went instead of it."""
    asked, _, _, _ = busy
    await lost(asked, streaming("Use"), "chat.startStream")
    assert await asked.find("d2", since=asked.message.at, frame=NOTE) is None
    await lost(asked, NOTE)
    _, note = asked.shown()
    assert await asked.find("d1", since=asked.message.at, frame=NOTE) == note.id


async def test_a_page_that_slack_does_not_give_now_is_no_proof_that_nothing_is_there(busy):
    asked, ann, root, _ = busy
    crowd(asked.world.slack, asked.place, ann, thread=root)
    wait = Fault(kind="refuse", status=429, error="ratelimited", retry_after=9)
    asked.world.slack.faults.plan("conversations.replies", None, wait)
    with pytest.raises(ChatBusy) as busy_now:
        await asked.find("d1", since=asked.message.at)
    assert busy_now.value.retry_after == 9


async def test_reading_ends_behind_so_many_pages_and_nobody_claims_to_know(busy, monkeypatch):
    asked, ann, root, kind = busy
    monkeypatch.setattr(search, "MOST_PAGES", 1)
    crowd(asked.world.slack, asked.place, ann, thread=root if kind == "thread" else None)
    if kind == "thread":
        with pytest.raises(ChatUnknown, match="more was posted"):
            await asked.find("d1", since=asked.message.at)
    else:
        assert await asked.find("d1", since=asked.message.at) is None
