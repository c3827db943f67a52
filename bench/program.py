"""The rows about the real program: its start, its memory, and a turn over /v1."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from time import monotonic, perf_counter, sleep
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import aiohttp

from bench.process import Process
from bench.scene import FAST, QUESTION, Plan
from bench.table import Row

TOKEN = "a-token-for-the-benchmark"  # noqa: S105 - of a program that lives for seconds
CONFIG = """\
http: {{host: 127.0.0.1, port: 0, token: {token}}}
providers:
  bench: {{api: chat_completions, base_url: "{url}", api_key: none-needed}}
moa:
  presets:
    normal:
      reference_models: &normal
        - {{provider: bench, model: {fast}}}
        - {{provider: bench, model: {fast}}}
        - {{provider: bench, model: {fast}}}
      aggregator: {{provider: bench, model: {fast}}}
    instant:
      reference_models:
        - {{provider: bench, model: {instant}}}
        - {{provider: bench, model: {instant}}}
        - {{provider: bench, model: {instant}}}
      aggregator: {{provider: bench, model: {instant}}}
"""
INSTANT = Plan(first=0.0, pieces=12, between=0.0)
AT_ONCE = 8
Start = tuple[float, float]
"""Seconds on the wall and of CPU."""
TURNS = (100, 1000)
SETTLES = 3.0
"""Seconds after its start in which the program still reads its tables of prices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program(Process):
    """The gateway, running: seconds from its start to its line and its readiness, and of CPU."""

    url: str
    began: float
    data: Path
    line: float = 0.0
    ready: float = 0.0
    starting: float = 0.0


@contextmanager
def running(config: str, watched: Path | None = None) -> Iterator[Program]:
    """Start the program with an empty data folder; end it as an operator would.

    `watched`: it tells there on SIGUSR2 what it holds (`bench.watched`).
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        path.write_text(f"data_dir: {folder}/data\n{config}")
        script = str(Path(sys.executable).with_name("moa-gateway"))
        start = [sys.executable, "-m", "bench.watched", str(watched)] if watched else [script]
        command = [*start, "run", "--config", str(path)]
        began = monotonic()
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
            assert child.stdout is not None
            try:
                words = child.stdout.readline().decode().split()
                line = monotonic() - began
                assert words, "the program did not start"
                address = urlsplit(words[-1])
                url = f"{address.scheme}://{address.netloc}"
                _until_ready(url)
                ready = monotonic() - began
                program = Program(
                    pid=child.pid,
                    url=url,
                    began=began,
                    data=Path(folder) / "data",
                    line=line,
                    ready=ready,
                )
                yield replace(program, starting=program.cpu)
            finally:
                child.terminate()


def _until_ready(url: str) -> None:
    while True:
        try:
            with urlopen(f"{url}/readyz") as response:  # noqa: S310 - our own http address
                if response.status == 200:  # noqa: PLR2004
                    return
        except URLError:
            pass
        sleep(0.005)


def rows(base_url: str, *, starts: int, turns: tuple[int, int] = TURNS) -> list[Row]:
    """Measure; starts are timed by turns with a bare Python that only imports the HTTP client."""
    config = CONFIG.format(token=TOKEN, url=base_url, fast=FAST.model, instant=INSTANT.model)
    started: list[Program] = []
    bare: list[Start] = []
    for _ in range(starts):
        bare.append(_bare_start())
        with running(config) as program:
            started.append(program)
    with running(config) as program:
        sleep(SETTLES)
        idle = program.megabytes
        return [
            *_starts(started, bare),
            Row(what="memory, idle, web only", unit="MB", ours=idle, target="≤ 75 MB", limit=75),
            *asyncio.run(_asked(program, turns)),
        ]


def _bare_start() -> Start:
    began, before = perf_counter(), getrusage(RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", "import aiohttp.web"], check=True)
    after = getrusage(RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return perf_counter() - began, cpu


def _starts(started: list[Program], bare: list[Start]) -> list[Row]:
    floor = median(wall for wall, _ in bare)
    return [
        Row(
            what="start: CPU until ready",
            unit="s",
            floor=median(cpu for _, cpu in bare),
            ours=median(each.starting for each in started),
        ),
        Row(
            what="start to the printed address",
            unit="s",
            floor=floor,
            ours=median(each.line for each in started),
            target="≤ 1.5 s",
            limit=1.5,
        ),
        Row(
            what="start to /readyz 200",
            unit="s",
            floor=floor,
            ours=median(each.ready for each in started),
            target="≤ 1.5 s",
            limit=1.5,
        ),
    ]


async def _asked(program: Program, turns: tuple[int, int]) -> list[Row]:
    few, many = turns
    async with aiohttp.ClientSession() as session:
        await _ask_often(session, program, "normal", 2 * AT_ONCE)
        before = program.cpu
        await _ask_often(session, program, "normal", few)
        cpu = (program.cpu - before) / few
        early = program.megabytes
        await _ask_often(session, program, "instant", many)
    late = program.megabytes
    return [
        Row(
            what="whole program: CPU per turn, asked over /v1, streamed, stored",
            unit="ms",
            ours=1000 * cpu,
        ),
        Row(what=f"whole program: memory after {few} turns", unit="MB", ours=early),
        Row(
            what=f"whole program: memory after {few + many:,} turns",
            unit="MB",
            ours=late,
            target="≤ 5 MB more than the row above",
            limit=early + 5,
        ),
    ]


async def _ask_often(
    session: aiohttp.ClientSession, program: Program, preset: str, times: int
) -> None:
    left = iter(range(times))

    async def asker() -> None:
        for number in left:
            await _ask(session, program, preset, number)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(asker())


async def _ask(session: aiohttp.ClientSession, program: Program, preset: str, number: int) -> None:
    body = {
        "model": f"moa/{preset}",
        "stream": True,
        # Another question each time: advice on the same one would be used again.
        "messages": [{"role": "user", "content": f"{preset} {number}: {QUESTION}"}],
    }
    async with session.post(
        f"{program.url}/v1/chat/completions",
        json=body,
        headers={"Authorization": f"Bearer {TOKEN}"},
    ) as response:
        text = (await response.read()).decode()
        assert "[DONE]" in text, text
