"""Shows that slack-bolt and slack-sdk take the simulator for Slack, in Socket Mode."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

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


# --- the connection -------------------------------------------------------------------------


async def test_an_event_goes_to_one_of_several_connections():
    one, other = Heard(), Heard()
    async with (
        SlackSimulator() as slack,
        connected(slack, bot(slack, one)),
        connected(slack, bot(slack, other)),
    ):
        ann = slack.person("ann")
        for count in range(4):
            await slack.say(slack.dm(ann), ann, str(count))
        await slack.until(lambda: len(one.events) + len(other.events) == 4)
        assert one.events
        assert other.events


@pytest.mark.parametrize("reason", ["refresh_requested", "link_disabled"])
async def test_a_client_that_is_asked_to_go_comes_back(reason):
    async with world() as (slack, heard):
        ann = slack.person("ann")
        await slack.disconnect(reason)
        await slack.until(lambda: slack.sockets.opened == 2 and slack.sockets.links)
        await slack.say(slack.dm(ann), ann, "still there?")
        await slack.until(lambda: heard.events)


async def test_a_warning_leaves_the_connection_open():
    async with world() as (slack, heard):
        ann = slack.person("ann")
        await slack.disconnect("warning")
        await slack.say(slack.dm(ann), ann, "hello")
        await slack.until(lambda: heard.events)


async def test_a_lost_connection_is_opened_again():
    async with world() as (slack, _):
        await slack.cut()
        await slack.until(lambda: slack.sockets.opened == 2)


async def test_a_ticket_is_good_once():
    async with SlackSimulator() as slack, aiohttp.ClientSession() as session:
        answer = await client(slack, slack.app_token).apps_connections_open(
            app_token=slack.app_token
        )
        async with session.ws_connect(answer["url"]) as socket:
            hello = await socket.receive_json()
            assert (hello["type"], hello["num_connections"]) == ("hello", 1)
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(answer["url"])


async def test_what_is_not_acknowledged_comes_again_three_times_with_the_same_event():
    async with SlackSimulator(scale=1e6) as slack, aiohttp.ClientSession() as session:
        slack.ack_seconds = 0.05
        answer = await client(slack, slack.app_token).apps_connections_open(
            app_token=slack.app_token
        )
        async with session.ws_connect(answer["url"]) as socket:
            assert (await socket.receive_json())["type"] == "hello"
            ann = slack.person("ann")
            await slack.say(slack.dm(ann), ann, "hello")
            frames = [await socket.receive_json() for _ in range(4)]
        assert len({frame["envelope_id"] for frame in frames}) == 4
        assert len({frame["payload"]["event_id"] for frame in frames}) == 1
        assert [frame["retry_attempt"] for frame in frames] == [0, 1, 2, 3]
        assert [frame["retry_reason"] for frame in frames] == ["", "timeout", "timeout", "timeout"]


async def test_an_acknowledgement_ends_the_redelivery_and_a_command_comes_once():
    async with SlackSimulator(scale=1e6) as slack, aiohttp.ClientSession() as session:
        slack.ack_seconds = 0.05
        answer = await client(slack, slack.app_token).apps_connections_open(
            app_token=slack.app_token
        )
        async with session.ws_connect(answer["url"]) as socket:
            await socket.receive_json()
            ann = slack.person("ann")
            await slack.say(slack.dm(ann), ann, "hello")
            await socket.receive_json()
            again = await socket.receive_json()
            await socket.send_json({"envelope_id": again["envelope_id"]})
            await slack.until(lambda: slack.envelopes[-1].acked_at)
            said = await slack.command(slack.dm(ann), ann, "moa")
            assert "operation_timeout" in said
        kinds = [(each.kind, each.attempt) for each in slack.envelopes]
        assert kinds == [("events_api", 0), ("events_api", 1), ("slash_commands", 0)]


async def test_events_wait_for_a_bot_that_is_away():
    heard = Heard()
    async with SlackSimulator(scale=1000) as slack:
        slack.retries = (0.0, 200.0)
        ann = slack.person("ann")
        await slack.say(slack.dm(ann), ann, "hello")
        async with connected(slack, bot(slack, heard)):
            await slack.until(lambda: heard.events)
            assert "dispatch_failed" not in await slack.command(slack.dm(ann), ann, "moa")
        await slack.until(lambda: not slack.sockets.links)
        assert "dispatch_failed" in await slack.command(slack.dm(ann), ann, "moa")


async def test_only_what_the_app_is_subscribed_to_and_may_read_is_sent():
    async with world() as (slack, heard):
        ann = slack.person("ann")
        room = slack.group("room", ann)
        slack.backend.subscriptions -= {"message.channels"}
        slack.backend.scopes -= {"im:history"}
        await slack.say(room, ann, "unread")
        await slack.say(slack.dm(ann), ann, "unread")
        await slack.say(room, ann, "read", mention=True)
        await slack.settled()
        assert [event["type"] for event in heard.events] == ["app_mention"]
