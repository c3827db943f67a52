"""Asks a stored turn again: the real engine and the real models, and nothing is stored.

Decides what a replay goes without: tools, advice that is kept, budgets, chats and the store.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from core.asking import World
from core.engine import Turn, TurnRequest
from core.presets import slots_of
from core.veil import seen
from gateway import wiring
from gateway.clock import SystemClock
from gateway.supervise import Services

if TYPE_CHECKING:
    from core.events import Note, Tell, Terminal
    from core.outcomes import Advice
    from core.ports import AskNow
    from core.presets import Preset
    from gateway.config import Config
    from gateway.replay.traced import Traced


async def ask_again(config: Config, traced: Traced, name: str | None = None) -> Terminal:
    """Run a turn against the preset `name`, or the one of its own name; Ctrl-C cuts it.

    Raises:
        UnknownPreset: the file has no such preset.
        UsageError: there is nothing to ask again.
        ConfigError: a model cannot be made of what the file says.
    """
    preset = config.catalogue.get(name or traced.preset)
    request = TurnRequest(
        turn_id=traced.turn_id, preset=preset, lines=traced.transcript(), scope="replay"
    )
    clock, changed = SystemClock(), asyncio.Event()
    async with wiring.open_http() as session:
        models = wiring.open_models(config, session, lambda _: changed.set())
        prices = wiring.open_pricer(config, clock)
        await wiring.warm_prices(config, prices)
        world = World(providers=models.providers, pricer=prices, clock=clock)
        async with asyncio.TaskGroup() as group:
            local = _local(models, preset)
            services = Services(group)
            for run in models.services if local else ():
                services.start(run.__qualname__, run)
            await _ready(local, changed)
            ending = await Turn(request, world=world, cache=_Forgetful()).run(_deaf, _deaf)
            services.end()
    return seen(ending, preset)


class _Forgetful:
    """An advice cache that has nothing, so that everybody is really asked."""

    async def advise(
        self, key: str, ask: AskNow, tell: Tell, note: Note, *, fresh: bool
    ) -> tuple[Advice, ...]:
        return await ask(tell, note)


def _deaf(_: object) -> None:
    """Hear nothing: the ending says it all."""


def _local(models: wiring.Models, preset: Preset) -> list[wiring.LocalModel]:
    """Give the models of this machine that the preset asks; they have to be started."""
    used = {slot.provider for slot in slots_of(preset)}
    return [model for name, model in models.embedded.items() if name in used]


async def _ready(local: list[wiring.LocalModel], changed: asyncio.Event) -> None:
    while any(model.state.phase not in {"ready", "failed"} for model in local):
        await changed.wait()
        changed.clear()
