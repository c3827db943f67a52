"""The rows about caches: how much of a turn with ten rounds of tools is read from them (MOA-26).

The engine plays whole turns in which everybody is asked in every round. Once every request goes
to the model of this machine, which counts what it had read before; it is too small to call tools,
so a script says what it would say. Once they go over Anthropic's format to a simulator that keeps
a cache by Anthropic's rules. What could be read is what a request and the one before it, of the
same slot, begin with.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from itertools import count, pairwise, takewhile
from pathlib import Path
from typing import TypeVar

import aiohttp

from adapters.llm.chat_request import fields_of
from adapters.llm.compose import Options, compose
from adapters.llm.embedded import Embedded, EmbeddedOptions
from adapters.llm.messages import Messages
from adapters.llm.wire import Endpoint, open_session
from bench.table import Row
from core.asking import World
from core.calls import Chunk, ModelCall
from core.engine import Turn, TurnRequest
from core.events import TurnFinished
from core.outcomes import CallReport
from core.ports import Model, Pause, Provider, ToolResult
from core.presets import Preset, ReferenceSlot, Slot
from core.records import ToolRound, ToolStep
from core.types import Line, Tool, ToolCall, Usage
from gateway.clock import SystemClock
from gateway.turn.advice_cache import SharedAdvice
from tests.simulators.anthropic import AnthropicSimulator
from tests.simulators.anthropic_cache import LEAST, blocks, tokens, written
from tests.simulators.provider_reply import Reply

ROUNDS = 10
SHARE = 90.0
"""Percent of what could be read."""
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
MODELS = Path(os.environ.get("MOA_GATEWAY_MODELS") or CACHE / "moa-gateway" / "models")
ADVICE = "Look at the index, and mind the backups."
SAID = "The index is gone."
QUESTION = "Why are the reports late since Monday? Look into it step by step."
MANUAL = "This is what the manual says of the reports and of the database. "
T = TypeVar("T")


class _Tools:
    """Answers every call at once."""

    async def ready(self) -> None:
        pass

    def tools(self) -> Sequence[Tool]:
        return (Tool(name="look", description="Looks.", parameters={"type": "object"}),)

    async def begin(self, round_: ToolRound, calls: Sequence[CallReport]) -> None:
        """Keep nothing."""

    async def call(self, step: ToolStep, pause: Pause) -> ToolResult:
        return ToolResult(text=f"{step.call.arguments}: nothing unusual there.")


async def _turn(model: Model, question: str, *, small: bool) -> None:
    providers = {
        "bench": Provider(name="bench", model=model),  # whom only tools confuse is offered none
        "advisors": Provider(name="advisors", model=model, small=small),
    }
    world = World(providers=providers, pricer=lambda _slot, _usage: None, clock=SystemClock())
    preset = Preset(
        name="bench",
        references=tuple(ReferenceSlot(provider="advisors", model=name) for name in ("a", "b")),
        aggregator=Slot(provider="bench", model="agg", max_tokens=100),
    )
    lines = (Line.of("system", "You look after a small database."), Line.of("user", question))
    request = TurnRequest(turn_id="t", preset=preset, lines=lines, scope="s")
    async with asyncio.TaskGroup() as group:
        cache = SharedAdvice(group, world.clock)
        turn = Turn(request, world=world, cache=cache, toolbox=_Tools())
        ending = await turn.run(lambda _event: None, lambda _checkpoint: None)
    assert isinstance(ending, TurnFinished), ending
    assert len(ending.result.calls) == ROUNDS + 1


def _common(before: Iterable[T], now: Iterable[T]) -> list[T]:
    same = takewhile(lambda pair: pair[0] == pair[1], zip(before, now, strict=False))
    return [each for each, _ in same]


# --- the model of this machine --------------------------------------------------------------


@dataclass(slots=True)
class _Read:
    """The requests of one slot, and what each of them read from the cache, in tokens."""

    asked: list[tuple[Line, ...]] = field(default_factory=list)
    read: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Counting:
    """The embedded model, whose words are a script's."""

    model: Embedded
    slots: dict[int, _Read] = field(default_factory=dict)
    steps: Iterable[int] = field(default_factory=lambda: count(1))

    async def stream(self, call: ModelCall) -> AsyncGenerator[Chunk, None]:
        usage = Usage()
        async with aclosing(self.model.stream(replace(call, max_tokens=1))) as chunks:
            async for chunk in chunks:
                usage = chunk.usage or usage
        slot = self.slots.setdefault(call.position, _Read())
        slot.asked.append(call.lines)
        slot.read.append(usage.cache_read)
        number = len(slot.asked)
        if call.position or number > ROUNDS:
            yield Chunk(text=ADVICE if call.position else SAID, finish="stop")
        else:
            looked = ToolCall(id=f"c{number}", name="look", arguments=f'{{"step": {number}}}')
            yield Chunk(tool_calls=(looked,), finish="tool_calls")


async def _embedded() -> Sequence[Row]:
    embedded = Embedded(EmbeddedOptions(folder=MODELS, patience=280))
    counting = _Counting(embedded)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(embedded.run())
        await _turn(counting, QUESTION, small=True)
        rows = [
            await _counted(embedded, "aggregator", counting.slots[0]),
            await _counted(embedded, "a reference", counting.slots[1]),
        ]
        running.cancel()
    return rows


async def _counted(embedded: Embedded, who: str, slot: _Read) -> Row:
    prompts = [await _tokens(embedded, lines) for lines in slot.asked]
    could = sum(len(_common(before, now)) for before, now in pairwise(prompts))
    return _row(f"{who}, embedded model", sum(slot.read[1:]), could)


async def _tokens(embedded: Embedded, lines: tuple[Line, ...]) -> list[int]:
    """Ask the server itself which tokens it reads for these lines."""
    serving = embedded._serving  # noqa: SLF001 - nobody else needs to know where it is
    assert serving is not None
    call = ModelCall(slot=Slot(provider="bench", model="m"), lines=lines)
    body = {"messages": fields_of(call, {}, frozenset())["messages"]}
    headers = {"Authorization": f"Bearer {serving.child.key}"}
    async with aiohttp.ClientSession(serving.child.address, headers=headers) as session:
        async with session.post("/apply-template", json=body) as response:
            prompt = (await response.json())["prompt"]
        body = {"content": prompt, "add_special": True}
        async with session.post("/tokenize", json=body) as response:
            return list((await response.json())["tokens"])


# --- Anthropic's rules ----------------------------------------------------------------------


async def _wire() -> Sequence[Row]:
    steps = [
        {"id": f"toolu_{n}", "function": {"name": "look", "arguments": f'{{"step": {n}}}'}}
        for n in range(ROUNDS)
    ]
    calling = [Reply(text="", tool_calls=(step,)) for step in steps]
    replies: Mapping[str, Reply | Sequence[Reply]] = {
        "agg": [*calling, Reply(text=SAID)],
        "*": Reply(text=ADVICE),
    }
    # Nothing below 1,024 tokens is kept.
    question = f"{MANUAL * 100}{QUESTION}"
    async with AnthropicSimulator(replies) as simulator, open_session() as session:
        endpoint = Endpoint(base_url=simulator.base_url, api_key="not-a-secret")
        await _turn(compose(Messages(session, endpoint), options=Options()), question, small=False)
        asked = [
            (seen.body, counted)
            for seen, counted in zip(simulator.seen, simulator.counted, strict=True)
        ]
    rows = []
    for who, model in (("aggregator", "agg"), ("a reference", "a")):
        own = [(body, counted) for body, counted in asked if body["model"] == model]
        prompts = [[written(*block) for block in blocks(body)] for body, _ in own]
        could = sum(_size(_common(before, now)) for before, now in pairwise(prompts))
        read = sum(counted.read for _, counted in own[1:])
        rows.append(_row(f"{who}, Anthropic's", read, could))
    return rows


def _size(texts: Sequence[bytes]) -> int:
    size = tokens(*texts)
    return size if size >= LEAST else 0


def _row(what: str, read: int, could: int) -> Row:
    return Row(
        what=f"{ROUNDS} rounds of tools: read from cache, {what}",
        unit="%",
        ours=100 * read / could,
        target=f"≥ {SHARE:g} %",
        limit=SHARE,
        least=True,
    )


async def rows() -> list[Row]:
    """Measure; the model of this machine is fetched if it is not here yet."""
    return [*await _embedded(), *await _wire()]
