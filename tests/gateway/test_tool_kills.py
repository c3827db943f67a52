"""Shows what a real kill leaves of calls of tools: run once, known as unknown, asked once (P4)."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.gateway.harness import process_gateway
from tests.gateway.page import Page, answered, stored
from tests.patience import PATIENCE
from tests.simulators.provider import ProviderSimulator, Reply

SERVER = Path(__file__).parents[1] / "simulators" / "mcp_stdio.py"
CONFIG = """
    providers:
      sim: {{api: chat_completions, base_url: "{url}"}}
    moa:
      presets:
        alone: {{enabled: false, aggregator: {{provider: sim, model: big}}}}
    tools:
      servers:
        files: {{command: [{python}, {server}], approve: {approve}}}
"""


def called(name: str, **arguments: str) -> Reply:
    function = {"name": f"files__{name}", "arguments": json.dumps(arguments)}
    call = {"id": "call_1", "type": "function", "function": function}
    return Reply(text="Let me see.", tool_calls=(call,), finish="tool_calls")


@pytest.fixture
async def models() -> AsyncIterator[ProviderSimulator]:
    async with ProviderSimulator({"big": Reply(text="Done.")}) as simulator:
        yield simulator


def config(models: ProviderSimulator, approve: str) -> str:
    return CONFIG.format(url=models.base_url, python=sys.executable, server=SERVER, approve=approve)


def last_result(models: ProviderSimulator) -> str:
    lines = models.seen[-1].body["messages"]
    return next(str(line["content"]) for line in reversed(lines) if line["role"] == "tool")


async def test_killed_while_a_tool_runs_it_is_not_run_again_and_said_so(models, tmp_path):
    models.replies["big"] = [called("wait"), Reply(text="Nobody knows.")]
    text = config(models, "never")
    async with process_gateway(text, tmp_path) as process, Page.of(process) as page:
        await page.say("Wait for it.")
        await stored(tmp_path, "SELECT 1 FROM tool_calls WHERE state = 'running'")
        process.kill()
        await process.ended()
    async with process_gateway(text, tmp_path) as process, Page.of(process) as page:
        await page.until(answered(1))
    assert len(models.seen) == 2
    assert "Outcome unknown" in last_result(models)
    lines = await stored(tmp_path, "SELECT role FROM history ORDER BY number")
    assert [role for (role,) in lines] == ["user", "assistant", "tool", "assistant"]


async def test_killed_behind_a_tool_its_result_is_kept_and_its_call_not_paid_for_again(
    models, tmp_path
):
    models.replies["big"] = [called("say", text="4"), Reply(first=60), Reply(text="Four.")]
    text = config(models, "never")
    async with process_gateway(text, tmp_path) as process, Page.of(process) as page:
        await page.say("What is it?")
        await stored(tmp_path, "SELECT 1 FROM tool_calls WHERE state = 'done'")
        async with asyncio.timeout(PATIENCE):
            while len(models.seen) < 2:  # noqa: ASYNC110 - the model is asked again
                await asyncio.sleep(0.01)
        process.kill()
        await process.ended()
    async with process_gateway(text, tmp_path) as process, Page.of(process) as page:
        view = await page.until(answered(1))
    first, cut, again = [seen.body["messages"] for seen in models.seen]
    assert cut == again
    assert again[: len(first)] == first
    assert last_result(models) == "4"
    (answer,) = [s["frame"] for s in view["turns"][0]["shown"] if s["frame"]["kind"] == "part"]
    assert [*answer["blocks"]] == ["<p>Let me see.</p>\n", "<p>Four.</p>\n"]
    calls = await stored(tmp_path, "SELECT position, text FROM calls ORDER BY position")
    assert [text for _, text in calls] == ["Let me see.", "Four."]


async def test_killed_while_somebody_is_asked_the_button_works_afterwards(models, tmp_path):
    models.replies["big"] = [called("say", text="4"), Reply(text="Four.")]
    text = config(models, "always")
    async with process_gateway(text, tmp_path) as process, Page.of(process) as page:
        await page.say("What is it?")
        await page.until(lambda view: bool(waiting(view)))
        process.kill()
        await process.ended()
    async with process_gateway(text, tmp_path) as process, Page.of(process) as page:
        view = await page.until(lambda view: bool(waiting(view)))
        (frame,) = waiting(view)
        await page.press("approve", frame["turn_id"], frame["buttons"][0]["value"])
        view = await page.until(answered(1))
        assert waiting(view) == []
    assert last_result(models) == "4"
    assert len(models.seen) == 2
    assert await stored(tmp_path, "SELECT decision FROM tool_calls") == [("used",)]


def waiting(view):
    shown = [each["frame"] for turn in view["turns"] for each in turn["shown"]]
    return [each for each in shown if each["kind"] == "permission" and each["buttons"]]
