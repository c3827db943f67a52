"""Shows that a full disk is said once, waited for, and loses nothing (P9)."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import AsyncIterator

import pytest

from tests.gateway.harness import Process, process_gateway
from tests.gateway.page import Page, answered, answers, stored, writing
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


@pytest.fixture
async def models() -> AsyncIterator[ProviderSimulator]:
    replies = {"quick": Reply(text="Take the train."), "big": Reply(text="Go by train.")}
    async with ProviderSimulator(replies) as simulator:
        yield simulator


def config(models: ProviderSimulator) -> str:
    return CONFIG.format(url=models.base_url)


@pytest.fixture(autouse=True)
def unmeasured(monkeypatch):
    """Coverage writes a file when a child ends, which a full disk would not take either."""
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)


def no_space(process: Process) -> None:
    """Let the running program write nothing more into any file."""
    limits = resource.prlimit(process.child.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.child.pid, resource.RLIMIT_FSIZE, (1, limits[1]))


def space_again(process: Process) -> None:
    hard = resource.prlimit(process.child.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(process.child.pid, resource.RLIMIT_FSIZE, (hard, hard))


def complaints(process: Process) -> list[str]:
    return [line for line in process.stderr if "store_takes_nothing" in line]


async def test_what_cannot_be_stored_is_not_acknowledged_and_may_be_sent_again(models, tmp_path):
    async with process_gateway(config(models), tmp_path) as process, Page.of(process) as page:
        no_space(process)
        for _ in range(5):
            status, body = await page.say("How do I get there?", event_id="event-0001")
            assert status == 503
            assert "space" in body["error"]["message"]
        assert len(complaints(process)) == 1
        space_again(process)
        assert await page.say("How do I get there?", event_id="event-0001") == (
            202,
            {"kind": "message", "event_id": "event-0001", "repeated": False},
        )
        assert answers(await page.until(answered(1))) == ["Go by train."]
        await process.logged("store_takes_data_again")
        assert not any("Traceback" in line for line in process.stderr)


async def test_a_turn_waits_for_space_and_is_neither_lost_nor_asked_twice(models, tmp_path):
    models.replies["big"] = Reply(text="Go by train, and do not worry.", between=0.1)
    async with process_gateway(config(models), tmp_path) as process, Page.of(process) as page:
        await page.say("How do I get there?")
        await page.until(writing)
        no_space(process)
        await process.logged("store_takes_nothing")
        assert not answers(await page.look())
        space_again(process)
        view = await page.until(answered(1))
        await process.logged("store_takes_data_again")
    assert answers(view) == ["Go by train, and do not worry."]
    assert [seen.body["model"] for seen in models.seen] == ["quick", "big"]
    assert len(complaints(process)) == 1


async def test_a_turn_that_waits_for_space_outlives_a_kill(models, tmp_path):
    models.replies["big"] = Reply(text="Go by train, and do not worry.", between=0.1)
    async with process_gateway(config(models), tmp_path) as process, Page.of(process) as page:
        await page.say("How do I get there?")
        await page.until(writing)
        await stored(tmp_path, "SELECT 1 FROM turns WHERE references_done = 1")
        no_space(process)
        await process.logged("store_takes_nothing")
        process.kill()
        await process.ended()
    async with process_gateway(config(models), tmp_path) as process, Page.of(process) as page:
        view = await page.until(answered(1))
    assert answers(view) == ["Go by train, and do not worry."]
    assert [seen.body["model"] for seen in models.seen] == ["quick", "big", "big"]


async def test_it_stops_in_time_though_nothing_can_be_written(models, tmp_path):
    async with process_gateway(config(models), tmp_path) as process, Page.of(process) as page:
        await page.say("How do I get there?")
        await page.until(answered(1))
        no_space(process)
        process.terminate()
        await process.ended()
        assert not any("Traceback" in line for line in process.stderr)
    with sqlite3.connect(tmp_path / "data" / "moa-gateway.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
