# Shows that every model, however it is reached and whatever is wrapped around it, keeps the
# contract of `core.ports.Model`. A new one is added to `KINDS`, and all of this holds for it.

import asyncio
import pkgutil
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, aclosing
from importlib import import_module
from inspect import getmembers, isasyncgenfunction, isclass
from typing import Any

import aiohttp
import pytest

import adapters.llm
from adapters.llm.alternation import Alternating
from adapters.llm.breaker import Circuits, Guarded
from adapters.llm.chat_completions import ChatCompletions
from adapters.llm.compose import Options, compose
from adapters.llm.deadline import Deadlined
from adapters.llm.limit import Limited
from adapters.llm.messages import Messages
from adapters.llm.responses import Responses
from adapters.llm.retry import Retrying
from adapters.llm.script import parse
from adapters.llm.scripted import Scripted
from adapters.llm.wire import Endpoint, open_session
from core.calls import Chunk, ModelCall
from core.errors import ModelBusy, ModelError, ModelRefused
from core.ports import Model
from core.presets import Slot
from core.types import Json, Line, ToolCall, Usage
from tests.simulators.anthropic import AnthropicSimulator
from tests.simulators.provider import ProviderSimulator, Reply

WRAPPERS = {Alternating, Deadlined, Guarded, Limited, Retrying}
"""Around each kind they have to keep the contract, too: see the kinds named "wrapped"."""
ELSEWHERE = {"Embedded", "HttpModel"}
"""Shown by tests of its own, with a real engine; and by every format that it is asked over."""

TEXT = "It floats. 🚢"
USAGE = Usage(input=100, cache_read=64, output=20, reasoning=5)
TOOL_CALL = ToolCall(id="call_a", name="ship", arguments='{"now": true}')


def scripted(_stack: AsyncExitStack) -> Model:
    usage = {"input": 100, "cache_read": 64, "output": 20, "reasoning": 5}
    call = {"id": "call_a", "name": "ship", "arguments": '{"now": true}'}
    answers = {
        "speaks": {"text": TEXT, "reasoning": "Wood.", "usage": usage, "chunk": 3},
        "calls": {"tool_calls": [call]},
        "busy": {"error": "busy", "retry_after": 3},
        "refuses": {"error": "refused"},
        "hangs": {"text": "I", "stall": True},
        "says nothing": {},
    }
    return Scripted(parse(answers, where="contract"))


async def provider(stack: AsyncExitStack) -> tuple[aiohttp.ClientSession, Endpoint]:
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 20,
        "prompt_tokens_details": {"cached_tokens": 64},
        "completion_tokens_details": {"reasoning_tokens": 5},
    }
    function = {"name": "ship", "arguments": '{"now": true}'}
    call = {"id": "call_a", "type": "function", "function": function}
    replies = {
        "speaks": Reply(text=TEXT, reasoning="Wood.", usage=usage, size=3),
        "calls": Reply(text="", tool_calls=(call,)),
        "busy": Reply(status=429, headers={"Retry-After": "3"}),
        "refuses": Reply(status=400),
        "hangs": Reply(text="I", stall_after=10_000, finish=None, done=False, say_usage=False),
        "says nothing": Reply(text=""),
    }
    simulator = await stack.enter_async_context(ProviderSimulator(replies))
    session = await stack.enter_async_context(open_session())
    return session, Endpoint(base_url=simulator.base_url)


async def chat_completions(stack: AsyncExitStack) -> Model:
    return ChatCompletions(*await provider(stack))


async def responses(stack: AsyncExitStack) -> Model:
    return Responses(*await provider(stack))


async def messages(stack: AsyncExitStack) -> Model:
    usage = {
        "input_tokens": 36,
        "cache_read_input_tokens": 64,
        "output_tokens": 20,
        "output_tokens_details": {"thinking_tokens": 5},
    }
    function = {"name": "ship", "arguments": '{"now": true}'}
    call = {"id": "call_a", "type": "function", "function": function}
    replies = {
        "speaks": Reply(text=TEXT, reasoning="Wood.", usage=usage, size=3),
        "calls": Reply(text="", tool_calls=(call,)),
        "busy": Reply(status=529, headers={"Retry-After": "3"}),
        "refuses": Reply(status=400),
        "hangs": Reply(text="I", stall_after=10_000, finish=None, done=False),
        "says nothing": Reply(text=""),
    }
    simulator = await stack.enter_async_context(AnthropicSimulator(replies))
    session = await stack.enter_async_context(open_session())
    thinking: Json = {"type": "enabled", "budget_tokens": 1_024}
    where = Endpoint(base_url=simulator.base_url, extra_body={"thinking": thinking})
    return Messages(session, where)


KINDS: dict[str, Callable[[AsyncExitStack], Any]] = {
    "scripted": scripted,
    "chat_completions": chat_completions,
    "responses": responses,
    "messages": messages,
}


@pytest.fixture(params=[*KINDS, *(f"wrapped {kind}" for kind in KINDS)])
async def model(request):
    async with AsyncExitStack() as stack:
        made = KINDS[request.param.removeprefix("wrapped ")](stack)
        bare: Model = await made if asyncio.iscoroutine(made) else made
        wrapped = request.param.startswith("wrapped")
        options = Options(max_parallel=1, circuits=Circuits("p"))
        yield compose(bare, options=options) if wrapped else bare


def call(name: str) -> ModelCall:
    """Make a call of a reference, so that nobody retries for long."""
    lines = (Line.of("user", "Does it float?"),)
    return ModelCall(slot=Slot(provider="p", model=name), lines=lines, position=1)


async def hear(stream: AsyncGenerator[Chunk, None]) -> list[Chunk]:
    async with aclosing(stream):
        return [chunk async for chunk in stream]


async def test_an_answer_begins_empty_streams_and_ends_once(model):
    first, *rest, last = await hear(model.stream(call("speaks")))
    assert first == Chunk()
    assert "".join(chunk.text for chunk in rest) == TEXT
    assert "".join(chunk.reasoning for chunk in rest) == "Wood."
    assert [chunk.finish for chunk in rest] == [None] * len(rest)
    assert last.finish == "stop"
    usage = [chunk.usage for chunk in (*rest, last) if chunk.usage is not None]
    assert usage[-1] == USAGE


async def test_tool_calls_come_whole_and_once(model):
    chunks = await hear(model.stream(call("calls")))
    assert [each for chunk in chunks for each in chunk.tool_calls] == [TOOL_CALL]
    assert chunks[-1].finish == "tool_calls"


async def test_an_empty_answer_is_no_failure(model):
    chunks = await hear(model.stream(call("says nothing")))
    assert "".join(chunk.text for chunk in chunks) == ""
    assert chunks[-1].finish == "stop"


@pytest.mark.parametrize(("name", "error"), [("busy", ModelBusy), ("refuses", ModelRefused)])
async def test_failures_are_typed_and_come_after_the_wire(model, name, error):
    stream = model.stream(call(name))
    assert await anext(stream) == Chunk()
    with pytest.raises(error) as caught:
        await hear(stream)
    assert isinstance(caught.value, ModelError)
    if isinstance(caught.value, ModelBusy):
        assert caught.value.retry_after == 3


@pytest.mark.parametrize("way", ["close", "cancel"])
async def test_whoever_goes_away_is_let_go_at_once_moa_11(model, way):
    heard = asyncio.Event()

    async def listen():
        async with aclosing(model.stream(call("hangs"))) as stream:
            async for chunk in stream:
                if chunk.text:
                    heard.set()
                    if way == "close":
                        return

    # Twice: with a single permit the second one comes in only if the first has let go.
    for _ in range(2):
        heard.clear()
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            task = group.create_task(listen())
            await heard.wait()
            if way == "cancel":
                task.cancel()


async def test_calls_do_not_meet(model):
    async with asyncio.TaskGroup() as group:
        names = ["speaks", "calls", "speaks", "says nothing"]
        tasks = [group.create_task(hear(model.stream(call(name)))) for name in names]
    texts = ["".join(chunk.text for chunk in task.result()) for task in tasks]
    assert texts == [TEXT, "", TEXT, ""]


def test_every_model_there_is_is_held_to_this():
    found = set()
    for module in pkgutil.iter_modules(adapters.llm.__path__):
        if module.name == "embedded_server":  # a program of its own
            continue
        loaded = import_module(f"adapters.llm.{module.name}")
        for name, each in getmembers(loaded, isclass):
            if each.__module__ == loaded.__name__ and isasyncgenfunction(
                getattr(each, "stream", None)
            ):
                found.add(name)
    covered = {"ChatCompletions", "Messages", "Responses", "Scripted"}
    assert found - ELSEWHERE == covered | {wrapper.__name__ for wrapper in WRAPPERS}
