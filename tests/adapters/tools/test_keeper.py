"""Shows that a server which ends for nothing does not outlive the program that started it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from adapters.tools import keeper
from adapters.tools.child import start
from adapters.tools.keeper import Keeper
from adapters.tools.link import Options, ToolsGone

ROOT = Path(__file__).parents[3]
# Neither the end of its input nor a signal ends it, and it has a child of its own.
STUBBORN = 'trap "" TERM HUP INT PIPE; sleep 600 & echo $$ $!; while :; do wait; sleep 1; done'
PROGRAM = """
import asyncio, sys
from adapters.tools.child import start
from adapters.tools.keeper import Keeper
from adapters.tools.link import Options
async def main():
    child = await start(Options(name="t", command=("/bin/sh", "-c", sys.argv[1])))
    async for line in child.messages():
        print(line.decode(), flush=True)
asyncio.run(main())
"""


def alive(process: int) -> bool:
    """Tell whether it runs; what is dead and only not waited for does not."""
    with suppress(OSError):
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    return False


async def until(true) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.05)


async def test_after_a_kill_at_once_neither_it_nor_its_children_run_on():
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, STUBBORN), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert program.stdout is not None
    server, child = map(int, (await program.stdout.readline()).split())
    assert alive(server)
    assert alive(child)
    program.kill()
    await program.wait()
    try:
        await until(lambda: not alive(server) and not alive(child))
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server, signal.SIGKILL)


async def test_a_server_that_is_let_go_of_leaves_nobody_waiting(monkeypatch):
    hired: list[Keeper] = []

    class Watched(Keeper):
        def __init__(self) -> None:
            super().__init__()
            hired.append(self)

    monkeypatch.setattr("adapters.tools.child.Keeper", Watched)
    child = await start(Options(name="t", command=("/bin/cat",)))
    await child.end()
    with pytest.raises(ToolsGone):
        await start(Options(name="t", command=("/bin/sh\0",)))
    shells = [each._shell for each in hired]
    assert [shell and shell.returncode for shell in shells] == [-signal.SIGKILL] * 2


async def test_where_there_is_no_shell_a_server_runs_all_the_same(monkeypatch):
    monkeypatch.setattr(keeper, "SHELL", "/no/shell")
    child = await start(Options(name="t", command=("/bin/echo", "here")))
    assert [str(line) async for line in child.messages()] == [str(bytearray(b"here"))]
    await child.end()
