"""Shows that the simulated Web API refuses what Slack refuses, in Slack's words."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.simulators.slack import SlackSimulator
from tests.simulators.slack.model import Json
from tests.simulators.slack.room import Room, opened


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async with SlackSimulator(scale=1e6) as slack, opened(slack) as room:
        yield room


def section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(label: str = "Go", **more: object) -> Json:
    text = {"type": "plain_text", "text": label}
    return {"type": "button", "action_id": f"a{label}", "text": text} | more


# --- who may call what ----------------------------------------------------------------------


async def test_arguments_are_merged_from_query_form_and_json(room):
    url = f"{room.slack.api_base}chat.postMessage"
    token = {"Authorization": f"Bearer {room.slack.bot_token}"}
    async with room.session.post(
        url, params={"channel": room.place.id, "text": "a"}, headers=token
    ):
        pass
    form = {"channel": room.place.id, "text": "b", "token": room.slack.bot_token}
    async with room.session.post(url, data=form):
        pass
    await room.post(text="c")
    assert [each.text for each in room.slack.shown(room.place)] == ["a", "b", "c"]


async def test_tokens_are_for_their_own_methods(room):
    bot, app = room.slack.bot_token, room.slack.app_token
    assert await room.error("auth.test", token="") == "not_authed"
    assert await room.error("auth.test", token="xoxb-old") == "invalid_auth"
    assert await room.error("auth.test", token=app) == "not_allowed_token_type"
    assert await room.error("apps.connections.open", token=bot) == "not_allowed_token_type"
    assert await room.error("chat.shout") == "unknown_method"
    assert (await room.call("auth.test"))["user_id"]


async def test_a_scope_that_was_taken_away_is_named(room):
    room.slack.backend.scopes -= {"chat:write", "channels:read"}
    answer = await room.post(text="x")
    assert (answer["error"], answer["needed"]) == ("missing_scope", "chat:write")
    assert "reactions:write" in answer["provided"]
    assert await room.error("conversations.info", channel=room.place.id) == "missing_scope"


# --- messages -------------------------------------------------------------------------------


async def test_where_a_message_cannot_go(room):
    slack, ann = room.slack, room.ann
    outside, old = slack.group("outside", ann, with_bot=False), slack.group("old", ann)
    secret = slack.group("secret", ann, private=True, with_bot=False)
    old.archived = True
    post = "chat.postMessage"
    assert await room.error(post, channel="C0NOWHERE", text="x") == "channel_not_found"
    assert await room.error(post, channel=outside.id, text="x") == "not_in_channel"
    assert await room.error(post, channel=secret.id, text="x") == "channel_not_found"
    assert await room.error(post, channel=old.id, text="x") == "is_archived"
    assert await room.error(post, channel=room.place.id) == "no_text"
    assert (await room.post(text="x", thread_ts="1.0"))["error"] == "thread_not_found"
    missing = await room.call(post, text="x")
    assert missing["response_metadata"]["messages"] == ["[ERROR] missing required field: channel"]


async def test_markdown_text_excludes_text_and_blocks_and_has_an_end(room):
    assert (await room.post(markdown_text="x", text="y"))["error"] == "markdown_text_conflict"
    assert (await room.post(markdown_text="x" * 12_001))["error"] == "msg_too_long"
    assert (await room.post(markdown_text="x" * 12_000))["ok"]


async def test_a_text_is_cut_at_forty_thousand(room):
    answer = await room.post(text="x" * 40_001)
    assert len(answer["message"]["text"]) == 40_000
    assert answer["response_metadata"]["warnings"] == ["message_truncated"]


async def test_updates_replace_and_only_the_bots_own(room):
    ts = (await room.post(text="one", blocks=[section("one")]))["ts"]
    where = {"channel": room.place.id}
    assert (await room.call("chat.update", **where, ts=ts, text="two"))["ok"]
    (message,) = room.slack.shown(room.place)
    assert (message.text, message.edits, message.blocks) == ("two", 1, [])
    update = "chat.update"
    assert await room.error(update, **where, ts=room.asked, text="x") == "cant_update_message"
    assert await room.error(update, **where, ts="1.0", text="x") == "message_not_found"
    assert await room.error(update, **where, ts=ts) == "no_text"
    assert await room.error(update, **where, ts=ts, text="&" * 801) == "msg_too_long"
    assert await room.error(update, **where, ts=ts, text="x" * 4001) == "msg_too_long"
    assert (await room.call("chat.delete", **where, ts=ts))["ok"]
    assert await room.error(update, **where, ts=ts, text="x") == "message_not_found"
    assert room.slack.shown(room.place) == []


async def test_a_whisper_is_for_one_member_and_in_no_history(room):
    bob = room.slack.person("bob")
    where = {"channel": room.place.id, "text": "psst"}
    assert await room.error("chat.postEphemeral", **where, user=bob.id) == "user_not_in_channel"
    sent = await room.call("chat.postEphemeral", **where, user=room.ann.id)
    assert room.slack.shown(room.place)[0].whispered_to == room.ann.id
    ts = sent["message_ts"]
    assert (
        await room.error("chat.update", channel=room.place.id, ts=ts, text="x")
        == "message_not_found"
    )
    history = await room.call("conversations.history", channel=room.place.id)
    assert [each["text"] for each in history["messages"]] == ["question"]


async def test_a_whisper_in_a_thread_that_nobody_has_begun_is_seen_by_nobody(room):
    given = {"channel": room.place.id, "user": room.ann.id, "thread_ts": room.asked}
    assert (await room.call("chat.postEphemeral", **given, text="unseen"))["ok"]
    await room.post(text="answer", thread_ts=room.asked)
    assert (await room.call("chat.postEphemeral", **given, text="seen"))["ok"]
    assert [each.text for each in room.slack.shown(room.place)] == ["answer", "seen"]


async def test_a_lost_root_may_throw_its_answers_into_the_channel(room):
    room.slack.backend.unthreads = True
    answer = await room.post(text="x", thread_ts="1.0")
    assert "thread_ts" not in answer["message"]


@pytest.mark.parametrize(
    ("blocks", "error"),
    [
        ([section("x" * 3001)], "invalid_blocks"),
        ([section("")], "invalid_blocks"),
        ([{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}], "invalid_blocks"),
        ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "invalid_blocks"),
        ([{"type": "divider"}] * 51, "invalid_blocks"),
        ([{"type": "actions", "elements": [button(str(n)) for n in range(26)]}], "invalid_blocks"),
        ([{"type": "actions", "elements": [button(), button()]}], "invalid_blocks"),
        ([{"type": "actions", "elements": [button("x" * 76)]}], "invalid_blocks"),
        ([{"type": "actions", "elements": [button(value="x" * 2001)]}], "invalid_blocks"),
        ([{"type": "context", "elements": [section("x")["text"]] * 11}], "invalid_blocks"),
        ([{"type": "video_game"}], "invalid_blocks"),
        ([{"type": "context_actions", "elements": [button()]}], "invalid_blocks"),
        ([section("x") | {"block_id": "a"}, section("y") | {"block_id": "a"}], "invalid_blocks"),
        ([{"type": "markdown", "text": "x" * 6001}] * 2, "msg_too_long"),
        ([section("x" * 3000)] * 5, "msg_blocks_too_long"),
        ("{", "invalid_blocks_format"),
        ({"type": "section"}, "invalid_blocks_format"),
    ],
)
async def test_blocks_that_slack_would_not_take(room, blocks, error):
    assert (await room.post(text="x", blocks=blocks))["error"] == error


def container(**changes: object) -> Json:
    title = {"type": "plain_text", "text": "Advisors"}
    return {
        "type": "container",
        "title": title,
        "child_blocks": [section("x")],
        "is_collapsible": True,
        "default_collapsed": True,
    } | changes


async def test_a_container_holds_ten_documented_children(room):
    assert (await room.post(text="x", blocks=[container()]))["ok"]
    wrong = [
        container(child_blocks=[section("x")] * 11),
        container(child_blocks=[{"type": "markdown", "text": "x"}]),
        container(child_blocks=[{"type": "task_card", "task_id": "1", "title": "x"}]),
        container(title={"type": "plain_text", "text": "x" * 151}),
        container(is_collapsible=False),
    ]
    for block in wrong:
        answer = await room.post(text="x", blocks=[block])
        assert answer["error"] == "invalid_blocks"
        assert "json-pointer:/blocks/0" in answer["response_metadata"]["messages"][0]


# --- reading --------------------------------------------------------------------------------


async def test_metadata_is_found_again_when_asked_for(room):
    data = {"event_type": "moa", "event_payload": {"delivery": "1"}}
    await room.post(text="x", metadata=data, thread_ts=room.asked)
    where = {"channel": room.place.id, "ts": room.asked}
    plain = await room.call("conversations.replies", **where)
    whole = await room.call("conversations.replies", **where, include_all_metadata=True)
    assert "metadata" not in plain["messages"][1]
    assert whole["messages"][1]["metadata"] == data
    assert (await room.post(text="x", metadata={"event_type": "x"}))["error"] == (
        "invalid_metadata_format"
    )


async def test_threads_and_history_come_page_by_page(room):
    for count in range(4):
        await room.post(text=str(count), thread_ts=room.asked)
    seen, cursor = [], ""
    while True:
        page = await room.call(
            "conversations.replies",
            channel=room.place.id,
            ts=room.asked,
            limit=2,
            cursor=cursor,
        )
        seen += [each["text"] for each in page["messages"]]
        if not page["has_more"]:
            break
        cursor = page["response_metadata"]["next_cursor"]
    assert seen == ["question", "0", "1", "2", "3"]
    history = await room.call("conversations.history", channel=room.place.id)
    assert [each["reply_count"] for each in history["messages"]] == [4]
    none = await room.error("conversations.replies", channel=room.place.id, ts="1.0")
    assert none == "thread_not_found"


async def test_oldest_and_latest_bound_a_search(room):
    first = (await room.post(text="a"))["ts"]
    await room.post(text="b")
    found = await room.call("conversations.history", channel=room.place.id, oldest=first)
    assert [each["text"] for each in found["messages"]] == ["b"]
    found = await room.call(
        "conversations.history", channel=room.place.id, oldest=first, inclusive=True
    )
    assert [each["text"] for each in found["messages"]] == ["b", "a"]


async def test_plans_and_cards_of_blocks_are_tasks_as_streamed_ones_are(room):
    output = {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_section", "elements": [{"type": "text", "text": "Yes."}]},
        ],
    }
    card = {"type": "task_card", "task_id": "1", "title": "Ada", "status": "complete"}
    plan = {"type": "plan", "title": "Asked", "tasks": [card | {"output": output}]}
    assert (await room.post(text="x", blocks=[plan, section("Yes.")]))["ok"]
    (message,) = room.slack.shown(room.place)
    assert (message.plan, message.text) == ("Asked", "Yes.")
    assert [(each.title, each.status, each.output) for each in message.tasks] == [
        ("Ada", "complete", "Yes.")
    ]
    wrong = await room.post(text="x", blocks=[plan | {"tasks": [card | {"status": "done"}]}])
    assert wrong["error"] == "invalid_blocks"
