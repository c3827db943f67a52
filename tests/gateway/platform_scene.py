"""The program at several platforms at once, as its operator starts it, for tests of bad input.

async with scene(tmp_path, "telegram", "slack") as scene:
    await scene.asks("telegram")
    await scene.only_line("token")
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.gateway.harness import Process, process_gateway
from tests.transcripts.stages import SIMULATORS, STAGES, Stage, configuration

MODELS: dict[str, Any] = {"a": "Take the train.", "b": "Walk.", "big": "Go by train."}
WORDS = "It begins with a train that was late, and goes on with another one that was later still. "
SLOW: dict[str, Any] = {"text": WORDS * 12 + "The end.", "between": 0.1}


@dataclass(slots=True, kw_only=True)
class Scene:
    """A running program, the stages of its platforms, and what it wrote to stderr."""

    stages: dict[str, Stage]
    process: Process

    def __getitem__(self, platform: str) -> Stage:
        return self.stages[platform]

    async def answers(self, platform: str, *, times: int = 1) -> None:
        """Show that somebody there, who asks in private, is answered."""
        stage = self.stages[platform]
        await stage.ask("How do I get there?")
        await stage.answered("Go by train.", times=times)

    async def ready(self) -> bool:
        """Ask `/readyz`."""
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"{self.process.url}/readyz") as response,
        ):
            return response.status == 200

    @property
    def complaints(self) -> Sequence[str]:
        """What is worth an operator's attention so far."""
        signs = ('"level": "warning"', '"level": "error"', '"level": "critical"', "Traceback")
        lines = [line for line in self.process.stderr if '"event": "config"' not in line]
        return [line for line in lines if any(each in line for each in signs)]


@asynccontextmanager
async def scene(
    folder: Path,
    *platforms: str,
    models: dict[str, Any] | None = None,
    before: Callable[[dict[str, Stage]], None] = lambda _: None,
    change: Callable[[str], str] = lambda text: text,
    settings: dict[str, dict[str, Any]] | None = None,
) -> AsyncIterator[Scene]:
    """Start it. `before` sees the stages first; `change` changes the text of the configuration.

    `settings` are a simulator's other than usual ones, by platform.
    """
    async with AsyncExitStack() as stack:
        stages = {}
        for each in platforms:
            sim = SIMULATORS[each](**(settings or {}).get(each, {}))
            stages[each] = STAGES[each](await stack.enter_async_context(sim))
        before(stages)
        text = change(configuration(list(stages.values()), models or MODELS))
        process = await stack.enter_async_context(process_gateway(text, folder))
        yield Scene(stages=stages, process=process)
