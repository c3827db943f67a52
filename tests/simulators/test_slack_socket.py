"""Shows Socket Mode: connections, tickets, acknowledgements and redelivery, with bolt and bare."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from tests.simulators.slack import SlackSimulator
from tests.simulators.slack.oracle import Heard, bot, client, connected


@asynccontextmanager
async def world() -> AsyncIterator[tuple[SlackSimulator, Heard]]:
    heard = Heard()
    async with SlackSimulator() as slack, connected(slack, bot(slack, heard)):
        yield slack, heard


@asynccontextmanager
async def line(slack: SlackSimulator) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Open a bare connection, past its hello."""
    answer = await client(slack, slack.app_token).apps_connections_open(app_token=slack.app_token)
    async with aiohttp.ClientSession() as session, session.ws_connect(answer["url"]) as socket:
        assert (await socket.receive_json())["type"] == "hello"
        yield socket


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
        assert [each["text"] for each in heard.events] == ["still there?"]


async def test_a_warning_leaves_the_connection_open():
    async with world() as (slack, heard):
        ann = slack.person("ann")
        await slack.disconnect("warning")
        await slack.say(slack.dm(ann), ann, "hello")
        await slack.until(lambda: heard.events)
        assert slack.sockets.opened == 1


async def test_a_lost_connection_is_opened_again():
    async with world() as (slack, heard):
        await slack.cut()
        await slack.until(lambda: slack.sockets.opened == 2)
        ann = slack.person("ann")
        await slack.say(slack.dm(ann), ann, "still there?")
        await slack.until(lambda: heard.events)
        assert [each["text"] for each in heard.events] == ["still there?"]


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
    async with SlackSimulator() as slack:
        slack.ack_seconds, slack.retries = 0.05, (0.0, 0.0, 0.0)
        async with line(slack) as socket:
            ann = slack.person("ann")
            await slack.say(slack.dm(ann), ann, "hello")
            frames = [await socket.receive_json() for _ in range(4)]
        assert len({frame["envelope_id"] for frame in frames}) == 4
        assert len({frame["payload"]["event_id"] for frame in frames}) == 1
        assert [frame["retry_attempt"] for frame in frames] == [0, 1, 2, 3]
        await slack.settled()
        assert [each["event_id"] for each in slack.lost] == [frames[0]["payload"]["event_id"]]
        assert [frame["retry_reason"] for frame in frames] == ["", "timeout", "timeout", "timeout"]


async def test_an_acknowledgement_ends_the_redelivery_and_a_command_comes_once():
    async with SlackSimulator() as slack:
        slack.ack_seconds, slack.retries = 0.05, (0.0, 0.0, 0.0)
        async with line(slack) as socket:
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
    async with SlackSimulator() as slack:
        slack.retries = (0.0, 0.5)
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


async def test_a_connection_may_go_dead_without_closing():
    async with world() as (slack, heard):
        slack.ack_seconds, slack.retries = 0.1, (0.5, 0.5)
        ann = slack.person("ann")
        slack.freeze()
        await slack.say(slack.dm(ann), ann, "hello")
        await slack.until(lambda: slack.sockets.opened == 2)
        await slack.until(lambda: heard.events)
        assert [each["text"] for each in heard.events] == ["hello"]


async def test_no_more_than_ten_connections():
    async with SlackSimulator() as slack, AsyncExitStack() as stack:
        for _ in range(10):
            await stack.enter_async_context(line(slack))
        answer = await client(slack, slack.app_token).apps_connections_open(
            app_token=slack.app_token
        )
        async with aiohttp.ClientSession() as session, session.ws_connect(answer["url"]) as socket:
            assert (await socket.receive_json())["reason"] == "too_many_websockets"


async def test_a_revoked_token_ends_everything():
    async with world() as (slack, _):
        await slack.revoke()
        await slack.until(lambda: not slack.sockets.links)
        with pytest.raises(SlackApiError, match="token_revoked"):
            await client(slack).auth_test()
