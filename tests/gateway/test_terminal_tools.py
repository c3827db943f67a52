"""Shows a tool that needs somebody's yes at the terminal, and that a pipe has nobody to ask."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.gateway.test_terminal import PROMPT, piped, stored, terminal

SERVER = Path(__file__).parents[1] / "simulators" / "mcp_stdio.py"
CONFIG = f"""
data_dir: data
providers:
  fake:
    api: scripted
    answers:
      chief:
        - tool_calls: [{{name: files__say, arguments: {{text: hello}}}}]
        - "You heard: {{last}} That was all."
moa:
  presets:
    alone: {{enabled: false, aggregator: {{provider: fake, model: chief}}}}
tools:
  servers:
    files: {{command: [{sys.executable}, {SERVER}]}}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


async def test_the_person_at_the_terminal_says_yes_and_it_runs(folder):
    async with terminal(folder) as person:
        await person.sees(PROMPT)
        person.type("Say it.\n")
        await person.sees("files/say needs somebody's yes")
        await person.sees('"text": "hello"')
        await person.sees("Type y or n.")
        person.type("y\n")
        await person.sees("That was all.")
        await person.sees("tools: files/say")
        person.type("\x04")
        assert await person.left() == 0
    assert stored(folder, "select decision from tool_calls") == [("used",)]


async def test_the_person_at_the_terminal_says_no_and_nothing_runs(folder):
    async with terminal(folder) as person:
        await person.sees(PROMPT)
        person.type("Say it.\n")
        await person.sees("Type y or n.")
        person.type("n\n")
        await person.sees("That was all.")
        person.type("\x04")
        assert await person.left() == 0
    assert stored(folder, "select decision from tool_calls") == [("refused",)]


async def test_a_pipe_has_nobody_to_ask_so_nothing_runs(folder):
    code, out, err = await piped(folder, "-m", "Say it.")
    assert code == 0
    assert "That was all." in out
    assert "needs somebody's yes" in err + out
    assert stored(folder, "select decision from tool_calls") == [("refused",)]
