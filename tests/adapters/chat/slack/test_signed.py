"""Shows that only Slack's own, fresh requests come in by HTTP, and only what is stored is taken."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlencode

import aiohttp
import pytest

from adapters.chat.slack import SlackChat, people
from core.errors import StoreFull
from core.types import Command
from tests.adapters.chat.slack.conftest import Inbox, nobody_s_home, options, served
from tests.fakes.clock import FakeClock
from tests.patience import PATIENCE
from tests.simulators.slack import SlackSimulator

SECRET = "simulated-signing-secret"


@dataclass(slots=True, kw_only=True)
class Door:
    """The one path, and a way to knock."""

    url: str
    clock: FakeClock
    inbox: Inbox
    slack: SlackSimulator

    async def knock(self, body, *, late=0.0, secret=SECRET, form=False, signature=None, stamp=""):
        stamp = stamp or str(int(self.clock.now().timestamp() - late))
        raw = urlencode(body).encode() if form else body
        raw = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
        made = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + raw, hashlib.sha256)
        headers = {
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={made.hexdigest()}" if signature is None else signature,
            "Content-Type": "application/x-www-form-urlencoded" if form else "application/json",
        }
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.url, data=raw, headers=headers) as answer,
        ):
            return answer.status, await answer.text()


@pytest.fixture
async def door(monkeypatch) -> AsyncIterator[Door]:
    monkeypatch.setattr(people, "PATIENCE", PATIENCE)  # who knocks is no Slack, and in no hurry
    clock = FakeClock()
    async with SlackSimulator(mode="http") as slack:
        chat = SlackChat(
            options(slack, mode="http", signing_secret=SECRET), clock=clock, home=nobody_s_home
        )
        inbox = Inbox(slack)
        async with served(chat) as url, asyncio.TaskGroup() as group:
            knocking = Door(url=f"{url}/slack/events", clock=clock, inbox=inbox, slack=slack)
            assert (await knocking.knock(event("too early")))[0] == 503
            running = group.create_task(chat.run(inbox))
            await slack.until(lambda: slack.requests.of("auth.test"))
            async with asyncio.timeout(PATIENCE):
                while (await knocking.knock({"event": {"type": "nothing"}}))[0] != 200:
                    continue  # it is asked anew over the loop, which goes on connecting
            yield knocking
            running.cancel()


def event(text):
    said = {
        "type": "message",
        "channel": "D1",
        "channel_type": "im",
        "user": "U1",
        "ts": "1.000100",
    }
    return {"type": "event_callback", "team_id": "T0MOA0001", "event": said | {"text": text}}


async def test_what_is_signed_and_fresh_comes_in(door):
    assert await door.knock(event("hi")) == (200, "")
    assert (await door.inbox.message()).text == "hi"


async def test_the_challenge_is_answered(door):
    status, text = await door.knock({"type": "url_verification", "challenge": "3eZ"})
    assert (status, json.loads(text)) == (200, {"challenge": "3eZ"})


@pytest.mark.parametrize("late", [301, -301])
async def test_what_is_old_or_early_does_not(door, late):
    assert (await door.knock(event("hi"), late=late))[0] == 401
    assert (await door.knock(event("hi"), late=late - late // 100))[0] == 200


async def test_what_somebody_else_signed_does_not(door):
    assert (await door.knock(event("hi"), secret="other"))[0] == 401
    for signature in ("", "v0=", "v0=ü", "v1=" + "0" * 64):
        assert (await door.knock(event("hi"), signature=signature))[0] == 401
    for stamp in ("soon", "1e9", "-", "٣"):
        assert (await door.knock(event("hi"), stamp=stamp))[0] == 401
    challenge = {"type": "url_verification", "challenge": "3eZ"}
    assert (await door.knock(challenge, secret="other"))[0] == 401
    assert not door.inbox.kept


async def test_what_is_not_stored_is_not_taken(door):
    door.inbox.refuse = [StoreFull("The disk is full.")]
    assert (await door.knock(event("hi")))[0] == 503
    assert (await door.knock(event("hi")))[0] == 200
    assert len(door.inbox.kept) == 1


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[]", b'"x"', b"null", b"{}"])
async def test_what_cannot_be_read_breaks_nothing(door, body):
    assert (await door.knock(body))[0] in {200, 400}
    assert (await door.knock({"payload": body.decode("latin-1")}, form=True))[0] in {200, 400}
    assert await door.knock(event("hi")) == (200, "")


async def test_a_check_of_the_certificate_is_answered(door):
    assert await door.knock({"ssl_check": "1", "token": "x"}, form=True) == (200, "")
    assert not door.inbox.kept


async def test_a_command_comes_in_whatever_words_it_has(door):
    said = {"command": "/moa", "text": "payload & more", "user_id": "U1"}
    rest = {"channel_id": "D1", "trigger_id": "t1", "team_id": "T1"}
    assert await door.knock(said | rest, form=True) == (200, "")
    command = await door.inbox.next()
    assert isinstance(command, Command)
    assert command.args == "payload & more"


async def test_commands_are_told_apart_though_the_server_gives_each_the_same_trigger(door):
    first = {"command": "/moa", "text": "cost", "user_id": "U1", "channel_id": "D1"}
    first |= {"trigger_id": "t1", "team_id": "T1", "response_url": "https://a.example/1"}
    others = ({"user_id": "U2"}, {"text": "help"}, {"response_url": "https://a.example/2"})
    for said in (first, first, *(first | each for each in others)):
        assert await door.knock(said, form=True) == (200, "")
    for _ in range(4):
        assert isinstance(await door.inbox.next(), Command)
    assert len(door.inbox.kept) == 4  # the same one again is the same one


async def test_bolt_asks_slack_nothing_about_what_it_takes_in(door):
    for number in range(3):
        assert await door.knock(event(str(number))) == (200, "")
    assert await door.knock({"type": "url_verification", "challenge": "3eZ"})
    assert await door.knock({"type": "something_new"}) == (200, "")
    assert len(door.slack.requests.of("auth.test")) == 1


async def test_what_breaks_the_gateway_is_logged_and_not_taken(door, caplog):
    door.inbox.refuse = [RuntimeError("a bug")]
    assert (await door.knock(event("hi")))[0] == 500
    (line,) = [each for each in caplog.records if each.levelname == "ERROR"]
    assert "slack: something was not taken in" in line.getMessage()
    assert line.exc_info
    assert (await door.knock(event("hi")))[0] == 200


@pytest.fixture
def strange_surroundings(monkeypatch):
    """Set what Bolt would look for in the environment."""
    for name in ("BOT_TOKEN", "SIGNING_SECRET", "CLIENT_ID", "CLIENT_SECRET", "APP_TOKEN"):
        monkeypatch.setenv(f"SLACK_{name}", "somebody else's")


@pytest.mark.usefixtures("strange_surroundings")
async def test_another_program_s_environment_changes_nothing(door):
    assert (await door.knock(event("hi"), secret="somebody else's"))[0] == 401
    assert await door.knock(event("hi")) == (200, "")
    status, text = await door.knock({"type": "url_verification", "challenge": "3eZ"})
    assert (status, json.loads(text)) == (200, {"challenge": "3eZ"})
