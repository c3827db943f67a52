"""Shows how the program stops: turns end or wait for the next start, nothing is lost (P6)."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress

import aiohttp
import pytest

from gateway.http import app as http_app
from gateway.program import app
from tests.gateway.harness import process_gateway, running_gateway
from tests.gateway.page import Page, answered, answers, notices, row_is, stored, writing
from tests.simulators.provider import ProviderSimulator, Reply

CONFIG = """
    providers:
      sim: {{api: chat_completions, base_url: "{url}"}}
    moa:
      presets:
        review:
          reference_models: [{{provider: sim, model: quick}}]
          aggregator: {{provider: sim, model: big}}
          fanout: user_turn
"""
PROGRAM = {"model": "review", "stream": True, "messages": [{"role": "user", "content": "Hi?"}]}


@pytest.fixture
async def models() -> AsyncIterator[ProviderSimulator]:
    replies = {
        "quick": Reply(text="Take the train."),
        "big": Reply(text="Go by train, and do not worry about it.", between=0.2),
    }
    async with ProviderSimulator(replies) as simulator:
        yield simulator


def config(models: ProviderSimulator) -> str:
    return CONFIG.format(url=models.base_url)


async def test_a_turn_that_ends_in_time_is_delivered_and_the_exit_is_clean(models, tmp_path):
    async with process_gateway(config(models), tmp_path) as process, Page.of(process) as page:
        await page.say("How do I get there?")
        await page.until(writing)
        process.terminate()
        await process.logged("draining")
        assert await process.ended() == 0
    async with process_gateway(config(models), tmp_path) as process, Page.of(process) as page:
        assert answers(await page.look()) == ["Go by train, and do not worry about it."]
        assert not any("recovered" in line for line in process.stderr)
    assert [seen.body["model"] for seen in models.seen] == ["quick", "big"]


async def test_what_comes_while_it_stops_is_refused_in_words(models, tmp_path):
    async with process_gateway(config(models), tmp_path) as process, Page.of(process) as page:
        await page.say("How do I get there?")
        await page.until(writing)
        process.terminate()
        await process.logged("draining")
        status, body = await page.say("And back?")
        assert status == 503
        assert "stopping" in body["error"]["message"]
        async with page.http.post("/v1/chat/completions", json=PROGRAM) as response:
            assert response.status == 503
        assert await process.ended() == 0


async def test_open_streams_and_idle_connections_do_not_hold_the_exit_up(
    models, tmp_path, monkeypatch
):
    monkeypatch.setattr(app, "DRAIN_SECONDS", 600.0)
    monkeypatch.setattr(http_app, "CLOSING_SECONDS", 600.0)
    async with AsyncExitStack() as stack:
        opened = []
        async with running_gateway(config(models), tmp_path) as gateway:
            page = await stack.enter_async_context(Page.of(gateway))
            for _ in range(2):
                stream = page.http.get(f"{page.path}/events")
                opened.append(await stack.enter_async_context(stream))
            await page.look()  # leaves a connection that is kept alive
        for events in opened:  # it has ended: they were let go
            with suppress(aiohttp.ClientError):
                assert b"event: frame" not in await events.content.read()


async def test_a_turn_that_does_not_end_in_time_is_finished_after_the_next_start(
    models, tmp_path, monkeypatch
):
    monkeypatch.setattr(app, "DRAIN_SECONDS", 0.2)
    models.replies["big"] = [Reply(first=60), Reply(text="Go by train.")]
    async with running_gateway(config(models), tmp_path) as gateway, Page.of(gateway) as page:
        await page.say("How do I get there?")
        await page.until(row_is(1, "ok"))
        await gateway.calls.until_asked("big")
        gateway.stop.set()
        await gateway.calls.until_quiet()
    assert models.in_flight == 0
    async with running_gateway(config(models), tmp_path) as gateway, Page.of(gateway) as page:
        view = await page.until(answered(1))
        assert [each.model for each in gateway.calls.asked] == ["big"]
    assert answers(view) == ["Go by train."]
    assert notices(view) == []


async def test_a_program_on_v1_gets_its_whole_answer_while_it_stops(models, tmp_path):
    async with process_gateway(config(models), tmp_path) as process, Page.of(process) as page:
        async with page.http.post("/v1/chat/completions", json=PROGRAM) as response:
            await response.content.readline()
            process.terminate()
            text = (await response.content.read()).decode()
        assert text.rstrip().endswith("data: [DONE]")
        assert await process.ended() == 0


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_ends_it_at_once_and_nothing_is_lost(models, tmp_path, second):
    models.replies["big"] = [Reply(first=60), Reply(text="Go by train.")]
    async with process_gateway(config(models), tmp_path) as process, Page.of(process) as page:
        await page.say("How do I get there?")
        await stored(tmp_path, "SELECT 1 FROM turns WHERE references_done = 1")
        process.terminate()
        await process.logged("draining")
        process.child.send_signal(second)
        assert await process.ended() == 1  # 0, had it waited for the answer
    async with process_gateway(config(models), tmp_path) as process, Page.of(process) as page:
        assert answers(await page.until(answered(1))) == ["Go by train."]


async def test_interrupted_at_the_keyboard_it_ends_as_well(models, tmp_path):
    async with process_gateway(config(models), tmp_path) as process:
        process.child.send_signal(signal.SIGINT)
        assert await process.ended() == 0
