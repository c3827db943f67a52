"""Shows an answer growing in Slack, and that it ends in one whole text whatever Slack does."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from adapters.chat.slack import SlackChat, status
from adapters.chat.slack.stream import LIFETIME
from core.errors import ChatBusy, ChatClosed, ChatError, ChatSpent, ChatUnknown, MessageGone
from core.frames import File, Frame, Notice, Part
from core.types import Address
from tests.adapters.chat.slack.conftest import Clocked, Inbox, listening, nobody_s_home, options
from tests.adapters.chat.slack.frames import TURN, button, final, panel, streaming
from tests.simulators.base import Fault

ANSWER = "Use Postgres, since it is boring. " * 20


WRITTEN = streaming("Use")


class Asked:
    """A question in a channel, and a frame for what answers it."""

    def __init__(self, world, message, place):
        self.world, self.message, self.place = world, message, place

    @property
    def chat(self):
        return self.world.chat

    async def post(self, frame, delivery_id="d1"):
        return await self.chat.post(
            self.message.address, frame, delivery_id=delivery_id, reply_to=self.message.reply_to
        )

    async def find(self, delivery_id, *, since, frame=WRITTEN):
        return await self.chat.find(
            self.message.address,
            delivery_id,
            since=since,
            reply_to=self.message.reply_to,
            frame=frame,
        )

    async def edit(self, ts, frame):
        await self.chat.edit(self.message.address, ts, frame)

    def shown(self):
        return self.world.slack.shown(self.place)

    def calls(self, *names):
        return [each.method for each in self.world.slack.requests.of(*names)]


@pytest.fixture(params=["channel", "dm"])
async def asked(world, request):
    ann = world.slack.person("ann")
    place = world.slack.dm(ann) if request.param == "dm" else world.slack.group("room", ann)
    await world.slack.say(place, ann, "Which database?", mention=True)
    return Asked(world, await world.inbox.message(), place)


@pytest.fixture
async def in_channel(world):
    ann = world.slack.person("ann")
    place = world.slack.group("room", ann)
    await world.slack.say(place, ann, "Which database?", mention=True)
    return Asked(world, await world.inbox.message(), place)


async def test_a_plan_fills_the_answer_grows_and_everything_stands_below_it(asked):
    await asked.chat.acknowledge(asked.message)
    ts = await asked.post(streaming("", panel("waiting", "writing")))
    (shown,) = asked.shown()
    assert (shown.streaming, shown.plan) == (True, "review · asking 2 advisors, 0 answered")
    assert [task.status for task in shown.tasks] == ["pending", "in_progress"]
    await asked.edit(ts, streaming("", panel("ok", "failed", settled=True)))
    (shown,) = asked.shown()
    assert [(task.status, task.output) for task in shown.tasks] == [
        ("complete", "Use Postgres."),
        ("error", ""),
    ]
    for end in (100, 150, 151, 400):
        await asked.edit(ts, streaming(ANSWER[:end], panel("ok", "failed", settled=True)))
    await asked.edit(ts, final(ANSWER, panel("ok", "failed", settled=True)))
    (shown,) = asked.shown()
    assert (shown.id, shown.streaming) == (ts, False)
    assert shown.text.startswith(ANSWER)
    assert shown.text.count("It is **boring**") == 1
    assert "advisors 2/3" in shown.text
    assert shown.buttons == ("👍 Good", "👎 Bad", "🔁 Retry", "🎛 Preset", "🗑 Remove")
    assert shown.metadata["event_payload"] == {"delivery_id": "d1"}
    (container,) = [each for each in shown.blocks if each["type"] == "container"]
    assert container["default_collapsed"]
    assert not shown.pings


async def test_the_session_works_while_it_is_answered_and_then_waits(asked):
    await asked.chat.acknowledge(asked.message)
    (session,) = asked.world.slack.space.sessions.values()
    assert (session.status, session.title) == ("processing", "Which database?")
    ts = await asked.post(streaming("Use", None))
    await asked.edit(ts, final("Use it."))
    assert session.status == "active"
    assert asked.calls("agents.sessions.setStatus") == ["agents.sessions.setStatus"]


async def test_the_session_works_until_the_last_part_is_there(in_channel):
    asked = in_channel
    await asked.chat.acknowledge(asked.message)
    (session,) = asked.world.slack.space.sessions.values()
    first = await asked.post(streaming("One and a half"))
    await asked.edit(first, replace(final("One and a half."), content=whole_part(0), buttons=()))
    assert session.status == "processing"
    second = await asked.post(streaming("Two and", index=1), "d2")
    asked.world.slack.skip(301)
    await asked.edit(second, streaming("Two and a bit more", index=1))
    assert session.status == "processing"
    await asked.edit(second, final("Two and a bit more.", index=1))
    assert session.status == "active"


def whole_part(index):
    return Part(turn_id=TURN, index=index, text="One and a half.")


async def test_a_session_is_put_into_processing_once_however_soon_the_first_message_comes(asked):
    slow = Fault(kind="delay", seconds=0.1)
    asked.world.slack.faults.plan("agents.sessions.setStatus", slow, slow)
    async with asyncio.TaskGroup() as group:
        group.create_task(asked.chat.acknowledge(asked.message))
        posting = group.create_task(asked.post(streaming("Use")))
    (shown,) = asked.shown()
    assert (shown.streaming, shown.buttons) == (True, ())
    assert asked.calls("agents.sessions.setStatus") == ["agents.sessions.setStatus"]
    await asked.edit(posting.result(), final("Use it."))
    (session,) = asked.world.slack.space.sessions.values()
    assert session.status == "active"
    assert asked.calls("chat.update") == []


async def test_the_first_message_does_not_wait_for_a_session_that_takes_long(
    in_channel, monkeypatch
):
    asked, slack, told = in_channel, in_channel.world.slack, asyncio.Event()
    monkeypatch.setattr(status, "CALL", 600.0)
    slack.faults.plan("agents.sessions.setStatus", Fault(kind="delay", until=told))
    async with asyncio.TaskGroup() as group:
        group.create_task(asked.chat.acknowledge(asked.message))
        ts = await asked.post(streaming("Use"))
        told.set()
        assert asked.shown()[0].buttons == ("⏹ Stop",)
        await asked.edit(ts, final("Use it."))
    assert "⏹ Stop" not in asked.shown()[0].buttons
    said = [each.params["status"] for each in slack.requests.of("agents.sessions.setStatus")]
    assert said[-1] == "active"


async def test_a_session_that_takes_too_long_again_and_again_is_not_tried_for_a_while(
    in_channel, monkeypatch
):
    asked, slack = in_channel, in_channel.world.slack
    monkeypatch.setattr(status, "CALL", 0.3)  # long enough to arrive on a busy machine
    slack.faults.plan("agents.sessions.setStatus", *[Fault(kind="delay", seconds=2.0)] * 3)
    for number in range(5):
        ts = await slack.say(asked.place, slack.space.people[asked.message.author.id], "And?")
        await asked.chat.acknowledge(
            replace(
                asked.message,
                message_id=ts,
                reply_to=ts,
                address=replace(asked.message.address, thread=ts),
            )
        )
        assert any(each.reactions for each in slack.space.posts if each.ts == ts), number
    await slack.until(lambda: len(asked.calls("agents.sessions.setStatus")) == 3)
    asked.world.clock.ahead = status.REST
    monkeypatch.undo()
    await asked.chat.acknowledge(asked.message)
    assert len(asked.calls("agents.sessions.setStatus")) == 4


async def test_where_slack_has_no_stop_there_is_a_button_until_the_end(in_channel):
    asked, slack = in_channel, in_channel.world.slack
    refused = Fault(kind="refuse", status=200, error="unknown_method")
    slack.faults.plan("agents.sessions.setStatus", *[refused] * 5)
    await asked.chat.acknowledge(asked.message)
    (question,) = [each for each in slack.space.posts if each.ts == asked.message.message_id]
    assert list(question.reactions) == ["eyes"]
    ts = await asked.post(streaming(ANSWER[:100], panel("ok", settled=True)))
    (shown,) = asked.shown()
    assert (shown.streaming, shown.buttons) == (True, ("⏹ Stop",))
    await slack.press(asked.place, slack.space.people[asked.message.author.id], ts, "⏹ Stop")
    press = await asked.world.inbox.next(2)
    assert (press.action, press.turn_id) == ("stop", TURN)
    await asked.edit(ts, streaming(ANSWER[:300], panel("ok", settled=True)))
    await asked.edit(ts, final(ANSWER, panel("ok", settled=True)))
    (shown,) = asked.shown()
    assert "⏹ Stop" not in shown.buttons
    assert shown.text.count("Use Postgres, since") == 20


async def test_where_slack_s_own_stop_would_not_be_heard_there_is_a_button(in_channel, caplog):
    asked, slack = in_channel, in_channel.world.slack
    slack.backend.subscriptions -= {"agent_session_stopped"}
    await asked.chat.acknowledge(asked.message)
    ts = await asked.post(streaming(ANSWER[:100]))
    assert asked.shown()[0].buttons == ("⏹ Stop",)
    await asked.edit(ts, final(ANSWER))
    assert "⏹ Stop" not in asked.shown()[0].buttons
    (session,) = slack.space.sessions.values()
    assert session.status == "active"
    (line,) = [each for each in caplog.messages if "agent_session_stopped" in each]
    assert "Event Subscriptions" in line


async def test_no_session_stays_in_processing_though_slack_refused_to_say_that_it_is(asked):
    slack = asked.world.slack
    busy = Fault(kind="refuse", status=429, retry_after=1)
    slack.faults.plan("agents.sessions.setStatus", busy, busy)
    await asked.chat.acknowledge(asked.message)
    ts = await asked.post(streaming("Use"))
    await asked.edit(ts, final("Use it."))
    said = [
        str(each.params.get("status") or each.params.get("session_status"))
        for each in slack.requests.of("agents.sessions.setStatus", "chat.stopStream")
    ]
    assert said == ["processing", "active"]


@pytest.mark.parametrize("lost", ["died", "refused", "shrunk"])
async def test_no_session_stays_in_processing_though_the_stream_did_not_end_well(asked, lost):
    slack = asked.world.slack
    await asked.chat.acknowledge(asked.message)
    ts = await asked.post(streaming(ANSWER[:100]))
    if lost == "died":
        slack.skip(301)
    elif lost == "refused":
        bad = Fault(kind="refuse", status=200, error="invalid_blocks")
        slack.faults.plan("chat.stopStream", *[bad] * 3)
    await asked.edit(ts, final("Something else." if lost == "shrunk" else ANSWER))
    (session,) = slack.space.sessions.values()
    assert session.status == "active"
    assert not asked.shown()[0].streaming


async def test_slack_s_own_stop_leaves_one_whole_text(in_channel):
    asked = in_channel
    await asked.chat.acknowledge(asked.message)
    ts = await asked.post(streaming(ANSWER[:100], panel("ok", settled=True)))
    slack = asked.world.slack
    ann = slack.space.people[asked.message.author.id]
    await slack.native_stop(asked.place, ann, asked.message.address.thread)
    press = await asked.world.inbox.next(2)
    assert (press.action, press.turn_id) == ("stop", "")
    of = panel("ok", settled=True)
    await asked.edit(ts, final(ANSWER[:300], of, error="— stopped"))
    (shown,) = asked.shown()
    assert (shown.streaming, shown.text.count("Use Postgres, since")) == (False, 9)
    assert "— stopped" in shown.text
    (session,) = slack.space.sessions.values()
    assert session.status == "active"


async def test_an_answer_that_comes_whole_is_one_message(asked):
    await asked.chat.acknowledge(asked.message)
    ts = await asked.post(final(ANSWER, panel("ok", settled=True)))
    (shown,) = asked.shown()
    assert shown.id == ts
    assert shown.text.count(ANSWER.strip()) == 1
    assert ANSWER[:80] in shown.notification
    assert not shown.unfurls
    (session,) = asked.world.slack.space.sessions.values()
    assert session.status == "active"


async def test_where_no_stream_can_be_started_the_message_is_edited(in_channel):
    asked = in_channel
    asked.world.slack.faults.plan(
        "chat.startStream", Fault(kind="refuse", status=200, error="unknown_method")
    )
    ts = await asked.post(streaming("Use", panel("waiting")))
    (shown,) = asked.shown()
    assert "⏹ Stop" in shown.buttons
    assert "model-1 · waiting" in shown.text
    await asked.edit(ts, streaming(ANSWER[:200], panel("ok", settled=True)))
    await asked.edit(ts, final(ANSWER, panel("ok", settled=True)))
    await asked.post(streaming("Second"), "d2")
    (shown, _) = asked.shown()
    assert shown.text.count("Use Postgres, since") == 20
    assert asked.calls("chat.startStream") == ["chat.startStream"]
    assert not asked.calls("chat.appendStream", "chat.stopStream")


async def test_where_a_stream_finds_no_message_to_answer_there_is_an_ordinary_one(in_channel):
    asked = in_channel
    gone = Fault(kind="refuse", status=200, error="message_not_found")
    asked.world.slack.faults.plan("chat.startStream", gone)
    ts = await asked.post(streaming("Use"))
    await asked.edit(ts, final(ANSWER))
    (shown,) = asked.shown()
    assert (shown.id, shown.text.count("Use Postgres, since")) == (ts, 20)


async def test_where_blocks_are_refused_a_long_answer_comes_whole_all_the_same(in_channel):
    asked, faults = in_channel, in_channel.world.slack.faults
    bad = Fault(kind="refuse", status=200, error="invalid_blocks")
    faults.plan("chat.startStream", Fault(kind="refuse", status=200, error="unknown_method"))
    faults.plan("chat.postMessage", bad, bad)
    faults.plan("chat.update", *[bad, bad, None] * 2)
    text = "Use Postgres, since it is **boring**. " * 200
    ts = await asked.post(streaming(text[:20], panel("waiting")))
    await asked.edit(ts, streaming(text[:5_000], panel("ok", settled=True)))
    await asked.edit(ts, final(text, panel("ok", settled=True)))
    (shown,) = asked.shown()
    assert shown.text.startswith(text.strip())
    assert "advisors 2/3" in shown.text
    before = len(asked.calls("chat.postMessage"))
    await asked.post(final(text), "d2")
    assert len(asked.calls("chat.postMessage")) == before + 1  # no more blocks are tried
    assert asked.shown()[1].text.startswith(text.strip())
    ann = asked.world.slack.space.people[asked.message.author.id]
    await asked.world.slack.command(asked.place, ann, "moa", "")
    picker = Frame(key="p", content=Notice(text="Which?"), buttons=(button("pick", "p", "p"),))
    await asked.chat.whisper(await asked.world.inbox.next(2), picker)
    assert asked.shown()[-1].buttons


async def test_an_old_stream_is_ended_before_slack_ends_it(in_channel):
    asked = in_channel
    ts = await asked.post(streaming(ANSWER[:100]))
    asked.world.clock.ahead = LIFETIME + 1
    await asked.edit(ts, streaming(ANSWER[:200]))
    (shown,) = asked.shown()
    assert not shown.streaming
    await asked.edit(ts, streaming(ANSWER[:300]))
    await asked.edit(ts, final(ANSWER))
    (shown,) = asked.shown()
    assert shown.text.startswith(ANSWER.strip())
    assert shown.text.count(ANSWER.strip()) == 1


@pytest.mark.parametrize("whole", [False, True])
async def test_a_stream_that_slack_has_ended_is_replaced_by_the_whole_text(in_channel, whole):
    asked = in_channel
    ts = await asked.post(streaming(ANSWER[:100], panel("ok", settled=True)))
    asked.world.slack.skip(301)
    if not whole:
        await asked.edit(ts, streaming(ANSWER[:300], panel("ok", settled=True)))
    await asked.edit(ts, final(ANSWER, panel("ok", settled=True)))
    (shown,) = asked.shown()
    assert shown.text.count("Use Postgres, since") == 20
    assert shown.buttons[-1] == "🗑 Remove"


@pytest.mark.parametrize("kind", ["drop", "reset"])
async def test_what_may_or_may_not_have_been_appended_is_not_appended_again(in_channel, kind):
    asked = in_channel
    ts = await asked.post(streaming(ANSWER[:100]))
    asked.world.slack.faults.plan("chat.appendStream", Fault(kind=kind))
    with pytest.raises(ChatError):
        await asked.edit(ts, streaming(ANSWER[:300]))
    await asked.edit(ts, final(ANSWER))
    (shown,) = asked.shown()
    assert shown.text.count("Use Postgres, since") == 20


@pytest.mark.parametrize("kind", ["drop", "reset"])
async def test_an_end_that_nobody_knows_of_is_made_certain(in_channel, kind):
    asked = in_channel
    ts = await asked.post(streaming(ANSWER[:100]))
    asked.world.slack.faults.plan("chat.stopStream", Fault(kind=kind))
    with pytest.raises(ChatError):
        await asked.edit(ts, final(ANSWER))
    await asked.edit(ts, final(ANSWER))
    (shown,) = asked.shown()
    assert not shown.streaming
    assert shown.text.count("Use Postgres, since") == 20


async def test_after_a_restart_a_message_that_still_streams_ends_whole(in_channel):
    asked = in_channel
    ts = await asked.post(streaming(ANSWER[:100], panel("waiting")))
    slack = asked.world.slack
    again = SlackChat(options(slack), clock=Clocked(), home=nobody_s_home)
    async with listening(slack, again, Inbox(slack)):
        await again.edit(asked.message.address, ts, final(ANSWER, panel("ok", settled=True)))
    assert [each.status for each in slack.space.sessions.values()] == ["active"]
    (shown,) = asked.shown()
    assert not shown.streaming
    assert shown.text.count("Use Postgres, since") == 20


@pytest.mark.parametrize("goes_on", [False, True])
async def test_after_a_restart_the_session_of_an_ordinary_message_ends_too(asked, goes_on):
    slack = asked.world.slack
    await asked.chat.acknowledge(asked.message)
    slack.faults.plan("chat.startStream", Fault(kind="refuse", status=200, error="no_permission_"))
    ts = await asked.post(streaming(ANSWER[:100]))
    (session,) = slack.space.sessions.values()
    assert session.status == "processing"
    again = SlackChat(options(slack), clock=Clocked(), home=nobody_s_home)
    async with listening(slack, again, Inbox(slack)):
        if goes_on:
            await again.edit(asked.message.address, ts, streaming(ANSWER[:200]))
            assert session.status == "processing"
        await again.edit(asked.message.address, ts, final(ANSWER))
    assert session.status == "active"
    assert asked.shown()[0].text.count("Use Postgres, since") == 20


async def test_a_text_that_does_not_grow_is_replaced(in_channel):
    asked = in_channel
    ts = await asked.post(streaming("Use Oracle, because it is there. And"))
    await asked.edit(ts, streaming("Use Postgres, since it is boring."))
    await asked.edit(ts, final("Use Postgres, since it is boring. Really."))
    (shown,) = asked.shown()
    assert "Oracle" not in shown.text
    assert shown.text.startswith("Use Postgres, since it is boring. Really.")


async def test_more_than_a_stream_holds_is_a_message_that_holds_it(in_channel):
    asked = in_channel
    text = "Wörter über Wörter, ünd nöch mehr. " * 300
    ts = await asked.post(streaming(text[:200]))
    for end in (3000, 6000, 9000):
        await asked.edit(ts, streaming(text[:end]))
    await asked.edit(ts, final(text[:10_500], panel("ok", "ok", settled=True, text="y " * 4000)))
    (shown,) = asked.shown()
    assert text[:10_400] in shown.text
    assert "advisors 2/3" in shown.text


async def test_the_workspace_s_budget_is_kept_and_a_final_never_waits(in_channel):
    asked = in_channel
    ts = await asked.post(streaming(ANSWER[:40]))
    waits = []
    for end in range(41, 200):
        try:
            await asked.edit(ts, streaming(ANSWER[:end]))
        except ChatSpent as error:
            waits.append(error.retry_after)
    assert len(waits) > 100
    assert 0 < min(waits) <= max(waits) < 1
    await asked.edit(ts, final(ANSWER))
    assert {each.status for each in asked.world.slack.requests.of("chat.appendStream")} == {200}
    assert asked.shown()[0].text.startswith(ANSWER.strip())


async def test_where_more_is_asked_than_may_be_edited_answers_come_whole(in_channel):
    asked = in_channel
    refused = Fault(kind="refuse", status=200, error="unknown_method")
    asked.world.slack.faults.plan("chat.startStream", refused)
    begun, waits = [], []
    for number in range(30):
        asked.world.slack.rates.windows.clear()
        try:
            begun.append(await asked.post(streaming("One"), f"d{number}"))
        except ChatSpent as busy:
            waits.append(busy.retry_after)
    assert 0 < min(waits) <= max(waits) < 2
    for ts in begun:
        await asked.edit(ts, final(ANSWER))
    for number in range(30):
        asked.world.slack.rates.windows.clear()
        await asked.post(final(ANSWER), f"e{number}")
    edits = asked.world.slack.requests.of("chat.update")
    assert len(edits) == len(begun) <= 12
    assert {each.status for each in edits} == {200}


async def test_a_chat_is_told_how_long_slack_wants_to_be_left_alone(in_channel):
    asked = in_channel
    ts = await asked.post(streaming(ANSWER[:40]))
    asked.world.slack.faults.plan(
        "chat.appendStream", Fault(kind="refuse", status=429, retry_after=7)
    )
    with pytest.raises(ChatBusy) as caught:
        await asked.edit(ts, streaming(ANSWER[:90]))
    assert caught.value.retry_after == 7
    assert not isinstance(caught.value, ChatSpent)
    await asked.edit(ts, final(ANSWER))
    assert asked.shown()[0].text.startswith(ANSWER.strip())


async def test_a_message_that_may_have_been_posted_is_found(in_channel):
    asked = in_channel
    since = int(asked.world.slack.now() * 1000)
    ts: str | None = None
    for delivery_id, frame in (("d1", final("One.")), ("d2", streaming("", panel("waiting")))):
        method = "chat.startStream" if delivery_id == "d2" else "chat.postMessage"
        asked.world.slack.faults.plan(method, Fault(kind="drop"))
        with pytest.raises(ChatUnknown):
            await asked.post(frame, delivery_id)
        ts = await asked.find(delivery_id, since=since)
        assert ts == asked.shown()[-1].id
    assert await asked.find("d1", since=since) == asked.shown()[0].id
    await asked.edit(ts, final("Two."))
    assert [each.text.split("\n")[0] for each in asked.shown()] == ["One.", "Two."]


async def test_a_message_in_a_direct_conversation_is_found_in_its_thread(world):
    ann = world.slack.person("ann")
    dm = world.slack.dm(ann)
    await world.slack.say(dm, ann, "hi")
    asked = Asked(world, await world.inbox.message(), dm)
    since = int(world.slack.now() * 1000)
    assert await asked.find("d1", since=since) is None
    world.slack.faults.plan("chat.postMessage", Fault(kind="drop"))
    with pytest.raises(ChatUnknown):
        await asked.post(final("One."))
    found = await asked.find("d1", since=since)
    assert found == asked.shown()[0].id


async def test_a_cut_stream_is_found_below_a_question_that_was_deleted(world):
    """A tombstone stays in its place: else the answer came again beside the piece of it."""
    ann = world.slack.person("ann")
    dm = world.slack.dm(ann)
    root = await world.slack.say(dm, ann, "hi")
    asked = Asked(world, await world.inbox.message(), dm)
    since = int(world.slack.now() * 1000)
    world.slack.faults.plan("chat.startStream", Fault(kind="drop"))
    with pytest.raises(ChatUnknown):
        await asked.post(streaming("Use"))
    await world.slack.unsay(dm, ann, root)
    found = await asked.find("d1", since=since)
    assert found == asked.shown()[0].id
    await asked.edit(found, final(ANSWER))
    (shown,) = asked.shown()
    assert shown.text.startswith(ANSWER[:20])


@pytest.mark.parametrize("age", [0, 7200])
async def test_a_message_in_a_direct_conversation_is_found_though_its_thread_has_no_date(
    world, age
):
    ann = world.slack.person("ann")
    dm = world.slack.dm(ann)
    root = await world.slack.say(dm, ann, "hi")
    world.slack.space.undated = True
    world.slack.skip(age)
    since = int(world.slack.now() * 1000)
    await world.slack.say(dm, ann, "and now?", thread=root)
    asked = Asked(world, await world.inbox.message(2), dm)
    world.slack.faults.plan("chat.postMessage", Fault(kind="drop"))
    with pytest.raises(ChatUnknown):
        await asked.post(final("One."))
    found = await asked.find("d1", since=since)
    assert found == asked.shown()[0].id


async def test_in_a_thread_that_is_gone_nothing_was_posted(in_channel):
    asked = in_channel
    gone = Fault(kind="refuse", status=200, error="thread_not_found")
    asked.world.slack.faults.plan("conversations.replies", gone)
    assert await asked.find("d1", since=0) is None


async def test_what_was_cut_and_ended_in_a_later_run_is_taken_for_no_other_message(asked):
    slack, address = asked.world.slack, asked.message.address
    reply_to = asked.message.reply_to
    ts = await asked.post(streaming("Use"))
    later, latest = (
        SlackChat(options(slack), clock=Clocked(), home=nobody_s_home) for _ in range(2)
    )
    async with listening(slack, later, Inbox(slack)):
        await later.edit(address, ts, final(ANSWER), delivery_id="d1")
    async with listening(slack, latest, Inbox(slack)):  # it knows no message of the others
        assert await latest.find(address, "d2", since=0, reply_to=reply_to) is None
        assert await latest.find(address, "d1", since=0, reply_to=reply_to) == ts


async def test_a_message_that_never_arrived_is_not_found(in_channel):
    asked = in_channel
    since = int(asked.world.slack.now() * 1000)
    asked.world.slack.faults.plan("chat.postMessage", Fault(kind="reset"))
    with pytest.raises(ChatUnknown):
        await asked.post(final("One."))
    assert await asked.find("d1", since=since) is None


async def test_a_file_goes_into_the_thread(asked):
    file = File(turn_id=TURN, name="answer.py", text="print('ä')\n" * 500)
    ts = await asked.post(Frame(key="file/0", content=file, final=True))
    await asked.edit(ts, Frame(key="file/0", content=file, final=True))
    (shown,) = asked.shown()
    assert shown.files == ("answer.py",)
    assert shown.reply_to == asked.message.reply_to.split("/")[0]


async def test_what_was_deleted_or_closed_says_so(in_channel):
    asked = in_channel
    ts = await asked.post(final("One."))
    await asked.chat.delete(asked.message.address, ts)
    await asked.chat.delete(asked.message.address, ts)
    assert not asked.shown()
    with pytest.raises(MessageGone):
        await asked.edit(ts, final("Two."))
    asked.place.archived = True
    with pytest.raises(ChatClosed):
        await asked.post(final("Three."))
    with pytest.raises(ChatClosed):
        await asked.chat.post(
            Address(platform="slack", channel="C404"), final("Four."), delivery_id="x"
        )


async def test_a_streaming_message_can_be_removed(in_channel):
    asked = in_channel
    ts = await asked.post(streaming("One"))
    await asked.chat.delete(asked.message.address, ts)
    assert not asked.shown()


async def test_presses_and_the_whispered_picker(in_channel):
    asked, slack = in_channel, in_channel.world.slack
    ann = slack.space.people[asked.message.author.id]
    ts = await asked.post(final(ANSWER))
    await slack.press(asked.place, ann, ts, "🎛 Preset")
    press = await asked.world.inbox.next(2)
    assert (press.action, press.turn_id, press.message_id) == ("preset", TURN, ts)
    assert press.address == asked.message.address
    picks = tuple(button("pick", f"preset {n}", f"p{n}") for n in range(120))
    await asked.chat.whisper(
        press, Frame(key="picker", content=Notice(text="Which one?"), buttons=picks)
    )
    whispered = asked.shown()[-1]
    assert (whispered.whispered_to, whispered.reply_to) == (ann.id, asked.message.address.thread)
    await slack.select(asked.place, ann, whispered.id, "preset 7")
    pick = await asked.world.inbox.next(3)
    assert (pick.action, pick.value, pick.address) == ("pick", "p7", asked.message.address)
    await slack.feedback(asked.place, ann, ts, good=False)
    assert (await asked.world.inbox.next(4)).action == "down"


async def test_a_command_is_answered_to_whoever_gave_it(world):
    ann = world.slack.person("ann")
    room = world.slack.group("room", ann)
    await world.slack.command(room, ann, "moa", "cost")
    command = await world.inbox.next()
    await world.chat.whisper(command, Frame(key="cost", content=Notice(text="<b> $3 & more")))
    (shown,) = world.slack.shown(room)
    assert (shown.text, shown.whispered_to) == ("<b> $3 & more", ann.id)
    world.slack.skip(3600)
    await world.chat.whisper(command, Frame(key="cost", content=Notice(text="late")))
    assert world.slack.shown(room)[-1].text == "late"


async def test_no_model_can_call_anybody(in_channel):
    asked = in_channel
    ann = asked.message.author.id
    evil = f"<!channel> <!here> @everyone @here `<@{ann}>` <@{ann}|x> <#C1> <!subteam^S1>"
    evil = f"{evil}\n```\n<!channel>\n```\n[<!here>](https://x.example/<!channel>) "
    ts = await asked.post(streaming(evil[:60], panel("ok", settled=True, text=evil)))
    await asked.edit(ts, streaming(evil * 2, panel("ok", settled=True, text=evil)))
    await asked.edit(ts, final(evil * 3, panel("ok", settled=True, text=evil), error=evil))
    await asked.post(final(evil, error=evil), "d2")
    await asked.post(Frame(key="n", content=Notice(text=evil)), "d3")
    shown = asked.shown()
    assert len(shown) == 3
    for each in shown:
        assert not each.pings
        assert not each.unfurls


async def test_the_one_who_waited_long_is_mentioned_by_program(in_channel):
    asked = in_channel
    frame = final("Done.")
    frame = Frame(key=frame.key, content=frame.content, final=True, mention=asked.message.author.id)
    await asked.post(frame)
    assert asked.shown()[0].pings == {asked.message.author.id}


async def test_the_app_home_shows_my_preset_and_takes_another(world):
    ann = world.slack.person("ann")
    home = await world.slack.open_home(ann)
    text = str(home["blocks"])
    assert "review answers you" in text
    assert "3 answers to you this month: $0.500" in text
    await world.slack.press_home(ann, "Choose a preset", option="quick")
    command = await world.inbox.next()
    assert (command.name, command.args, command.author.id) == ("moa", "moa/quick me", ann.id)
    before = world.slack.space.homes[ann.id]
    await world.chat.whisper(command, Frame(key="x", content=Notice(text="quick answers you.")))
    after = world.slack.space.homes[ann.id]
    assert after is not before
    assert "quick answers you." in str(after["blocks"])
