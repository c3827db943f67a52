"""A stage for the engine: slots, presets, and turns that run on a virtual loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from core.engine import Turn, TurnRequest
from core.events import Checkpoint, Terminal, TurnEvent
from core.outcomes import Advice, CallReport
from core.ports import AskNow, Pause, Provider, Toolbox, ToolResult
from core.presets import Preset, ReferenceSlot, Slot
from core.purse import Purse
from core.records import ToolRound, ToolStep
from core.types import Line, Tool, ToolCall
from tests.fakes.loop import run_virtual
from tests.fakes.model import ScriptedModel, world
from tests.invariants import assert_requests_extend

T = TypeVar("T")

QUESTION = (Line.of("system", "Be kind."), Line.of("user", "Why?"))


def reference(model: str, provider: str = "p", **changes: object) -> ReferenceSlot:
    return ReferenceSlot(provider=provider, model=model, **changes)  # type: ignore[arg-type]


def preset(*models: str | ReferenceSlot, **changes: object) -> Preset:
    slots = tuple(reference(each) if isinstance(each, str) else each for each in models)
    given = {"aggregator": Slot(provider="p", model="agg"), **changes}
    return Preset(name="test", references=slots, **given)  # type: ignore[arg-type]


class NoCache:
    """An advice cache that never has anything."""

    async def advise(self, key, ask: AskNow, tell, note, *, fresh: bool) -> tuple[Advice, ...]:
        return await ask(tell, note)


class Tools:
    """Answers `look` after so many seconds, everything else in half the time."""

    def __init__(self, *failing: str, seconds: float = 1.0) -> None:
        self._failing = failing
        self._seconds = seconds
        self.begun: list[ToolRound] = []
        self.paid: list[Sequence[CallReport]] = []
        self.ran: list[ToolCall] = []

    def tools(self):
        return (Tool(name="look", server="s"), Tool(name="read", server="s"))

    async def ready(self) -> None:
        pass

    async def begin(self, round_: ToolRound, calls: Sequence[CallReport]) -> None:
        self.begun.append(round_)
        self.paid.append(calls)

    async def call(self, step: ToolStep, pause: Pause) -> ToolResult:
        call = step.call
        self.ran.append(call)
        await asyncio.sleep(self._seconds if call.name == "look" else self._seconds / 2)
        return ToolResult(text=f"{call.name} says", failed=call.name in self._failing)


class Scene:
    """One turn, what it told, and when. Every run is held to MOA-19."""

    def __init__(
        self,
        model: ScriptedModel,
        wanted: Preset,
        lines: tuple[Line, ...] = QUESTION,
        *,
        providers: dict[str, Provider] | None = None,
        toolbox: Toolbox | None = None,
        cache=None,
        purse: Purse | None = None,
        **request: object,
    ) -> None:
        self.model = model
        self.events: list[TurnEvent] = []
        self.times: list[float] = []
        self.notes: list[Checkpoint] = []
        self.turn = Turn(
            TurnRequest(turn_id="t1", preset=wanted, lines=lines, scope="s", **request),  # type: ignore[arg-type]
            world=replace(world(model, **(providers or {})), purse=purse),
            cache=cache or NoCache(),
            toolbox=toolbox,
        )
        self.began = asyncio.get_running_loop().time()

    def tell(self, event: TurnEvent) -> None:
        self.events.append(event)
        self.times.append(asyncio.get_running_loop().time() - self.began)

    async def run(self) -> Terminal:
        try:
            return await self.turn.run(self.tell, self.notes.append)
        finally:
            assert_requests_extend(made.call for made in self.model.made)
            assert self.model.open_now == 0, "a stream stayed open"

    def of(self, kind: type[T]) -> list[T]:
        return [event for event in self.events if isinstance(event, kind)]

    def block(self, call: int = -1) -> str:
        """The last line of an aggregator's request."""
        return self.model.of("agg")[call].call.lines[-1].text

    def seconds(self, kind: type) -> float:
        """When the first event of a kind was told, after the turn began."""
        return next(
            at for at, event in zip(self.times, self.events, strict=True) if isinstance(event, kind)
        )


def play(story: Callable[[], Awaitable[T]]) -> T:
    """Run a story in every order of ready tasks that a few seeds draw; give the first's end."""

    async def told() -> T:
        return await story()

    results = [run_virtual(told(), seed=seed) for seed in (None, 1, 2, 3)]
    return results[0]
