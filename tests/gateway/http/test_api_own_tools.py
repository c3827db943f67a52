"""Shows the gateway's own tools on /v1: only where nobody has to be asked, and never mixed in."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from tests.gateway.harness import running_gateway
from tests.gateway.http.programs import CLOCK, asked, client, mixture

SERVER = Path(__file__).parents[2] / "simulators" / "mcp_stdio.py"
ANSWERS = """
    wise: "Ask the tool."
    bold: "Just guess."
    big:
      - text: Let me see.
        tool_calls: [{name: free__say, arguments: {text: a secret result}}]
      - "It is said."
"""
SERVERS = f"""
tools:
  servers:
    free: {{command: [{sys.executable}, {SERVER}], tools: [say], approve: never}}
    asks: {{command: [{sys.executable}, {SERVER}], tools: [say], approve: always}}
"""


async def test_a_program_without_tools_gets_an_answer_that_used_ours_moa_40(tmp_path):
    config = mixture(ANSWERS, more=SERVERS)
    async with running_gateway(config, tmp_path) as gateway, client(gateway) as api:
        answer = await api.chat.completions.create(model="review", messages=asked())
        calls = [each.call for each in gateway.calls.asked]
    (choice,) = answer.choices
    assert choice.message.content == "Let me see.\n\nIt is said."
    assert choice.message.tool_calls is None
    assert choice.finish_reason == "stop"
    acting = [each for each in calls if each.slot.model == "big"]
    assert [[tool.name for tool in each.tools] for each in acting] == [["free__say"]] * 2
    assert [line.text for line in acting[1].lines if line.role == "tool"] == ["a secret result"]
    assert all(not each.tools for each in calls if each.slot.model != "big")


async def test_the_stream_says_what_the_whole_answer_says(tmp_path):
    config = mixture(ANSWERS, more=SERVERS)
    async with running_gateway(config, tmp_path) as gateway, client(gateway) as api:
        stream = await api.chat.completions.create(model="review", messages=asked(), stream=True)
        pieces = [chunk.choices[0].delta async for chunk in stream if chunk.choices]
    assert "".join(each.content or "" for each in pieces) == "Let me see.\n\nIt is said."
    assert not any(each.tool_calls for each in pieces)


async def test_a_program_that_brings_tools_gets_none_of_ours(tmp_path):
    config = mixture(ANSWERS, more=SERVERS)
    async with running_gateway(config, tmp_path) as gateway, client(gateway) as api:
        answer = await api.chat.completions.create(
            model="review", messages=asked(), tools=[CLOCK], max_tokens=50
        )
        (acting,) = gateway.calls.of("big")
    assert [each.name for each in acting.tools] == ["clock"]
    assert answer.choices[0].finish_reason == "tool_calls"


async def test_nothing_of_what_a_tool_was_asked_and_said_is_kept(tmp_path):
    config = mixture(ANSWERS, more=SERVERS)
    async with running_gateway(config, tmp_path) as gateway, client(gateway) as api:
        await api.chat.completions.create(model="review", messages=asked())
    with closing(sqlite3.connect(tmp_path / "data" / "moa-gateway.db")) as database:
        assert database.execute("SELECT count(*) FROM tool_calls").fetchone() == (0,)
        everything = "\n".join(database.iterdump())
    assert "a secret result" not in everything
    assert "Let me see" not in everything
