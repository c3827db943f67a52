"""Shows that whatever is wrong with a token, a scope or a payload is one line that says so."""

from __future__ import annotations

import asyncio
import logging

import pytest

from adapters.chat.slack import SlackChat
from core.errors import ChatBusy, ChatError, ChatRefused, ChatUnknown
from core.types import Address
from tests.adapters.chat.slack.conftest import Clocked, Inbox, nobody_s_home, options
from tests.adapters.chat.slack.frames import final
from tests.simulators.base import Fault
from tests.simulators.slack import SlackSimulator


async def refusal(slack: SlackSimulator, **changed: str) -> str:
    chat = SlackChat(options(slack, **changed), clock=Clocked(), home=nobody_s_home)
    with pytest.raises(ChatRefused) as caught:
        async with asyncio.timeout(40):
            await chat.run(Inbox(slack))
    said = str(caught.value)
    assert "\n" not in said
    assert "xoxb" not in said
    assert "xapp-s" not in said
    return said


async def test_a_wrong_token_names_itself():
    async with SlackSimulator() as slack:
        assert "platforms.slack.bot_token is not accepted" in await refusal(
            slack, bot_token="xoxb-wrong"
        )
        assert "platforms.slack.app_token is not accepted" in await refusal(
            slack, app_token="xapp-wrong"
        )
        assert "platforms.slack.app_token is of the wrong kind" in await refusal(
            slack, app_token=slack.bot_token
        )
        assert "platforms.slack.bot_token is of the wrong kind" in await refusal(
            slack, bot_token=slack.app_token
        )
        assert "app_token is missing" in await refusal(slack, app_token="")
        assert "signing_secret is missing" in await refusal(slack, mode="http")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("account_inactive", "deactivated"),
        ("token_revoked", "revoked"),
        ("token_expired", "expire"),
    ],
)
async def test_a_token_that_was_good_once_says_what_became_of_it(error, said):
    async with SlackSimulator() as slack:
        slack.faults.plan("auth.test", Fault(kind="refuse", status=200, error=error))
        assert said in await refusal(slack)


async def test_a_token_that_is_revoked_later_ends_the_listening():
    async with SlackSimulator() as slack:
        chat = SlackChat(options(slack), clock=Clocked(), home=nobody_s_home)
        async with asyncio.timeout(40), asyncio.TaskGroup() as group:
            listening = group.create_task(ended(chat, slack))
            await slack.connected()
            revoked = Fault(kind="refuse", status=200, error="token_revoked")
            slack.faults.plan("apps.connections.open", *[revoked] * 9)
            await slack.disconnect()
        assert isinstance(listening.result(), ChatRefused)
        assert "platforms.slack.app_token was revoked" in str(listening.result())


async def ended(chat: SlackChat, slack: SlackSimulator) -> ChatError:
    with pytest.raises(ChatError) as caught:
        await chat.run(Inbox(slack))
    return caught.value


async def test_a_missing_scope_is_named_with_what_to_do(caplog):
    async with SlackSimulator() as slack:
        slack.backend.scopes -= {"chat:write"}
        assert "lacks the scopes chat:write" in await refusal(slack)
        slack.backend.scopes |= {"chat:write"}
        slack.backend.scopes -= {"files:write", "users:read"}
        chat = SlackChat(options(slack), clock=Clocked(), home=nobody_s_home)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(chat.run(Inbox(slack)))
            await slack.connected()
            running.cancel()
        (line,) = [each for each in caplog.messages if "scope" in each]
        assert "files:write, users:read" in line


async def test_no_token_is_ever_logged(world, caplog):
    caplog.set_level(logging.DEBUG)
    ann = world.slack.person("ann")
    await world.slack.say(world.slack.dm(ann), ann, "hi")
    await world.chat.acknowledge(await world.inbox.message())
    await world.slack.disconnect()
    await world.slack.until(lambda: world.slack.sockets.opened > 1)
    assert world.slack.bot_token not in caplog.text
    assert world.slack.app_token not in caplog.text


async def test_slack_that_cannot_be_reached_is_no_refusal():
    async with SlackSimulator() as slack:
        gone = options(slack)
    chat = SlackChat(gone, clock=Clocked(), home=nobody_s_home)
    with pytest.raises(ChatError, match="cannot be reached") as caught:
        await chat.run(Inbox(slack))
    assert not isinstance(caught.value, ChatRefused)
    with pytest.raises(ChatError) as posting:
        await chat.post(Address(platform="slack", channel="C1"), final("x"), delivery_id="d")
    assert not isinstance(posting.value, ChatUnknown)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="refuse", status=500, error="internal_error"),
        Fault(kind="refuse", status=200, error="fatal_error"),
        Fault(kind="drop"),
    ],
)
async def test_a_post_of_which_nobody_knows_is_never_taken_for_refused(world, fault):
    room = world.slack.group("room")
    world.slack.faults.plan("chat.postMessage", fault)
    with pytest.raises(ChatUnknown):
        await world.chat.post(
            Address(platform="slack", channel=room.id), final("x"), delivery_id="d"
        )


async def test_flood_control_carries_its_seconds(world):
    room = world.slack.group("room")
    world.slack.faults.plan("chat.postMessage", Fault(kind="refuse", status=429, retry_after=30))
    with pytest.raises(ChatBusy) as caught:
        await world.chat.post(
            Address(platform="slack", channel=room.id), final("x"), delivery_id="d"
        )
    assert caught.value.retry_after == 30


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"type": "message"},
        {"type": "message", "channel": {"id": "C1"}, "user": "U1", "ts": "1.0"},
        {"type": "message", "channel": "C1", "user": "U1", "ts": "nonsense", "text": "hi"},
        {"type": "message", "channel": "C1", "user": "U1", "ts": "1.0", "files": "none"},
        {"type": "app_mention", "channel": "C1", "user": 7, "ts": None},
        {"type": "agent_session_stopped", "channel": "C1"},
        {"type": "channel_created", "channel": {"id": "C9"}},
        {"type": "app_home_opened"},
    ],
)
async def test_a_malformed_event_is_acknowledged_and_the_next_is_answered(world, event):
    outcome = await world.slack.deliver("events_api", {"type": "event_callback", "event": event})
    assert not outcome.error
    ann = world.slack.person("ann")
    await world.slack.say(world.slack.dm(ann), ann, "fine?")
    await world.slack.until(
        lambda: [each for each in world.inbox.kept if getattr(each, "text", "") == "fine?"]
    )


async def test_a_message_is_taken_though_what_stands_around_it_is_odd(world):
    ann = world.slack.person("ann")
    said = {"type": "message", "channel": "D1", "user": ann.id, "ts": "1.0", "text": "hi"}
    odd = {"type": "event_callback", "event": said, "authorizations": [None], "team": 7}
    assert not (await world.slack.deliver("events_api", odd)).error
    assert (await world.inbox.message()).text == "hi"


async def test_what_breaks_the_gateway_is_logged_and_comes_again(world, caplog):
    world.inbox.refuse = [RuntimeError("a bug")]
    world.slack.ack_seconds = 0.3
    ann = world.slack.person("ann")
    await world.slack.say(world.slack.dm(ann), ann, "keep this")
    assert (await world.inbox.message()).text == "keep this"
    (line,) = [each for each in caplog.records if each.levelname == "ERROR"]
    assert "something was not taken in" in line.getMessage()


@pytest.mark.parametrize("payload", [{}, {"type": "view_submission"}, {"actions": [{}]}])
async def test_a_malformed_press_is_acknowledged(world, payload):
    assert not (await world.slack.deliver("interactive", payload)).error
    assert not (await world.slack.deliver("slash_commands", payload)).error
    assert not world.inbox.kept


async def test_a_message_of_a_hundred_thousand_characters_comes_through(world):
    ann = world.slack.person("ann")
    await world.slack.say(world.slack.dm(ann), ann, "ß" * 100_000)
    assert len((await world.inbox.message()).text) == 100_000
