"""Shows the shipped program with real tool servers: answers from tools, and nothing left behind."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.gateway.harness import Process, process_gateway
from tests.patience import PATIENCE
from tests.simulators.provider import ProviderSimulator, Reply

SIMULATOR = Path(__file__).parents[1] / "simulators" / "mcp_stdio.py"
CONFIG = """
    providers: {{p: {{api: chat_completions, base_url: "{url}"}}}}
    moa: {{presets: {{alone: {{enabled: false, aggregator: {{provider: p, model: big}}}}}}}}
    tools: {{servers: {{{servers}}}}}
"""


def wants(name: str, **arguments: object) -> Reply:
    function = {"name": name, "arguments": json.dumps(arguments)}
    called = {"id": "c1", "type": "function", "function": function}
    return Reply(text="", tool_calls=(called,), finish="tool_calls")


async def asked(process: Process, question: str) -> str:
    body = {"model": "alone", "messages": [{"role": "user", "content": question}]}
    async with (
        aiohttp.ClientSession(headers=process.headers) as session,
        session.post(f"{process.url}/v1/chat/completions", json=body) as answer,
    ):
        told = await answer.json()
    assert answer.status == 200, told
    text: str = told["choices"][0]["message"]["content"]
    return text


def results(simulator: ProviderSimulator) -> list[str]:
    """What the aggregator was told of its calls, in its last request."""
    lines: list[dict[str, Any]] = simulator.seen[-1].body["messages"]
    return [line["content"] for line in lines if line["role"] == "tool"]


async def gone(pid: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while Path(f"/proc/{pid}").exists():  # noqa: ASYNC110, ASYNC240 - nothing tells
            await asyncio.sleep(0.02)


async def test_an_answer_is_made_with_the_tool_of_a_server_from_pypi(tmp_path):
    replies = {"big": [wants("time__get_current_time", timezone="Asia/Tokyo"), Reply(text="Late.")]}
    servers = "time: {command: [mcp-server-time], approve: never}"
    async with ProviderSimulator(replies) as models:
        text = CONFIG.format(url=models.base_url, servers=servers)
        async with process_gateway(text, tmp_path) as process:
            assert await asked(process, "How late is it in Tokyo?") == "Late."
            (result,) = results(models)
            assert '"timezone": "Asia/Tokyo"' in result
            first = models.seen[0].body["tools"]
            names = [each["function"]["name"] for each in first]
            assert names == ["time__convert_time", "time__get_current_time"]


@pytest.mark.parametrize("how", ["terminate", "kill"])
async def test_no_server_outlives_the_program(tmp_path, how):
    replies = {"big": [wants("our__show"), Reply(text="Shown.")]}
    servers = f"our: {{command: [{sys.executable}, {SIMULATOR}], approve: never}}"
    async with ProviderSimulator(replies) as models:
        text = CONFIG.format(url=models.base_url, servers=servers)
        async with process_gateway(text, tmp_path) as process:
            await asked(process, "Show yourself.")
            (result,) = results(models)
            pid = int(json.loads(result)[3])
            assert Path(f"/proc/{pid}").exists()  # noqa: ASYNC240 - one look
            getattr(process, how)()
            assert await process.ended() == (0 if how == "terminate" else -9)
            await gone(pid)


async def test_a_server_that_does_not_start_costs_the_turn_its_tools_and_nothing_else(tmp_path):
    servers = "broken: {command: [no-such-program], approve: never}"
    async with ProviderSimulator({"big": Reply(text="Without tools.")}) as models:
        text = CONFIG.format(url=models.base_url, servers=servers)
        async with process_gateway(text, tmp_path) as process:
            assert not [
                line for line in process.stderr if "tool_server" in line
            ]  # nobody asked yet
            assert await asked(process, "Do something.") == "Without tools."
            assert "no-such-program" in await process.logged("tool_server_gone")
            assert "tools" not in models.seen[0].body
