"""Every call that the code makes to a platform stands in the tables of P2: a new one needs a row.

The calls are read from the code of the adapters; the rows are those of `tests/promises/`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.chat.discord import routes
from tests.simulators.discord.interactions import Interactions
from tests.simulators.discord.rest import routes as served
from tests.simulators.discord.simulator import DiscordSimulator

ROOT = Path(__file__).parents[2]
CHAT = ROOT / "adapters" / "chat"
ROWS = ROOT / "tests" / "promises"
METHOD = re.compile(r"(?:get|set|send|edit|delete|answer|leave|forward|copy|pin|create)[A-Z]\w+")


def nodes(platform: str) -> Iterator[ast.AST]:
    """Give every node of the code of an adapter."""
    for file in sorted((CHAT / platform).rglob("*.py")):
        yield from ast.walk(ast.parse(file.read_text(encoding="utf-8")))


def texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def telegram() -> set[str]:
    """Give the methods that are named in the code: they are called by their names."""
    named = {text for node in nodes("telegram") for text in texts(node) if METHOD.fullmatch(text)}
    return {*named, "download"}


def slack() -> set[str]:
    """Give the methods of the client library that are called, by their names at Slack."""
    called = {
        node.func.attr.replace("_", ".")
        for node in nodes("slack")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if isinstance(node.func.value, ast.Attribute) and node.func.value.attr == "web"
    }
    return {*called, "upload", "respond", "download"}


def discord() -> set[str]:
    """Give the routes that are asked for, by the names that the simulator has for them."""
    sim = DiscordSimulator()
    known = {(each.method, blank(each.path)): each.name for each in served(Interactions(sim.desk))}
    return {known[each] for each in asked()} | {"download"}


def asked() -> Iterator[tuple[str, str]]:
    """Give method and path of every route that the code makes."""
    for node in nodes("discord"):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if not isinstance(node.func.value, ast.Name) or node.func.value.id != "routes":
            continue
        given = [text for each in node.args for text in texts(each)]
        make = getattr(routes, node.func.attr)
        blanks = ["0"] * (make.__code__.co_argcount - len(given[:1]))
        made = make(*given[:1], *blanks)
        for route in made if isinstance(made, tuple) else (made,):
            yield route.method, blank(route.path)


def blank(path: str) -> str:
    return re.sub(r"\{\w+\}|@original", "{}", path)


@pytest.mark.parametrize("calls", [telegram, slack, discord], ids=["telegram", "slack", "discord"])
def test_every_call_to_a_platform_has_a_row(calls):
    found = calls()
    assert len(found) > 15
    pages = [*ROWS.glob("test_p2_every_call*.py"), *ROWS.glob("test_p2_calls_of_*.py")]
    rows = {
        text.partition(" ")[0]
        for page in pages
        for node in ast.walk(ast.parse(page.read_text(encoding="utf-8")))
        for text in texts(node)
    }
    assert found - rows == set(), "a call without a row in the tables of P2"
