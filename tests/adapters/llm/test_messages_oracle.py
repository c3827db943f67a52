# Anthropic's own client as a judge: asked for the same, it sends the same request as our codec,
# and it reads the same answer out of the same bytes.

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest
from anthropic import AsyncAnthropic

from adapters.llm.messages import Messages
from adapters.llm.wire import Endpoint
from core.calls import ModelCall
from core.promptcache import breakpoints
from core.types import Image, Json, Line, Sealed, Tool, ToolCall, Usage
from tests.adapters.llm.asking import USER, call, hear
from tests.simulators.anthropic import AnthropicSimulator
from tests.simulators.anthropic_rules import signed
from tests.simulators.provider_reply import Reply

MODEL = "claude-opus-4-8"
VERSION = "2026-10-21"
"""What this client speaks."""
PIXEL = "iVBORw0KGgo="
LONG = "All that a good adviser has to know. " * 200
EPHEMERAL = {"type": "ephemeral"}
THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": signed("Hm.")}
WEATHER = {
    "id": "toolu_a",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"city": "Kyiv"}'},
}
SCHEMA: dict[str, Json] = {"type": "object", "properties": {"city": {"type": "string"}}}


def text(said, **more):
    return {"type": "text", "text": said, **more}


@dataclass(frozen=True)
class Case:
    """The same wish in our words and in the client's."""

    ours: ModelCall
    theirs: dict[str, Any]
    reply: Reply = Reply(text="It floats. 🚢")  # noqa: RUF009 - a value


def asked(*lines, **more):
    return call(MODEL, lines or (USER,), **more)


HELLO = {"role": "user", "content": [text("Ship it today?")]}
LOOKED = (
    USER,
    Line(
        role="assistant",
        parts=("I look.",),
        tool_calls=(ToolCall(id="toolu_a", name="weather", arguments='{"city": "Kyiv"}'),),
        sealed=(Sealed(label=f"p:{MODEL}", data=json.dumps(THOUGHT)),),
    ),
    Line(role="tool", parts=("Rain.",), tool_call_id="toolu_a"),
    Line(role="user", parts=("Advice.",), trailing=True),
)
CASES = {
    "words": Case(asked(max_tokens=100), {"max_tokens": 100, "messages": [HELLO]}),
    "a system prompt, and where to stop": Case(
        asked(Line.of("system", "Be brief."), USER, max_tokens=100, extra={"stop": ["END"]}),
        {
            "max_tokens": 100,
            "system": [text("Be brief.")],
            "stop_sequences": ["END"],
            "messages": [HELLO],
        },
    ),
    "pictures": Case(
        asked(
            Line(
                role="user",
                parts=(
                    "Look.",
                    Image(url=f"data:image/png;base64,{PIXEL}"),
                    Image(url="https://e.org/a.png"),
                ),
            )
        ),
        {
            "max_tokens": 32_000,
            "messages": [
                {
                    "role": "user",
                    "content": [
                        text("Look."),
                        {
                            "type": "image",
                            "source": {"type": "base64", "media_type": "image/png", "data": PIXEL},
                        },
                        {"type": "image", "source": {"type": "url", "url": "https://e.org/a.png"}},
                    ],
                }
            ],
        },
    ),
    "tools and thinking": Case(
        asked(
            *LOOKED,
            tools=(Tool(name="weather", description="Tells it.", parameters=SCHEMA),),
            reasoning_effort="high",
            extra={"tool_choice": "auto", "parallel_tool_calls": False},
        ),
        {
            "max_tokens": 32_000,
            "thinking": {"type": "adaptive"},
            "output_config": {"effort": "high"},
            "tools": [{"name": "weather", "description": "Tells it.", "input_schema": SCHEMA}],
            "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
            "messages": [
                HELLO,
                {
                    "role": "assistant",
                    "content": [
                        THOUGHT,
                        text("I look."),
                        {
                            "type": "tool_use",
                            "id": "toolu_a",
                            "name": "weather",
                            "input": {"city": "Kyiv"},
                        },
                    ],
                },
                {
                    "role": "user",
                    "content": [
                        {"type": "tool_result", "tool_use_id": "toolu_a", "content": "Rain."}
                    ],
                },
                {"role": "user", "content": [text("Advice.")]},
            ],
        },
        Reply(text="Rain.", reasoning="Let me see. 🌧", tool_calls=(WEATHER,)),
    ),
    "breakpoints": Case(
        asked(
            Line.of("system", LONG), USER, breakpoints=breakpoints((Line.of("system", ""), USER))
        ),
        {
            "max_tokens": 32_000,
            "system": [text(LONG, cache_control=EPHEMERAL)],
            "messages": [
                {
                    "role": "user",
                    "content": [text("Ship it today?", cache_control=EPHEMERAL)],
                }
            ],
        },
    ),
    "a refusal": Case(
        asked(), {"max_tokens": 32_000, "messages": [HELLO]}, Reply(text="No", finish="refusal")
    ),
    "a cap": Case(
        asked(), {"max_tokens": 32_000, "messages": [HELLO]}, Reply(text="It", finish="length")
    ),
}
FINISHES = {"end_turn": "stop", "tool_use": "tool_calls", "refusal": "content_filter"}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_the_official_client_sends_and_reads_the_same(session, case):
    replies = {MODEL: case.reply}
    async with (
        AnthropicSimulator(replies, key="k") as one,
        AnthropicSimulator(replies, key="k") as other,
        AsyncAnthropic(
            api_key="k", base_url=other.base_url.removesuffix("/v1"), max_retries=0
        ) as client,
    ):
        model = Messages(session, Endpoint(base_url=one.base_url, api_key="k"), VERSION)
        await hear(model, case.ours)
        await client.messages.create(model=MODEL, stream=True, **case.theirs)
        # The second one may find something in the cache.
        heard = await hear(model, case.ours)
        async with client.messages.stream(model=MODEL, **case.theirs) as stream:
            message = await stream.get_final_message()
        (ours, *_), (theirs, *_) = one.seen, other.seen
    assert ours.body == theirs.body
    for name in ("Authorization", "anthropic-version", "content-type"):
        assert ours.headers[name] == theirs.headers[name]
    assert heard.text == "".join(each.text for each in message.content if each.type == "text")
    thoughts = [each for each in message.content if each.type == "thinking"]
    assert heard.reasoning == "".join(each.thinking for each in thoughts)
    sealed = [json.loads(each.data) for chunk in heard.chunks for each in chunk.sealed]
    assert sealed == [each.to_dict() for each in thoughts]
    calls = [each for each in message.content if each.type == "tool_use"]
    assert [(each.id, each.name, json.loads(each.arguments)) for each in heard.tool_calls] == [
        (each.id, each.name, each.input) for each in calls
    ]
    assert heard.finish == FINISHES.get(message.stop_reason or "", "length")
    assert heard.usage == _usage(message.usage)
    assert one.counted == other.counted


async def test_what_was_read_from_a_cache_is_counted_alike_moa_27(session):
    case = CASES["breakpoints"]
    async with AnthropicSimulator({MODEL: Reply()}) as simulator:
        model = Messages(session, Endpoint(base_url=simulator.base_url), VERSION)
        first = (await hear(model, case.ours)).usage
        second = (await hear(model, replace(case.ours, lines=(*case.ours.lines, USER)))).usage
    assert first is not None
    assert second is not None
    assert (first.cache_read, second.cache_read) == (0, first.cache_write)
    assert first.cache_write > 1_024
    assert second.input > first.input == first.cache_write


def _usage(usage):
    read, written = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
    return Usage(
        input=usage.input_tokens + read + written,
        cache_read=read,
        cache_write=written,
        output=usage.output_tokens,
    )
