"""Shows how the simulated Slack limits, refuses, breaks off and goes away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.simulators.base import Fault
from tests.simulators.slack import SlackSimulator
from tests.simulators.slack.room import Room, opened


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async with SlackSimulator(scale=1e6) as slack, opened(slack) as room:
        yield room


@pytest.mark.parametrize(
    ("method", "allowed"), [("chat.update", 50), ("chat.startStream", 20), ("reactions.add", 50)]
)
async def test_a_method_called_too_often_is_429_with_a_time_to_wait(room, method, allowed):
    room.slack.rates.scale = 1.0
    answers = [await room.call(method) for _ in range(allowed + 1)]
    assert {each["status"] for each in answers[:-1]} == {200}
    assert (answers[-1]["status"], answers[-1]["error"]) == (429, "ratelimited")
    assert 1 <= int(answers[-1]["after"]) <= 60
    assert room.slack.requests.of(method)[-1].error == "ratelimited"


async def test_a_channel_takes_a_burst_and_then_one_message_a_second(room):
    room.slack.rates.scale = 1.0
    answers = [await room.post(text="x") for _ in range(6)]
    assert [each["status"] for each in answers] == [200] * 5 + [429]
    other = room.slack.dm(room.ann)
    assert (await room.call("chat.postMessage", channel=other.id, text="x"))["ok"]


async def test_faults_refuse_drop_and_reset(room):
    faults = room.slack.faults
    faults.plan("chat.postMessage", Fault(kind="refuse", status=429, retry_after=7))
    refused = await room.post(text="a")
    assert (refused["status"], refused["after"]) == (429, "7")
    faults.plan("chat.postMessage", Fault(kind="refuse", status=200, error="fatal_error"), None)
    assert (await room.post(text="b"))["error"] == "fatal_error"
    assert (await room.post(text="c"))["ok"]
    faults.plan("chat.postMessage", Fault(kind="drop"), Fault(kind="reset"))
    for text in ("dropped", "reset"):
        with pytest.raises(aiohttp.ClientError):
            await room.post(text=text)
    assert [each.text for each in room.slack.shown(room.place)] == ["c", "dropped"]


async def test_a_place_may_be_held_and_slack_may_be_away(room):
    room.slack.flood_wait(room.place, 60)
    held = await room.post(text="x")
    assert (held["status"], held["after"]) == (429, "60")
    direct = room.slack.dm(room.ann)
    assert (await room.call("chat.postMessage", channel=direct.id, text="x"))["ok"]
    await room.slack.go_away()
    with pytest.raises(aiohttp.ClientError):
        await room.call("auth.test")
    room.slack.come_back()
    assert (await room.call("auth.test"))["ok"]


async def test_a_delayed_call_is_done_at_once_and_answered_later(room):
    room.slack.faults.plan("chat.postMessage", Fault(kind="delay", seconds=0.2))
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as group:
        call = group.create_task(room.post(text="x"))
        await room.slack.until(lambda: room.slack.shown(room.place))
        done = loop.time()
        assert not call.done()
    assert call.result()["ok"]
    assert loop.time() - done >= 0.1
