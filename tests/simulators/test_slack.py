"""Shows that slack-bolt and slack-sdk take the simulator for Slack, in Socket Mode."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
import yaml
from slack_sdk.errors import SlackApiError

from tests.simulators.slack import SlackSimulator
from tests.simulators.slack.oracle import Heard, bot, client, connected


@asynccontextmanager
async def world(answer: str = "") -> AsyncIterator[tuple[SlackSimulator, Heard]]:
    heard = Heard()
    async with SlackSimulator() as slack, connected(slack, bot(slack, heard, answer=answer)):
        yield slack, heard


@pytest.mark.parametrize("mention_first", [False, True])
async def test_a_mention_is_two_events_of_one_message(mention_first):
    async with world() as (slack, heard):
        slack.mention_first = mention_first
        ann = slack.person("ann")
        room = slack.group("room", ann)
        ts = await slack.say(room, ann, "hello", mention=True)
        await slack.until(lambda: len(heard.events) == 2)
        kinds = [event["type"] for event in heard.events]
        assert kinds == (
            ["app_mention", "message"] if mention_first else ["message", "app_mention"]
        )
        assert {event["ts"] for event in heard.events} == {ts}
        assert len({each.payload["event_id"] for each in slack.envelopes}) == 2


async def test_a_direct_message_is_one_event_and_says_so():
    async with world() as (slack, heard):
        ann = slack.person("ann")
        await slack.say(slack.dm(ann), ann, "hello", mention=True)
        await slack.settled()
        assert [event["channel_type"] for event in heard.events] == ["im"]


async def test_an_answer_streams_with_its_plan_and_ends_with_buttons():
    async with world("All is well.") as (slack, _):
        ann = slack.person("ann")
        room = slack.group("room", ann)
        asked = await slack.say(room, ann, "hello", mention=True)
        await slack.until(lambda: slack.shown(room) and not slack.shown(room)[0].streaming)
        (answer,) = slack.shown(room, thread=asked)
        assert answer.text == "All is well."
        assert (answer.plan, [task.status for task in answer.tasks]) == (
            "Asking 1 advisor",
            ["complete"],
        )
        assert answer.buttons == ("👍", "👎", "Retry", "Preset")
        assert answer.reply_to == asked
        assert not answer.pings


async def test_what_the_bot_says_comes_back_to_it_as_its_own():
    async with world("Yes.") as (slack, heard):
        ann = slack.person("ann")
        await slack.say(slack.dm(ann), ann, "hello")
        await slack.until(lambda: len(slack.envelopes) == 3)
        events = [each.payload["event"] for each in slack.envelopes]
        assert [event.get("subtype") for event in events] == [None, None, "message_changed"]
        assert events[1]["bot_id"] == events[2]["message"]["bot_id"]
        assert [event["text"] for event in heard.events] == ["hello"], "bolt ignores its own"


async def test_presses_reach_the_bot_and_what_it_answers_is_seen_by_one():
    async with world("Yes.") as (slack, heard):
        ann = slack.person("ann")
        room = slack.group("room", ann)
        await slack.say(room, ann, "hello", mention=True)
        await slack.until(lambda: slack.shown(room) and slack.shown(room)[0].buttons)
        (answer,) = slack.shown(room)
        assert await slack.press(room, ann, answer.id, "Retry") == ""
        assert await slack.select(room, ann, answer.id, "quick") == ""
        assert await slack.feedback(room, ann, answer.id, good=False) == ""
        first = [body["actions"][0] for body in heard.actions]
        assert [each["type"] for each in first] == ["button", "static_select", "feedback_buttons"]
        assert first[0]["value"] == "retry:1:"
        assert first[1]["selected_option"]["value"] == "quick"
        assert first[2]["value"] == "down"
        assert heard.actions[0]["container"]["thread_ts"] == answer.reply_to
        await slack.until(lambda: len(slack.shown(room)) == 4)
        assert slack.shown(room)[1].whispered_to == ann.id
        with pytest.raises(ValueError, match="no 'Delete'"):
            await slack.press(room, ann, answer.id, "Delete")


async def test_a_command_is_answered_to_one_person_and_never_in_a_thread():
    async with world() as (slack, heard):
        ann = slack.person("ann")
        room = slack.group("room", ann)
        assert await slack.command(room, ann, "moa", "review channel") == "you said review channel"
        assert await slack.command(room, ann, "stop") == "you said stop"
        assert [body["channel_name"] for body in heard.commands] == ["room", "room"]
        assert [each.whispered_to for each in slack.shown(room)] == [ann.id, ann.id]
        said = await slack.say(room, ann, "x")
        assert "not supported in threads" in await slack.command(room, ann, "moa", thread=said)
        assert len(heard.commands) == 2


async def test_the_home_is_published_and_pressed():
    async with world() as (slack, heard):
        ann = slack.person("ann")
        view = await slack.open_home(ann)
        assert view["blocks"][0]["text"]["text"] == "*My preset*"
        assert await slack.press_home(ann, "Preset", option="review") == ""
        assert heard.actions[0]["container"] == {"type": "view", "view_id": view["id"]}


async def test_the_native_stop_is_there_while_something_is_processing_and_ends_its_streams():
    async with world() as (slack, heard):
        ann, web = slack.person("ann"), client(slack)
        room = slack.group("room", ann)
        asked = await slack.say(room, ann, "x")
        with pytest.raises(ValueError, match="no Stop button"):
            await slack.native_stop(room, ann, asked)
        await web.agents_sessions_setStatus(
            channel_id=room.id, thread_ts=asked, status="processing", title="x"
        )
        started = await web.chat_startStream(
            channel=room.id, thread_ts=asked, recipient_user_id=ann.id, recipient_team_id=ann.team
        )
        await slack.native_stop(room, ann, asked)
        await slack.until(lambda: heard.events[-1]["type"] == "agent_session_stopped")
        assert heard.events[-1]["streaming_message_ts"] == [started["ts"]]
        assert not slack.shown(room)[0].streaming


async def test_files_arrive_with_a_message_and_are_read_with_the_token():
    async with world() as (slack, heard):
        ann = slack.person("ann")
        await slack.say(slack.dm(ann), ann, "look", files=[("a.png", b"picture")])
        await slack.until(lambda: heard.events)
        (event,) = heard.events
        assert event["subtype"] == "file_share"
        (file,) = event["files"]
        assert (file["name"], file["mimetype"], file["size"]) == ("a.png", "image/png", 7)
        async with aiohttp.ClientSession() as session:
            async with session.get(file["url_private_download"]) as page:
                assert "DOCTYPE" in await page.text(), "Slack shows strangers a page to sign in"
            headers = {"Authorization": f"Bearer {slack.bot_token}"}
            async with session.get(file["url_private_download"], headers=headers) as got:
                assert await got.read() == b"picture"


async def test_what_a_person_types_is_escaped_and_comes_as_rich_text_too():
    async with world() as (slack, heard):
        ann, bob = slack.person("ann"), slack.person("bob")
        room = slack.group("room", ann, bob)
        await slack.say(room, ann, f"is a < b & c, <@{bob.id}>? https://example.org/?a=1&b=2")
        await slack.until(lambda: heard.events)
        (event,) = heard.events
        link = "<https://example.org/?a=1&amp;b=2>"
        assert event["text"] == f"is a &lt; b &amp; c, <@{bob.id}>? {link}"
        leaves = event["blocks"][0]["elements"][0]["elements"]
        assert [each["type"] for each in leaves] == ["text", "user", "text", "link"]


async def test_a_bot_that_is_sent_away_hears_nothing_and_may_not_write():
    async with world() as (slack, heard):
        ann, bob = slack.person("ann"), slack.person("bob")
        room = slack.group("room", ann)
        await slack.kick(room)
        await slack.say(room, ann, "hello", mention=True)
        await slack.settled()
        with pytest.raises(SlackApiError, match="not_in_channel"):
            await client(slack).chat_postMessage(channel=room.id, text="x")
        assert slack.envelopes == []
        await slack.invite(room)
        await slack.invite(room, bob)
        await slack.until(lambda: heard.events)
        assert [event["subtype"] for event in heard.events] == ["channel_join"]


async def test_a_thread_whose_root_was_deleted_goes_on():
    async with world() as (slack, _):
        ann, web = slack.person("ann"), client(slack)
        room = slack.group("room", ann)
        asked = await slack.say(room, ann, "hello")
        await web.chat_postMessage(channel=room.id, text="one", thread_ts=asked)
        await slack.unsay(room, ann, asked)
        await web.chat_postMessage(channel=room.id, text="two", thread_ts=asked)
        assert len(slack.shown(room, thread=asked)) == 2
        read = [
            await web.conversations_replies(channel=room.id, ts=asked),
            await web.conversations_history(channel=room.id),
        ]
        for each in read:  # a tombstone stands where it stood
            stone = each["messages"][0]
            assert (stone["subtype"], stone["user"]) == ("tombstone", "USLACKBOT")
            assert (stone["ts"], stone["reply_count"]) == (asked, 2)
        assert [each["text"] for each in read[0]["messages"][1:]] == ["one", "two"]
        alone = await slack.say(room, ann, "hello")
        await slack.unsay(room, ann, alone)
        with pytest.raises(SlackApiError, match="thread_not_found"):
            await web.chat_postMessage(channel=room.id, text="x", thread_ts=alone)


async def test_edits_deletions_strangers_and_other_bots_look_as_they_do_in_slack():
    async with world() as (slack, _):
        ann, zoe = slack.person("ann"), slack.person("zoe", stranger=True)
        robot = slack.person("robot", bot=True)
        room = slack.group("room", ann, zoe, robot)
        ts = await slack.say(room, ann, "one")
        await slack.edit(room, ann, ts, "two")
        await slack.unsay(room, ann, ts)
        await slack.say(room, zoe, "hello")
        await slack.say(room, robot, "beep")
        await slack.until(lambda: len(slack.envelopes) == 5)
        _, edited, deleted, strange, mechanical = [each.payload for each in slack.envelopes]
        assert edited["event"]["message"]["text"] == "two"
        assert edited["event"]["previous_message"]["text"] == "one"
        assert deleted["event"]["deleted_ts"] == ts
        assert strange["event"]["team"] == zoe.team != strange["team_id"]
        assert strange["is_ext_shared_channel"]
        assert mechanical["event"]["bot_id"]
        who = await client(slack).users_info(user=zoe.id)
        assert who["user"]["is_stranger"]


async def test_odd_events_may_be_sent_and_deactivated_people_are_told_apart():
    async with world() as (slack, heard):
        ann = slack.person("ann", deleted=True)
        room = slack.group("room", ann)
        slack.send({"type": "message", "subtype": "huddle_thread", "ts": slack.space.ts()}, room)
        await slack.until(lambda: heard.events)
        assert heard.events[0]["channel"] == room.id
        assert "text" not in heard.events[0]
        who = await client(slack).users_info(user=ann.id)
        assert who["user"]["deleted"]


@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_the_configuration_is_what_the_gateway_reads(mode):
    async with SlackSimulator(mode=mode) as slack:
        block = yaml.safe_load("platforms:\n" + slack.config())["platforms"]["slack"]
        secret = {"app_token"} if mode == "socket" else {"signing_secret"}
        assert set(block) == {"bot_token", "mode", "api_base"} | secret
        assert block["mode"] == mode
        assert block["api_base"].endswith("/api/")
