"""The program's own turn, from the engine down to the socket, as the gateway puts it together."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from itertools import count
from time import perf_counter

import aiohttp

from adapters.llm.chat_completions import ChatCompletions
from adapters.llm.compose import Options, compose
from adapters.llm.wire import Endpoint
from bench.scene import Scene, Took
from core.asking import World
from core.engine import Turn, TurnRequest
from core.events import (
    AnswerDelta,
    Checkpoint,
    ReferenceDone,
    ReferencesDone,
    TurnEvent,
    TurnFinished,
)
from core.ports import Provider
from core.presets import Preset, ReferenceSlot, Slot
from core.types import Line, Role
from gateway.clock import SystemClock
from gateway.turn.advice_cache import SharedAdvice

ROLES: dict[str, Role] = {"system": "system", "user": "user", "assistant": "assistant"}


def world_of(session: aiohttp.ClientSession, base_url: str) -> World:
    """Give a world with one provider, `bench`, with every wrapper that the gateway uses."""
    endpoint = Endpoint(base_url=base_url, api_key="not-a-secret")
    model = compose(ChatCompletions(session, endpoint), options=Options())
    providers = {"bench": Provider(name="bench", model=model)}
    return World(providers=providers, pricer=lambda _slot, _usage: None, clock=SystemClock())


def request_of(scene: Scene, number: int) -> TurnRequest:
    """Ask what the scene asks; `number` keeps turns from sharing their advice."""
    return TurnRequest(
        turn_id=f"t{number}",
        preset=_preset_of(scene),
        lines=_lines_of(scene),
        scope=f"chat {number}",
    )


@lru_cache
def _lines_of(scene: Scene) -> tuple[Line, ...]:
    return tuple(Line.of(ROLES[role], text) for role, text in scene.said())


@lru_cache
def _preset_of(scene: Scene) -> Preset:
    return Preset(
        name="bench",
        references=tuple(
            ReferenceSlot(provider="bench", model=plan.model) for plan in scene.references
        ),
        aggregator=Slot(provider="bench", model=scene.aggregator.model),
    )


class Ours:
    """Runs turns in this process."""

    def __init__(
        self, session: aiohttp.ClientSession, base_url: str, group: asyncio.TaskGroup
    ) -> None:
        self._world = world_of(session, base_url)
        self._cache = SharedAdvice(group, self._world.clock)
        self._numbers = count(1)

    async def turn(self, scene: Scene) -> Took:
        """Answer; a turn that fails is a bug of the benchmark, or of the program."""
        request = request_of(scene, next(self._numbers))
        began = perf_counter()
        first = advised = 0.0
        landed: list[float] = []

        def tell(event: TurnEvent) -> None:
            nonlocal first, advised
            if isinstance(event, AnswerDelta):
                first = first or perf_counter() - began
            elif isinstance(event, ReferenceDone):
                landed.append(perf_counter() - began)
            elif isinstance(event, ReferencesDone):
                advised = perf_counter() - began

        def note(_: Checkpoint) -> None:
            pass

        ending = await Turn(request, world=self._world, cache=self._cache).run(tell, note)
        assert isinstance(ending, TurnFinished), ending
        return Took(first=first, whole=perf_counter() - began, quorum=landed[1], advised=advised)
