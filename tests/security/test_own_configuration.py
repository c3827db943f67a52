"""A model that tries to change what it runs under: its preset, who is let in, budgets, the file.

There is no tool of ours at all, so none can be talked into it; and nothing that a model says, or
that the bot itself says, is a command, whatever it looks like.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from core.calls import Chunk
from core.menu import MENU
from core.types import ToolCall
from tests.fakes.loop import run_virtual
from tests.fakes.memory_store import MemoryStore
from tests.fakes.tools import FakeServer
from tests.gateway.guarded import ANN, DM, GROUP, Scene, guarded
from tests.gateway.test_tooling import history, scene

ROOT = Path(__file__).parents[2]
COMMANDS = [f"/{each.name} alone" for each in MENU] + [
    "/moa alone channel",
    "/allow fake:eve",
    "@bot /budget 1000000",
    "moa alone",
    "/pair approve ABCDEFGH",
    "/quiet",
]
FILE = "access: {{allow: ['fake:T1'], owners: ['fake:ann']}}\n"


def test_the_only_tools_are_those_of_servers_that_the_file_names():
    """Whoever writes a tool of ours has to look here first, and at who could be talked into it."""
    offering = set()
    for folder in ("core", "gateway", "adapters"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "Tool":
                    offering.add(str(path.relative_to(ROOT)))
    assert offering == {
        "adapters/tools/listing.py",  # what a server lists
        "gateway/http/completions_request.py",  # what a program on /v1 brings, and runs itself
        "adapters/llm/messages_request.py",  # a struct of the wire that has the same name
    }


@pytest.mark.parametrize(
    "name",
    ["config_apply", "gateway__reload", "moa", "set_preset", "files__../moa", "files__", "allow"],
)
def test_a_tool_that_there_is_not_is_not_there(name):
    async def story() -> None:
        server = FakeServer("files", "get")
        call = ToolCall(id="c", name=name, arguments='{"preset": "alone"}')
        wants = [Chunk(tool_calls=(call,), finish="tool_calls")]
        async with scene({"big": [wants, ["Done."]]}, server, approve="never") as here:
            await here.say("Do it.")
            await here.idle()
            assert server.calls == []
            (told,) = [line.text for line in await history(here) if line.role == "tool"]
            assert told.startswith("There is no tool")

    run_virtual(story())


async def _state(here: Scene) -> object:
    """What is set in chat, as the store has it."""
    store = here.parts.store
    assert isinstance(store, MemoryStore)
    return repr(store._settings) + repr(await store.audited(last=50))


@pytest.mark.parametrize("words", COMMANDS)
def test_what_a_model_says_is_no_command(words):
    """Not when it says so, not when an advisor does, not when the platform brings it back to us."""

    async def story() -> None:
        scripts = {name: [[words]] for name in ("a", "b", "big")}
        async with guarded(scripts, more=FILE.format()) as here:
            before = await _state(here)
            await here.say("What can I write?")
            await here.idle()
            await here.say("What can we write?", where=GROUP, addressed=True)
            await here.idle()
            bot = replace(ANN, is_bot=True, is_self=True)
            for where in (DM, GROUP):
                assert await here.say(words, who=bot, where=where) is None
            await here.idle()
            assert await _state(here) == before

    run_virtual(story())
