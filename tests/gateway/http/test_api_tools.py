"""Shows loops that a program drives itself: it has the tools and sends its transcript each time."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import pytest

from tests.gateway.harness import running_gateway
from tests.gateway.http.programs import CLOCK, asked, client, mixture, wired
from tests.invariants import assert_requests_extend, without_block
from tests.simulators.provider import ProviderSimulator, Reply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openai import AsyncOpenAI
    from openai.types.chat import ChatCompletionMessage, ChatCompletionMessageParam

ANSWERS = """
    wise: ["Ask the clock.", "Ask it again.", "Now answer.", "Really answer."]
    bold: "Just guess."
    big:
      - tool_calls: [{name: clock, arguments: {zone: Europe/Kyiv}}]
      - text: Let me look again.
        tool_calls: [{name: clock, arguments: {zone: UTC}}, {name: clock}]
      - tool_calls: [{name: clock, arguments: "not JSON"}]
      - "It is noon."
"""


async def loop(api: AsyncOpenAI) -> list[ChatCompletionMessage]:
    """Do what a program does: ask, run the tools, send everything again, until it is answered."""
    transcript = asked("What time is it?")
    said: list[ChatCompletionMessage] = []
    while True:
        answer = await api.chat.completions.create(
            model="review", messages=transcript, tools=[CLOCK], tool_choice="auto", top_p=0.9
        )
        message = answer.choices[0].message
        said.append(message)
        if not message.tool_calls:
            assert answer.choices[0].finish_reason == "stop"
            return said
        assert answer.choices[0].finish_reason == "tool_calls"
        transcript.append(_sent_back(message))
        transcript += [
            {"role": "tool", "tool_call_id": call.id, "content": "Noon."}
            for call in message.tool_calls
        ]


def _sent_back(message: ChatCompletionMessage) -> ChatCompletionMessageParam:
    return cast("ChatCompletionMessageParam", message.to_dict())


@pytest.mark.parametrize(
    ("fanout", "times"),
    [("user_turn", 1), ("per_iteration", 4), ("{mode: every_n, n: 2}", 2), ("every_n:3", 2)],
)
async def test_the_cadence_holds_over_a_programs_own_loop_moa_23(tmp_path, fanout, times):
    config = mixture(ANSWERS, preset=f"fanout: {fanout}")
    async with running_gateway(config, tmp_path) as gateway, client(gateway) as api:
        said = await loop(api)
        calls = [each.call for each in gateway.calls.asked]
    assert said[-1].content == "It is noon."
    assert len(gateway.calls.of("wise")) == len(gateway.calls.of("bold")) == times
    acting = gateway.calls.of("big")
    assert len(acting) == 4
    assert_requests_extend(calls)
    for call in acting:
        assert [tool.name for tool in call.tools] == ["clock"]
        assert call.extra == {"tool_choice": "auto", "top_p": 0.9}
        assert without_block(call.lines) != call.lines, "each step has the advice"
    for call in (*gateway.calls.of("wise"), *gateway.calls.of("bold")):
        assert (call.tools, call.extra) == ((), {})
        assert call.lines[-1].role == "user"


async def test_tool_calls_come_back_whole_with_their_text_and_arguments_untouched(tmp_path):
    config = mixture(ANSWERS)
    async with running_gateway(config, tmp_path) as gateway, client(gateway) as api:
        said = await loop(api)
    called = [
        [
            (call.function.name, call.function.arguments)
            for call in message.tool_calls or ()
            if call.type == "function"
        ]
        for message in said
    ]
    assert called == [
        [("clock", '{"zone":"Europe/Kyiv"}')],
        [("clock", '{"zone":"UTC"}'), ("clock", "{}")],
        [("clock", "not JSON")],
        [],
    ]
    assert [message.content for message in said] == [
        None,
        "Let me look again.",
        None,
        "It is noon.",
    ]
    ids = [call.id for message in said for call in message.tool_calls or ()]
    assert len(set(ids)) == 4


async def test_tool_calls_come_in_a_stream_with_their_place_and_reason(tmp_path):
    answers = """
        wise: "Ask the clock."
        bold: "Just guess."
        big: {text: "Let me look.", tool_calls: [{name: clock, arguments: {a: 1}}, {name: clock}]}
    """
    async with (
        running_gateway(mixture(answers), tmp_path) as gateway,
        client(gateway) as api,
        api.chat.completions.stream(model="review", messages=asked(), tools=[CLOCK]) as stream,
    ):
        final = await stream.get_final_completion()
    choice = final.choices[0]
    assert (choice.finish_reason, choice.message.content) == ("tool_calls", "Let me look.")
    assert [call.function.arguments for call in choice.message.tool_calls or ()] == [
        '{"a":1}',
        "{}",
    ]


async def test_advice_older_than_the_newest_result_says_so_moa_20(tmp_path):
    async with running_gateway(mixture(ANSWERS), tmp_path) as gateway, client(gateway) as api:
        await loop(api)
        blocks = [call.lines[-1].text for call in gateway.calls.of("big")]
    assert ["written before" in block for block in blocks] == [False, True, True, True]
    assert all("Ask the clock." in block for block in blocks)


async def test_on_the_wire_each_request_extends_the_one_before_it_byte_for_byte_moa_19(tmp_path):
    clock = {"type": "function", "function": {"name": "clock", "arguments": "{}"}}
    replies: dict[str, Reply | Sequence[Reply]] = {
        "wise": Reply(text="Ask the clock."),
        "bold": Reply(text="Just guess."),
        "big": [
            Reply(text="", tool_calls=({"id": "c1", **clock},)),
            Reply(text="", tool_calls=({"id": "c2", **clock},)),
            Reply(text="It is noon."),
        ],
    }
    async with ProviderSimulator(replies) as simulator:
        config = wired(simulator.base_url)
        async with running_gateway(config, tmp_path) as gateway, client(gateway) as api:
            said = await loop(api)
        assert said[-1].content == "It is noon."
        sent = [seen.raw for seen in simulator.seen if seen.body["model"] == "big"]
        advised = [seen.body for seen in simulator.seen if seen.body["model"] != "big"]
    assert len(sent) == 3
    bare = [raw[: raw.rindex(b',{"role":"user"')] for raw in sent]
    assert all(later.startswith(earlier) for earlier, later in pairwise(bare))
    assert len(advised) == 2
    for body in advised:
        assert not {"tools", "tool_choice", "top_p"} & body.keys()
        assert "tool_calls" not in json.dumps(body["messages"])
