"""Shows that a signal ends the program quietly while it loads, at whatever moment it comes (P6)."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from tests.gateway.harness import completed

PATIENCE = 60.0
CONFIG = """
    providers: {fake: {api: scripted, answers: {"*": "Go by train."}}}
    moa: {presets: {review: {enabled: false, aggregator: {provider: fake, model: big}}}}
"""
SIGNALLED = """
import os, sys

class Signals:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[1]:
            os.kill(os.getpid(), int(sys.argv[2]))

sys.meta_path.insert(0, Signals())
from gateway.cli import main
main(["run", "--config", sys.argv[3]])
"""
"""Gets a signal as soon as it imports something."""
MOMENTS = {
    "it has just begun": "gateway.cli.root",
    "it reads the command line": "click",
    "it reads its file": "yaml",
    "its server is loaded": "aiohttp",
    "all is loaded": "uvloop",
}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("imports", MOMENTS.values(), ids=MOMENTS)
async def test_p6_a_signal_while_it_loads_ends_it_without_a_word(tmp_path, number, imports):
    assert await ended(tmp_path, number, imports) == (128 + number, b"")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_p6_a_signal_before_signals_are_taken_ends_it_as_quietly(tmp_path, number):
    assert await ended(tmp_path, number, "gateway.signals") == (-number, b"")


async def ended(folder: Path, number: int, imports: str) -> tuple[int, bytes]:
    """Give the exit code, and all that was said, of a program that is met at this import."""
    file = folder / "config.yaml"
    file.write_text(completed(CONFIG, folder), encoding="utf-8")
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SIGNALLED, imports, str(int(number)), str(file)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(PATIENCE):
        said, _ = await child.communicate()
        return await child.wait(), said
