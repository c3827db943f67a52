"""Shows the shipped program under a program's own tool loop, over real sockets (MOA-40).

The gateway is a child process, its models a strict provider on loopback; what went over each wire
is what is asserted.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI

from tests.gateway.harness import TOKEN, process_gateway
from tests.gateway.http.programs import CLOCK, moa, wired
from tests.patience import PATIENCE
from tests.simulators.provider import ProviderSimulator, Reply

WISHES: Mapping[str, Any] = {
    "tool_choice": "required",
    "parallel_tool_calls": True,
    "top_p": 0.9,
    "stop": ["END"],
    "seed": 7,
    "temperature": 0.3,
    "response_format": {
        "type": "json_schema",
        "json_schema": {
            "name": "hour",
            "strict": True,
            "schema": {
                "type": "object",
                "properties": {"hour": {"type": "integer"}},
                "required": ["hour"],
                "additionalProperties": False,
            },
        },
    },
}
KEYS = "  keys: {ci: {token: the-key-of-ci-0123456789}}"


def called(id_: str, zone: str) -> dict[str, Any]:
    function = {"name": "clock", "arguments": json.dumps({"zone": zone})}
    return {"id": id_, "type": "function", "function": function}


def replies() -> dict[str, Reply | Sequence[Reply]]:
    steps = [
        Reply(text="", tool_calls=(called("c1", "UTC"), called("c2", "Europe/Kyiv"))),
        Reply(text="Once more.", tool_calls=(called("c3", "Asia/Tokyo"),)),
        Reply(text='{"hour": 12}'),
    ]
    return {
        "wise": Reply(text="Ask the clock."),
        "bold": Reply(text="Just guess."),
        "big": [*steps, *steps],
    }


@asynccontextmanager
async def shipped(
    folder: Any, fanout: str = "user_turn"
) -> AsyncIterator[tuple[ProviderSimulator, str]]:
    """Run the program on the simulator; give both ends."""
    async with ProviderSimulator(replies()) as simulator:
        config = wired(simulator.base_url).replace("fanout: user_turn", f"fanout: {fanout}")
        config += f"\nhttp:\n  port: 0\n  token: {TOKEN}\n{KEYS}\n"
        async with process_gateway(config, folder) as process:
            yield simulator, process.url


def client(url: str, key: str = TOKEN) -> AsyncOpenAI:
    return AsyncOpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=PATIENCE)


async def step(api: AsyncOpenAI, transcript: list[Any], *, stream: bool) -> Any:
    """Ask for one step, and give the whole completion."""
    wishes: dict[str, Any] = {"model": "review", "messages": transcript, "tools": [CLOCK], **WISHES}
    if not stream:
        return await api.chat.completions.create(**wishes)
    wishes["stream_options"] = {"include_usage": True}
    async with api.chat.completions.stream(**wishes) as events:
        async for _ in events:
            pass
        return await events.get_final_completion()


async def loop(api: AsyncOpenAI, *, stream: bool) -> list[Any]:
    """Do what agents do: send everything and the tools each time, run what is called."""
    transcript: list[Any] = [
        {"role": "developer", "content": "Answer as JSON."},
        {"role": "user", "content": "What hour is it?"},
    ]
    steps: list[Any] = []
    while True:
        steps.append(await step(api, transcript, stream=stream))
        message = steps[-1].choices[0].message
        if not message.tool_calls:
            return steps
        transcript.append({"role": "assistant", "content": message.content})
        transcript[-1]["tool_calls"] = [
            {
                "id": each.id,
                "type": "function",
                "function": {"name": each.function.name, "arguments": each.function.arguments},
            }
            for each in message.tool_calls
        ]
        transcript += [
            {"role": "tool", "tool_call_id": each.id, "content": "12"}
            for each in message.tool_calls
        ]


def bodies(simulator: ProviderSimulator, *models: str) -> list[dict[str, Any]]:
    return [seen.body for seen in simulator.seen if seen.body["model"] in models]


@pytest.mark.parametrize("stream", [False, True])
async def test_moa_40_the_aggregator_alone_gets_tools_and_wishes_and_its_calls_go_back(
    tmp_path, stream
):
    async with shipped(tmp_path) as (simulator, url), client(url) as api:
        steps = await loop(api, stream=stream)
    choices = [each.choices[0] for each in steps]
    assert [each.finish_reason for each in choices] == ["tool_calls", "tool_calls", "stop"]
    ids = [[call.id for call in each.message.tool_calls or ()] for each in choices]
    assert ids == [["c1", "c2"], ["c3"], []]
    assert [each.message.content or None for each in choices] == [
        None,
        "Once more.",
        '{"hour": 12}',
    ]
    acting = bodies(simulator, "big")
    assert len(acting) == 3
    for body in acting:
        assert {name: body[name] for name in WISHES} == WISHES
        assert [tool["function"]["name"] for tool in body["tools"]] == ["clock"]
        assert body["messages"][0] == {"role": "developer", "content": "Answer as JSON."}
    roles = [each["role"] for each in acting[-1]["messages"]]
    assert roles == [
        *("developer", "user", "assistant", "tool", "tool", "assistant", "tool"),
        "user",  # the block
    ]
    for body in bodies(simulator, "wise", "bold"):
        assert not {"tools", *WISHES} & body.keys()


@pytest.mark.parametrize(
    ("fanout", "stream", "times"),
    [("user_turn", True, 1), ("per_iteration", False, 3), ("every_n:2", True, 2)],
)
async def test_moa_40_23_the_cadence_holds_over_the_whole_loop(tmp_path, fanout, stream, times):
    async with shipped(tmp_path, fanout) as (simulator, url), client(url) as api:
        await loop(api, stream=stream)
        assert len(bodies(simulator, "wise")) == len(bodies(simulator, "bold")) == times


async def test_moa_40_24_a_loop_of_another_key_shares_nothing(tmp_path):
    async with shipped(tmp_path) as (simulator, url):
        for key in (TOKEN, "the-key-of-ci-0123456789"):
            async with client(url, key) as api:
                await loop(api, stream=False)
        assert len(bodies(simulator, "wise")) == 2


async def test_moa_40_24_a_new_user_message_opens_a_turn(tmp_path):
    async with shipped(tmp_path) as (simulator, url), client(url) as api:
        asked: list[Any] = [{"role": "user", "content": "What hour is it?"}]
        for more in ([], [{"role": "assistant", "content": "12"}, {**asked[0]}]):
            asked += more
            await step(api, asked, stream=False)
        assert len(bodies(simulator, "wise")) == 2


@pytest.mark.parametrize("stream", [False, True])
async def test_moa_40_usage_is_the_aggregators_own_and_ours_is_complete(tmp_path, stream):
    async with shipped(tmp_path) as (simulator, url), client(url) as api:
        first, second, *_ = await loop(api, stream=stream)
        own = bodies(simulator, "big")
    ours = moa(first.usage)
    assert [each["outcome"] for each in ours["references"]] == ["ok", "ok"]
    parts = [first.usage.prompt_tokens, *(each["prompt_tokens"] for each in ours["references"])]
    assert ours["total"]["prompt_tokens"] == sum(parts) > first.usage.prompt_tokens
    assert ours["dollars"] is None, "nobody knows what these models cost"
    assert len(own) == 3
    used_again = moa(second.usage)
    assert [each["prompt_tokens"] for each in used_again["references"]] == [0, 0]
    assert used_again["total"]["prompt_tokens"] == second.usage.prompt_tokens


async def test_moa_40_more_than_one_answer_is_a_bad_request(tmp_path):
    async with shipped(tmp_path) as (simulator, url), client(url) as api:
        with pytest.raises(openai.BadRequestError, match="one answer"):
            await api.chat.completions.create(
                model="review", messages=[{"role": "user", "content": "Why?"}], n=2
            )
        assert simulator.seen == []


async def test_moa_40_24_no_cache_asks_the_advisors_anew(tmp_path):
    async with shipped(tmp_path) as (simulator, url), client(url) as api:
        fresh = api.with_options(default_headers={"Cache-Control": "no-cache"})
        question: list[Any] = [{"role": "user", "content": "Why?"}]
        for asking, times in ((api, 1), (api, 1), (fresh, 2), (api, 2)):
            await step(asking, question, stream=False)
            assert len(bodies(simulator, "wise")) == times


async def test_moa_40_39_in_context_mode_the_acting_model_alone_gets_the_tools(tmp_path):
    async with ProviderSimulator({**replies(), "sum": Reply(text="Look twice.")}) as simulator:
        acting = "aggregator: {provider: fake, model: sum}\n      acting_model:"
        config = wired(simulator.base_url).replace("aggregator:", acting, 1)
        config += f"\nhttp: {{port: 0, token: {TOKEN}}}\n"
        async with process_gateway(config, tmp_path) as process, client(process.url) as api:
            steps = await loop(api, stream=True)
        assert steps[-1].choices[0].message.content == '{"hour": 12}'
        (condensing,) = bodies(simulator, "sum")
        assert not {"tools", *WISHES} & condensing.keys()
        assert [each["role"] for each in condensing["messages"]] == ["system", "user"]
        for body in bodies(simulator, "big"):
            assert "Look twice." in body["messages"][-1]["content"]
            assert "Ask the clock." not in json.dumps(body["messages"])
        ours = [moa(each.usage) for each in steps]
    assert [each["synthesis"]["outcome"] for each in ours] == ["ok"] * 3
    assert [each["synthesis"]["prompt_tokens"] > 0 for each in ours] == [True, False, False]


async def test_moa_40_33_each_step_is_a_line_of_the_trace_with_references_where_they_were_asked(
    tmp_path,
):
    async with ProviderSimulator(replies()) as simulator:
        config = wired(simulator.base_url).replace("moa:\n", "moa:\n  save_traces: true\n")
        config += f"\nhttp:\n  port: 0\n  token: {TOKEN}\n"
        async with process_gateway(config, tmp_path) as process, client(process.url) as api:
            await loop(api, stream=False)
    (file,) = (tmp_path / "data" / "traces").glob("*.jsonl")
    steps = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(steps) == 3
    assert len({each["turn_id"] for each in steps}) == 3
    rounds = [each["iterations"][0] for each in steps]
    assert [len(each["references"] or []) for each in rounds] == [2, 0, 0]
    sent = [body["messages"] for body in bodies(simulator, "big")]
    for each, messages in zip(rounds, sent, strict=True):
        (call,) = each["aggregator"]
        assert call["input"][-1]["trailing"]
        assert call["input"][-1]["content"] == messages[-1]["content"]
        assert len(call["input"]) == len(messages)
