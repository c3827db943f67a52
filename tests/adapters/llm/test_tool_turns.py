"""Shows whole turns with tools over OpenAI's two formats, against a server as strict as the API.

The engine asks, calls tools and asks again; what a model wants back goes back, and every request
without its block begins the next one, byte for byte (MOA-19).
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from adapters.llm.chat_completions import ChatCompletions
from adapters.llm.compose import Options, compose
from adapters.llm.responses import Responses
from adapters.llm.wire import Endpoint
from core.engine import Turn, TurnRequest
from core.events import TurnFinished
from core.ports import Provider
from core.presets import Cadence, Slot
from core.types import Line
from tests.core.scene import QUESTION, NoCache, Tools, preset, reference
from tests.fakes.model import ScriptedModel, world
from tests.simulators.provider import ProviderSimulator, Reply

LINES = {ChatCompletions: "messages", Responses: "input"}


def looks(number: int) -> Reply:
    """Think, say something, and call a tool."""
    function = {"name": "look", "arguments": json.dumps({"at": number})}
    call = {"id": f"call_{number}", "type": "function", "function": function}
    return Reply(text=f"Look {number}.", reasoning=f"Thought {number}.", tool_calls=(call,))


ANSWERS = [looks(1), looks(2), Reply(text="A ship.", reasoning="Clear.")]


async def turn(session, provider, codec, model, *, history=(), mode="user_turn") -> Any:
    """Run a turn of one advisor and an aggregator at this provider; give its result."""
    made = compose(codec(session, Endpoint(base_url=provider.base_url)), options=Options())
    wanted = preset(
        reference("advisor", "elsewhere"),
        aggregator=Slot(provider="p", model=model),
        fanout=Cadence(mode=mode),
    )
    elsewhere = Provider(name="elsewhere", model=ScriptedModel())
    running = Turn(
        TurnRequest(turn_id="t", preset=wanted, lines=(*QUESTION, *history), scope="s"),
        world=world(ScriptedModel(), p=Provider(name="p", model=made), elsewhere=elsewhere),
        cache=NoCache(),
        toolbox=Tools(seconds=0.0),
    )
    ending = await running.run(lambda _event: None, lambda _checkpoint: None)
    assert isinstance(ending, TurnFinished)
    return ending.result


def without_block(raw: bytes, field: str) -> bytes:
    """Give a request's bytes up to its trailing block: the last line of the conversation."""
    body = json.loads(raw)
    assert "Reference 1" in str(body[field].pop())
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode().removesuffix(b"]}")


@pytest.mark.parametrize(
    ("codec", "model"), [(Responses, "gpt-5.5"), (ChatCompletions, "deepseek-v4-pro")]
)
@pytest.mark.parametrize("mode", ["user_turn", "per_iteration"])
async def test_each_request_of_a_turn_with_tools_begins_the_next_moa_19(
    session, codec, model, mode
):
    field = LINES[codec]
    async with ProviderSimulator({model: ANSWERS}, strict=codec is Responses) as provider:
        result = await turn(session, provider, codec, model, mode=mode)
        first, second, third = provider.seen
        # The next turn begins with all of it, too: what the history keeps is what was sent.
        follow = (*result.lines, Line.of("user", "And now?"))
        provider.replies[model] = Reply(text="Still a ship.")
        await turn(session, provider, codec, model, history=follow, mode=mode)
        *_, fourth = provider.seen
    assert result.text.endswith("A ship.")
    requests = [first, second, third, fourth]
    for before, after in pairwise(requests):
        assert after.raw.startswith(without_block(before.raw, field))


async def test_a_reasoning_model_is_given_back_all_its_thoughts_over_responses(session):
    async with ProviderSimulator({"gpt-5.5": ANSWERS}) as provider:
        await turn(session, provider, Responses, "gpt-5.5")
        items = provider.seen[-1].body["input"]
    assert [item["type"] for item in items] == [
        *("message", "message"),
        *("reasoning", "message", "function_call", "function_call_output"),
        *("reasoning", "message", "function_call", "function_call_output"),
        "message",
    ]


async def test_deepseek_is_given_back_what_it_thought_before_each_call(session):
    async with ProviderSimulator({"deepseek-v4-pro": ANSWERS}, strict=False) as provider:
        await turn(session, provider, ChatCompletions, "deepseek-v4-pro")
        messages = provider.seen[-1].body["messages"]
    said = [each for each in messages if each["role"] == "assistant"]
    assert [each["reasoning_content"] for each in said] == ["Thought 1.", "Thought 2."]
