"""Shows Slack's HTTP mode with a real slack-bolt server: signatures, retries, forms, challenge."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from tests.simulators.slack import SlackSimulator
from tests.simulators.slack.delivery import signature
from tests.simulators.slack.oracle import Heard, bot

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    finally:
        await runner.cleanup()


def handled(handler: Handler) -> web.Application:
    app = web.Application()
    app.router.add_post("/slack/events", handler)
    return app


async def test_bolt_answers_the_challenge_and_takes_signed_events_commands_and_presses():
    heard = Heard()
    async with SlackSimulator(mode="http") as slack:
        app = bot(slack, heard, answer="All is well.")
        async with served(app.web_app(path="/slack/events")) as url:
            assert await slack.post_to(url)
            ann = slack.person("ann")
            room = slack.group("room", ann)
            await slack.say(room, ann, "hello", mention=True)
            await slack.until(lambda: slack.shown(room) and slack.shown(room)[0].buttons)
            (answer,) = slack.shown(room)
            assert await slack.press(room, ann, answer.id, "Retry") == ""
            assert heard.actions[0]["actions"][0]["value"] == "retry:1:"
            assert await slack.command(room, ann, "moa", "review") == "you said review"
            await slack.settled()


async def test_a_forged_signature_is_refused_by_bolt():
    async with SlackSimulator(mode="http") as slack:
        app = bot(slack, Heard())
        async with served(app.web_app(path="/slack/events")) as url:
            slack.posts.url = url
            status, _, _ = await slack.posts.post("{}", "application/json", 3.0, forged=True)
            assert status == 401


def test_the_signature_is_the_one_that_the_library_checks():
    verifier = SignatureVerifier("secret")
    now = str(int(time.time()))  # noqa: TID251 - the library reads the clock itself
    assert verifier.is_valid("body", now, signature("secret", now, "body"))
    assert not verifier.is_valid("body", now, signature("other", now, "body"))


@pytest.mark.parametrize("stop", [False, True])
async def test_what_fails_is_posted_again_with_its_number_unless_it_says_no(stop):
    seen: list[tuple[str | None, str | None, str]] = []

    async def fail(request: web.Request) -> web.Response:
        number = request.headers.get("X-Slack-Retry-Num")
        reason = request.headers.get("X-Slack-Retry-Reason")
        seen.append((number, reason, (await request.json())["event_id"]))
        return web.Response(status=500, headers={"X-Slack-No-Retry": "1"} if stop else {})

    async with SlackSimulator(mode="http") as slack, served(handled(fail)) as url:
        slack.posts.url, slack.retries = url, (0.0, 0.0, 0.0)
        ann = slack.person("ann")
        await slack.say(slack.dm(ann), ann, "hello")
        await slack.settled()
    assert [number for number, _, _ in seen] == ([None] if stop else [None, "1", "2", "3"])
    assert {reason for _, reason, _ in seen[1:]} <= {"http_error"}
    assert len({event for _, _, event in seen}) == 1


async def test_an_address_that_answers_no_challenge_is_not_taken():
    async def empty(_: web.Request) -> web.Response:
        return web.Response()

    async with SlackSimulator(mode="http") as slack, served(handled(empty)) as url:
        assert not await slack.post_to(url)
