"""Shows that the worked example is one: its configuration runs, and prints what stands there."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gateway import config as configuration

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "a-worked-example.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
PROGRAM = Path(sys.executable).with_name("moa-gateway")
FIGURES = re.compile(r"\b\d+\.\d s\b|\(since [^)]*\)|console/\w+")
"""What is another one in every run: seconds, the day, the session's name."""


def fenced(language: str) -> list[str]:
    blocks: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    return blocks


def alike(text: str) -> list[str]:
    return [FIGURES.sub("~", line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with the example's configuration."""
    place: Path = tmp_path_factory.mktemp("example")
    (yaml,) = fenced("yaml")
    (place / "example.yaml").write_text(yaml, encoding="utf-8")
    return place


def typed(line: str, folder: Path) -> str:
    """Run a command as the document shows it; what it says aside comes first."""
    words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', line)]
    assert words[0] == "moa-gateway"
    done = subprocess.run(
        [PROGRAM, *words[1:]], cwd=folder, check=True, capture_output=True, text=True, timeout=120
    )
    return done.stderr + done.stdout


def test_the_configuration_is_one(folder, monkeypatch):
    monkeypatch.chdir(folder)
    found = configuration.load(folder / "example.yaml", {})
    assert found.warnings == ()
    assert list(found.catalogue.presets) == ["review"]


def test_the_commands_print_what_the_document_says(folder):
    check, chat, cost, trace = fenced("text")
    (asked,) = (line for line in fenced("sh")[0].splitlines() if "-m" in line)
    shown = re.findall(r"`(moa-gateway (?:config check|cost) [^`]*)`", TEXT)
    assert alike(typed(shown[0], folder)) == alike(check)
    assert sorted(alike(typed(asked, folder))) == sorted(alike(chat))  # two streams, one screen
    assert alike(typed(shown[1], folder))[: len(cost.splitlines())] == alike(cost)
    (path,) = (folder / "example-data" / "traces").glob("*.jsonl")
    turn = json.loads(path.read_text(encoding="utf-8"))
    (step,) = turn["iterations"]
    for name in ("schema", "preset", "ending", "dollars"):
        assert f'  "{name}": {json.dumps(turn[name])},' in trace
    for call in (step["references"][0], *step["aggregator"]):
        assert f'          "dollars": {json.dumps(call["dollars"])},' in trace
