"""What child processes are given: of the secrets in this program's environment, none.

Each is started as the program does it, with a script in the place of its interpreter that writes
down what it finds around itself.
"""

from __future__ import annotations

import ast
import os
import shlex
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from adapters.files import pdf
from adapters.llm.embedded_child import running
from adapters.llm.embedded_fetch import SMOLLM2, fetch
from adapters.prices import Prices
from adapters.tools.child import start
from adapters.tools.link import Options
from core.errors import GatewayError
from core.presets import Slot
from tests.fakes.clock import FakeClock

ROOT = Path(__file__).parents[2]
CANARY = "sk-canary-of-the-environment"
OURS = ("OPENAI_API_KEY", "TELEGRAM_TOKEN", "MOA_GATEWAY_TOKEN", "AWS_SECRET_ACCESS_KEY", "PYTHON")


@pytest.fixture
def spy(tmp_path, monkeypatch) -> Path:
    """A program that writes down its environment and ends; ours is full of secrets."""
    for name in OURS:
        monkeypatch.setenv(name, CANARY)
    path: Path = tmp_path / "spy"
    seen = shlex.quote(str(tmp_path / "seen"))
    path.write_text(f"#!/bin/sh\n/usr/bin/env > {seen}.new\n/bin/mv {seen}.new {seen}\n")
    path.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(path))
    return path


def seen(spy: Path) -> dict[str, str]:
    lines = spy.with_name("seen").read_text().splitlines()
    found = dict(line.partition("=")[::2] for line in lines)
    assert CANARY not in found.values()
    assert not {*OURS} & found.keys()
    return found


async def test_the_embedded_models_engine(spy, tmp_path):
    with pytest.raises(GatewayError):
        async with running(tmp_path / "model.gguf", python=str(spy), within=20):
            pass
    assert seen(spy)["PATH"] == os.environ["PATH"]


async def test_pip_is_told_of_its_index_and_of_the_way_there(spy, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "https://pip.example/simple")
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    with suppress(GatewayError):
        await fetch(SMOLLM2, tmp_path / "models", lambda *_: None, python=str(spy))
    found = seen(spy)
    assert found["PIP_INDEX_URL"] == "https://pip.example/simple"
    assert found["https_proxy"] == "http://proxy.example:3128"


async def test_the_tables_of_prices(spy):
    await Prices(clock=FakeClock()).learn([Slot(provider="openai", model="gpt-4o")])
    seen(spy)


async def test_the_reader_of_pdfs(spy, tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4")
    with suppress(GatewayError):
        await pdf.read_pdf(tmp_path / "a.pdf", characters=10)
    seen(spy)


async def test_a_tool_server_has_what_the_file_gives_it_and_no_more(spy):
    child = await start(Options(name="t", command=(str(spy),), env={"ITS_OWN": "word"}))
    assert [line async for line in child.messages()] == []
    await child.end()
    assert seen(spy)["ITS_OWN"] == "word"


def test_there_are_no_other_children_and_none_inherits():
    """In the code: whoever starts a process says what it is given."""
    starts: dict[str, str] = {}
    for folder in ("core", "adapters", "gateway"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
                if called.rpartition(".")[2] in STARTERS:
                    assert isinstance(node, ast.Call)
                    given = {each.arg: ast.unparse(each.value) for each in node.keywords}
                    starts[str(path.relative_to(ROOT))] = given.get("env", "all of it")
    assert starts == {
        "adapters/files/pdf.py": "{'PATH': os.defpath}",
        "adapters/llm/embedded_child.py": "{**interpreter(), **SLEEPY}",
        "adapters/llm/embedded_fetch.py": "{**fetching(), 'TMPDIR': str(staging), 'PIP_USER': '0'}",
        "adapters/prices/pricer.py": "interpreter()",
        "adapters/tools/child.py": "environ",
        "adapters/tools/keeper.py": "{'PATH': os.defpath}",
    }


STARTERS = {
    *("create_subprocess_exec", "create_subprocess_shell", "subprocess_exec", "subprocess_shell"),
    *("Popen", "check_output", "check_call", "posix_spawn", "fork", "forkpty", "system", "popen"),
    *("Process", "ProcessPoolExecutor", "execve", "execv", "execvp", "execvpe", "spawnv"),
}
