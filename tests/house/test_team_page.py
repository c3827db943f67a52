"""What the page for a team lead quotes, people can say, and the program says."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from core.menu import ALIASES, MENU, entry, who_for
from gateway.cli.root import root

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "team.md").read_text(encoding="utf-8")
MARKED = list(dict.fromkeys(re.findall(r"`([^`\n]+)`", PAGE)))
SAID = [
    str(node.value)
    for path in (ROOT / "core").rglob("*.py")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    if isinstance(node, ast.Constant) and isinstance(node.value, str)
]


def commands() -> list[str]:
    return [each for each in MARKED if re.match(r"/[a-z]|@MoA ", each)]


@pytest.mark.parametrize("command", commands())
def test_a_command_that_it_names_is_there(command):
    name = re.split(r"[ ]", command.removeprefix("@MoA ").removeprefix("/"))[0]
    assert entry(name) is not None


def test_it_names_every_command_beside_those_who_may_give_it():
    table = dict(re.findall(r"^\| ([^|]+) \| (`/[^|]+) \|$", PAGE, re.MULTILINE))
    for row, cell in table.items():
        for command in re.findall(r"`/([^`]+)`", cell):
            name, _, args = command.partition(" ")
            chosen_for_all = command == "moa NAME"  # that is decided where it is known what for
            assert ("admins" if chosen_for_all else who_for(name, args)) in ROWS[row], command
    named = {name for cell in table.values() for name in re.findall(r"`/([a-z]+)", cell)}
    assert named == {each.name for each in MENU} - {"help"} - set(ALIASES)


ROWS = {
    "everybody who is let in": {"anybody", "members", "oneself"},
    "whoever asked, and admins": {"asker"},
    "admins of the place": {"admins"},
    "whom `access.admins` and `access.owners` name": {"operators", "owners"},
}


@pytest.mark.parametrize("sentence", re.findall(r'^\| "([^"]+)"', PAGE, re.MULTILINE))
def test_a_sentence_that_it_quotes_is_the_program_s_own(sentence):
    words = re.sub(r"\b\d+\b", "", sentence).split("  ")
    assert all(any(each in said for said in SAID) for each in words), sentence


@pytest.mark.parametrize("command", [e for e in MARKED if e.startswith("moa-gateway ")])
def test_a_command_of_the_shell_that_it_names_is_there(command):
    _, group, *rest = command.split()
    found = root.commands[group]
    below = getattr(found, "commands", {})
    assert not below or rest[0] in below
