"""Shows the rules of streams, sessions, response addresses, files and views."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.simulators.slack import SlackSimulator
from tests.simulators.slack.model import Json
from tests.simulators.slack.oracle import client
from tests.simulators.slack.room import Room, opened


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async with SlackSimulator(scale=1e6) as slack, opened(slack) as room:
        yield room


def task(status: str = "in_progress", **more: str) -> Json:
    return {"type": "task_update", "id": "1", "title": "Ada", "status": status} | more


async def test_a_stream_needs_a_thread_and_in_channels_a_reader(room):
    missing = await room.start(thread_ts="")
    assert missing["error"] == "invalid_arguments"
    assert "thread_ts" in missing["response_metadata"]["messages"][0]
    assert (await room.start(recipient_team_id=""))["error"] == "missing_recipient_team_id"
    assert (await room.start(recipient_user_id=""))["error"] == "missing_recipient_user_id"
    assert (await room.start(recipient_user_id="U0NOBODY"))["error"] == "user_not_found"
    assert (await room.start(recipient_team_id="T0NOWHERE"))["error"] == "team_not_found"
    assert (await room.start(thread_ts="1.0"))["error"] == "thread_not_found"
    assert (await room.start(task_display_mode="grid"))["error"] == "invalid_arguments"
    direct = room.slack.dm(room.ann)
    said = await room.slack.say(direct, room.ann, "hello")
    begun = await room.call("chat.startStream", channel=direct.id, thread_ts=said)
    assert begun["ok"], "a direct conversation needs no reader"


async def test_text_grows_until_it_is_stopped_and_never_after(room):
    where = {"channel": room.place.id, "ts": (await room.start(markdown_text="one "))["ts"]}
    assert (await room.call("chat.appendStream", **where, markdown_text="two"))["ok"]
    assert room.slack.shown(room.place)[0].streaming
    assert await room.error("chat.appendStream", **where) == "markdown_text_or_chunks_required"
    assert await room.error("chat.update", **where, text="x") == "streaming_state_conflict"
    data = {"event_type": "moa", "event_payload": {}}
    stopped = await room.call("chat.stopStream", **where, markdown_text="!", metadata=data)
    assert stopped["message"]["text"] == "one two!"
    (message,) = room.slack.shown(room.place)
    assert (message.text, message.streaming, message.metadata) == ("one two!", False, data)
    over = "message_not_in_streaming_state"
    assert await room.error("chat.appendStream", **where, markdown_text="x") == over
    assert await room.error("chat.stopStream", **where) == over
    assert (await room.call("chat.update", **where, text="three"))["ok"]
    assert room.slack.shown(room.place)[0].text == "three"


async def test_a_stream_dies_of_age_and_may_then_be_updated(room):
    room.slack.backend.stream_life = 240
    where = {"channel": room.place.id, "ts": (await room.start(markdown_text="one"))["ts"]}
    room.slack.skip(239)
    assert (await room.call("chat.appendStream", **where, markdown_text=" two"))["ok"]
    room.slack.skip(2)
    error = await room.error("chat.appendStream", **where, markdown_text="x")
    assert error == "message_not_in_streaming_state"
    assert room.slack.shown(room.place)[0].text == "one two"
    assert (await room.call("chat.update", **where, text="whole"))["ok"]


async def test_a_task_takes_a_new_state_and_adds_to_its_output(room):
    plan = {"type": "plan_update", "title": "Asking"}
    begun = await room.start(chunks=[plan, task(output="a")], task_display_mode="plan")
    where = {"channel": room.place.id, "ts": begun["ts"]}
    await room.call("chat.appendStream", **where, chunks=[task("complete", output="b")])
    (message,) = room.slack.shown(room.place)
    assert [(each.status, each.output) for each in message.tasks] == [("complete", "ab")]
    assert (message.plan, message.text) == ("Asking", "")


@pytest.mark.parametrize(
    ("chunk", "complaint"),
    [
        ({"type": "poem"}, "unsupported type: poem"),
        ({"type": "markdown_text"}, "missing required field: text"),
        ({"type": "plan_update"}, "missing required field: title"),
        (task("done"), "must be one of"),
        ({"type": "task_update", "id": "1", "title": "x"}, "missing required field: status"),
        (task(output="x" * 257), "less than 257 characters: output"),
        ({"type": "plan_update", "title": "x" * 257}, "less than 257 characters: title"),
    ],
)
async def test_chunks_that_slack_would_not_take(room, chunk, complaint):
    answer = await room.start(chunks=[chunk])
    assert answer["error"] == "invalid_chunks"
    assert complaint in answer["response_metadata"]["messages"][0]


async def test_a_stream_keeps_to_chunks_or_to_text(room):
    both = await room.start(markdown_text="x", chunks=[task()])
    assert both["error"] == "cannot_provide_both_markdown_text_and_chunks"
    where = {"channel": room.place.id, "ts": (await room.start(chunks=[task()]))["ts"]}
    error = await room.error("chat.appendStream", **where, markdown_text="x")
    assert error == "streaming_mode_mismatch"
    text = {"type": "markdown_text", "text": "x"}
    assert (await room.call("chat.appendStream", **where, chunks=[text]))["ok"]


async def test_a_streamed_message_has_one_size_for_all_its_appends(room):
    assert (await room.start(markdown_text="x" * 12_001))["error"] == "msg_too_long"
    where = {"channel": room.place.id, "ts": (await room.start(markdown_text="x" * 8000))["ts"]}
    error = await room.error("chat.appendStream", **where, markdown_text="x" * 4001)
    assert error == "msg_too_long"
    assert (await room.call("chat.appendStream", **where, markdown_text="x" * 4000))["ok"]
    blocks = [{"type": "divider"}] * 51
    assert await room.error("chat.stopStream", **where, blocks=blocks) == "msg_blocks_too_many"
    assert (await room.call("chat.stopStream", **where, blocks=blocks[:50]))["ok"]


async def test_a_session_is_made_renamed_and_ended_with_its_stream(room):
    where = {"channel_id": room.place.id, "thread_ts": room.asked}
    rename = "agents.sessions.rename"
    assert await room.error(rename, **where, title="x") == "session_not_found"
    status = "agents.sessions.setStatus"
    assert await room.error(status, **where, status="busy") == "invalid_status"
    nowhere = where | {"thread_ts": ""}
    assert await room.error(status, **nowhere, status="active") == "thread_ts_required"
    assert await room.error(status, **where, status="active", title="x" * 201) == (
        "invalid_arguments"
    )
    assert (await room.call(status, **where, status="processing", title="one"))["ok"]
    assert (await room.call(rename, **where, title="two"))["ok"]
    ts = (await room.start(markdown_text="x"))["ts"]
    await room.call("chat.stopStream", channel=room.place.id, ts=ts, session_status="suspended")
    session = room.slack.space.sessions[room.place.id, room.asked]
    assert (session.status, session.title) == ("suspended", "two")
    ts = (await room.start(markdown_text="x"))["ts"]
    await room.call("chat.stopStream", channel=room.place.id, ts=ts)
    assert session.status == "active", "what a stopped stream leaves behind unless it is told"
    room.slack.backend.subscriptions.discard("agent_session_stopped")
    answer = await room.call(status, **where, status="processing")
    assert answer["warning"] == "missing_agent_session_stopped_event_subscription"


async def test_what_a_person_stopped_takes_no_more_but_may_be_ended(room):
    where = {"channel_id": room.place.id, "thread_ts": room.asked}
    await room.call("agents.sessions.setStatus", **where, status="processing")
    where = {"channel": room.place.id, "ts": (await room.start(markdown_text="one"))["ts"]}
    await room.slack.native_stop(room.place, room.ann, room.asked)
    for method in ("chat.appendStream", "chat.stopStream"):
        assert await room.error(method, **where, markdown_text="x") == "stopped_by_user"
    assert (await room.call("chat.stopStream", **where, blocks=[{"type": "divider"}]))["ok"]
    assert await room.error("chat.stopStream", **where) == "message_not_in_streaming_state"
    assert room.slack.shown(room.place)[0].text == "one"


async def test_a_status_line_lasts_until_something_is_said(room):
    where = {"channel_id": room.place.id, "thread_ts": room.asked}
    status = "assistant.threads.setStatus"
    lines = [str(n) for n in range(11)]
    assert await room.error(status, **where, status="x", loading_messages=lines) == (
        "invalid_arguments"
    )
    await room.call(status, **where, status="is thinking…", loading_messages=lines[:10])
    assert room.slack.status(room.place, room.asked) == "is thinking…"
    room.slack.skip(121)
    assert room.slack.status(room.place, room.asked) == ""
    await room.call(status, **where, status="is thinking…")
    await room.post(text="x", thread_ts=room.asked)
    assert room.slack.status(room.place, room.asked) == ""


# --- response addresses ---------------------------------------------------------------------


async def respond(room: Room, url: str, **body: object) -> tuple[int, str]:
    async with room.session.post(url, json=body) as response:
        return response.status, await response.text()


async def test_a_response_address_is_good_five_times_and_for_thirty_minutes(room):
    url = room.slack.hooks.make(room.place, room.ann.id)
    assert [(await respond(room, url, text="x"))[0] for _ in range(6)] == [200] * 5 + [404]
    url = room.slack.hooks.make(room.place, room.ann.id)
    room.slack.skip(30 * 60 + 1)
    status, text = await respond(room, url, text="x")
    assert (status, "expired_url" in text) == (404, True)


async def test_a_response_is_for_one_person_for_all_or_in_place(room):
    ts = (await room.post(text="original"))["ts"]
    post = room.slack.space.find(room.place, ts)
    url = room.slack.hooks.make(room.place, room.ann.id, post)
    await respond(room, url, text="psst")
    await respond(room, url, text="hear!", response_type="in_channel")
    await respond(room, url, text="changed", replace_original=True)
    seen = [(each.text, each.whispered_to) for each in room.slack.shown(room.place)]
    assert seen == [("changed", None), ("psst", room.ann.id), ("hear!", None)]
    await respond(room, url, delete_original=True)
    assert len(room.slack.shown(room.place)) == 2
    assert (await respond(room, url))[0] == 400


# --- files, reactions, views ----------------------------------------------------------------


async def test_the_real_client_uploads_a_file_into_a_thread(room):
    web = client(room.slack)
    await web.files_upload_v2(
        channel=room.place.id, thread_ts=room.asked, filename="answer.py", content="print()"
    )
    (message,) = room.slack.shown(room.place, thread=room.asked)
    assert message.files == ("answer.py",)
    assert list(room.slack.space.contents.values()) == [b"print()"]
    assert await room.error("files.completeUploadExternal", files=[{"id": "F0"}]) == (
        "file_not_found"
    )


async def test_reactions_are_put_once_and_taken_away_once(room):
    given = {"channel": room.place.id, "timestamp": room.asked, "name": "eyes"}
    assert (await room.call("reactions.add", **given))["ok"]
    assert room.slack.reactions(room.place, room.asked) == ["eyes"]
    assert await room.error("reactions.add", **given) == "already_reacted"
    assert (await room.call("reactions.remove", **given))["ok"]
    assert await room.error("reactions.remove", **given) == "no_reaction"
    assert await room.error("reactions.add", **(given | {"name": "👀"})) == "invalid_name"


async def test_a_modal_opens_within_three_seconds_of_a_trigger_and_once(room):
    view = {"type": "modal", "title": {"type": "plain_text", "text": "x"}, "blocks": []}
    triggers = room.slack.backend.triggers
    triggers["a"] = triggers["b"] = room.slack.now()
    assert (await room.call("views.open", trigger_id="a", view=view))["ok"]
    assert await room.error("views.open", trigger_id="a", view=view) == "invalid_trigger_id"
    room.slack.skip(4)
    assert await room.error("views.open", trigger_id="b", view=view) == "expired_trigger_id"
