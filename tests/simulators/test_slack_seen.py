"""Shows whom a text pings in Slack, what a reader sees of blocks, and Slack by hand."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator

import pytest

from tests.simulators.slack import SlackSimulator
from tests.simulators.slack.model import Json
from tests.simulators.slack.room import Room, opened


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async with SlackSimulator(scale=1e6) as slack, opened(slack) as room:
        yield room


def mrkdwn(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def rich(**element: object) -> Json:
    section = {"type": "rich_text_section", "elements": [element]}
    return {"type": "rich_text", "elements": [section]}


@pytest.mark.parametrize(
    ("said", "pinged"),
    [
        ({"text": "<!channel> look"}, {"channel"}),
        ({"text": "<!here|here> and <!subteam^S0TEAM|team>"}, {"here", "S0TEAM"}),
        ({"text": "ask <@{ann}|ann>"}, {"{ann}"}),
        ({"text": "ask <@U0NOBODY>"}, set()),
        ({"text": "&lt;!channel&gt; <\u200b!channel> @channel"}, set()),
        ({"text": "`<!channel>`"}, {"channel"}),
        ({"text": "@channel @ann", "link_names": True}, {"channel", "{ann}"}),
        ({"markdown_text": "**<!everyone>**"}, {"everyone"}),
        ({"markdown_text": "`<!channel>` and\n```\n<@{ann}>\n```\n"}, set()),
        ({"text": "x", "blocks": [mrkdwn("<!channel>")]}, {"channel"}),
        ({"text": "x", "blocks": [{"type": "markdown", "text": "<@{ann}>"}]}, {"{ann}"}),
        ({"text": "x", "blocks": [rich(type="text", text="<!channel>")]}, set()),
        ({"text": "x", "blocks": [rich(type="broadcast", range="here")]}, {"here"}),
        ({"text": "x", "blocks": [rich(type="user", user_id="{ann}")]}, {"{ann}"}),
    ],
)
async def test_whom_a_message_pings(room, said, pinged):
    def named(text: str) -> str:
        return text.replace("{ann}", room.ann.id)

    assert (await room.post(**json.loads(named(json.dumps(said)))))["ok"]
    assert room.slack.shown(room.place)[0].pings == {named(each) for each in pinged}


async def test_a_ping_that_an_edit_or_a_stream_brings_is_not_forgotten(room):
    ts = (await room.post(text="quiet"))["ts"]
    where = {"channel": room.place.id}
    await room.call("chat.update", **where, ts=ts, text="<!channel>")
    await room.call("chat.update", **where, ts=ts, text="quiet again")
    stream = {**where, "ts": (await room.start(markdown_text="<!cha"))["ts"]}
    await room.call("chat.appendStream", **stream, markdown_text="nnel>")
    assert [set(each.pings) for each in room.slack.shown(room.place)] == [{"channel"}] * 2


async def test_links_unfurl_unless_both_flags_say_no(room):
    await room.post(text="see https://example.org")
    await room.post(text="see https://example.org", unfurl_links=False, unfurl_media=False)
    assert [each.unfurls for each in room.slack.shown(room.place)] == [True, False]


async def test_blocks_are_read_instead_of_the_text(room):
    title = {"type": "plain_text", "text": "Advisors"}
    item = {"type": "rich_text_section", "elements": [{"type": "text", "text": "one"}]}
    advisors = {
        "type": "container",
        "title": title,
        "child_blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": "Ada"}},
            {"type": "rich_text", "elements": [{"type": "rich_text_list", "elements": [item] * 2}]},
        ],
    }
    footer = {"type": "context", "elements": [{"type": "mrkdwn", "text": "$0.03"}]}
    await room.post(text="for phones", blocks=[advisors, {"type": "divider"}, footer])
    (message,) = room.slack.shown(room.place)
    assert message.text == "Advisors\nAda\none\none\n$0.03"
    assert message.notification == "for phones"


async def test_a_person_may_be_slack_by_hand():
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.simulators",
        "slack",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    typed = "hello\n#general @bot hello\n/press Retry\n/stop\n/moa review\n"
    told, _ = await program.communicate(typed.encode())
    text = told.decode()
    assert "api_base: http://127.0.0.1:" in text
    assert "there is no 'Retry' to press" in text
    assert "! there is no Stop button" in text
    assert 'failed with the error "dispatch_failed"' in text
