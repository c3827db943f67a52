"""Shows that tools stop in good order with the program, and no server of theirs is left (P6)."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.program import app
from tests.gateway.harness import process_gateway, running_gateway
from tests.gateway.page import Page, answered, answers, stored
from tests.gateway.test_tool_kills import waiting
from tests.gateway.test_tool_servers import gone
from tests.simulators.provider import ProviderSimulator, Reply

SERVER = Path(__file__).parents[1] / "simulators" / "mcp_stdio.py"
PATIENCE = 40.0
CONFIG = """
    providers: {{sim: {{api: chat_completions, base_url: "{url}"}}}}
    moa: {{presets: {{alone: {{enabled: false, aggregator: {{provider: sim, model: big}}}}}}}}
    tools:
      servers:
        free: {{command: [{server}, --with-child, {folder}/free], approve: never}}
        asks: {{command: [{server}, --with-child, {folder}/asks], approve: always}}
"""
"""Both ignore SIGTERM, the end of their input as well once they are frozen, and have a child."""


def calls(name: str, **arguments: str) -> Reply:
    function = {"name": name, "arguments": json.dumps(arguments)}
    call = {"id": "call_1", "type": "function", "function": function}
    return Reply(text="Let me see.", tool_calls=(call,), finish="tool_calls")


@pytest.fixture
async def models() -> AsyncIterator[ProviderSimulator]:
    async with ProviderSimulator({"big": Reply(text="Done.")}) as simulator:
        yield simulator


def config(models: ProviderSimulator, folder: Path) -> str:
    server = f"{sys.executable}, {SERVER}, --stubborn"
    return CONFIG.format(url=models.base_url, server=server, folder=folder)


def started(folder: Path, name: str) -> list[int]:
    """Give the processes of a server that was called: its own, and its child's."""
    child = int((folder / name).read_text())
    status = Path(f"/proc/{child}/stat").read_text()
    return [int(status.rpartition(")")[2].split()[1]), child]


async def test_p6_no_tool_server_outlives_a_second_signal_whatever_it_ignores(models, tmp_path):
    models.replies["big"] = [calls("free__freeze"), Reply(text="Nobody knows.")]
    text = config(models, tmp_path)
    async with process_gateway(text, tmp_path) as process, Page.of(process) as page:
        await page.say("Wait for it.")
        await stored(tmp_path, "SELECT 1 FROM tool_calls WHERE state = 'running'")
        servers = started(tmp_path, "free")
        process.terminate()
        await process.logged("draining")
        process.terminate()
        assert await process.ended() == 1
        for each in servers:
            await gone(each)


async def test_p6_a_tool_that_runs_and_one_that_waits_for_a_yes_are_cut_and_gone_on_with(
    models, tmp_path, monkeypatch
):
    monkeypatch.setattr(app, "DRAIN_SECONDS", 0.2)
    models.replies["big"] = [
        calls("free__freeze"),
        calls("asks__say", text="4"),
        *[Reply(text="So it is.")] * 2,
    ]
    text = config(models, tmp_path)
    async with running_gateway(text, tmp_path) as gateway:
        async with Page.of(gateway, "conversation-1") as page:
            assert (await page.say("Wait for it."))[0] == 202
            await stored(tmp_path, "SELECT 1 FROM tool_calls WHERE state = 'running'")
        async with Page.of(gateway, "conversation-2") as page:
            await page.say("What is it?")
            await page.until(lambda view: bool(waiting(view)))
        servers = [*started(tmp_path, "free"), *started(tmp_path, "asks")]
    for each in servers:
        await gone(each)
    async with running_gateway(text, tmp_path) as gateway:
        async with Page.of(gateway, "conversation-1") as page:
            assert "So it is." in answers(await page.until(answered(1)))[-1]
        async with Page.of(gateway, "conversation-2") as page:
            (frame,) = waiting(await page.until(lambda view: bool(waiting(view))))
            pressed = await page.press("approve", frame["turn_id"], frame["buttons"][0]["value"])
            assert pressed[0] == 202, pressed
            assert "So it is." in answers(await page.until(answered(1)))[-1]
    told = [str(seen.body["messages"]) for seen in models.seen]
    assert sum("Outcome unknown" in each for each in told) == 1
    assert len(told) == 4
