"""Three messengers and one program whose models are at a provider: for promises about providers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.gateway.harness import Running, running_gateway
from tests.transcripts.stages import MESSENGERS, SIMULATORS, STAGES, Stage, configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class Messengers:
    """What is there. `gateway` runs in this process."""

    stages: tuple[Stage, ...]
    gateway: Running

    async def everywhere(self, act: Callable[[Stage], Awaitable[object]]) -> None:
        """Do something on every platform at once."""
        async with asyncio.TaskGroup() as group:
            for stage in self.stages:
                group.create_task(_done(act(stage)))


async def _done(act: Awaitable[object]) -> None:
    await act


@asynccontextmanager
async def messengers(
    folder: Path,
    *,
    providers: Mapping[str, Any],
    preset: Mapping[str, Any],
    simulators: Mapping[str, Callable[[], Any]] = SIMULATORS,
) -> AsyncIterator[Messengers]:
    """Start all three and the program, which answers with one preset."""
    async with AsyncExitStack() as stack:
        stages = [
            STAGES[each](await stack.enter_async_context(simulators[each]())) for each in MESSENGERS
        ]
        whole = yaml.safe_load(configuration(stages, {}))
        whole["providers"] = dict(providers)
        whole["moa"] = {"default_preset": "one", "presets": {"one": dict(preset)}}
        text = yaml.safe_dump(whole, allow_unicode=True, sort_keys=False)
        gateway = await stack.enter_async_context(running_gateway(text, folder))
        yield Messengers(stages=tuple(stages), gateway=gateway)
