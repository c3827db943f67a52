# Shows that the Chat Completions codec reads what servers really send, over real sockets.

import json
from contextlib import aclosing
from decimal import Decimal

import pytest

from adapters.llm.chat_completions import ChatCompletions
from adapters.llm.wire import Endpoint
from core.calls import Chunk
from core.errors import (
    ModelRefused,
    ModelUnreachable,
)
from core.types import Tool, ToolCall, Usage
from tests.adapters.llm.asking import call, hear, said, sse
from tests.simulators.provider import ProviderSimulator, Reply

WEATHER = {
    "id": "call_a",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"city": "Kyiv"}'},
}


# --- a plain answer -------------------------------------------------------------------------


async def test_an_answer_is_streamed_and_says_what_it_took(ask):
    heard = await ask(Reply(text="Ship it — tomorrow. 🚢", between=0.002))
    assert heard.chunks[0] == Chunk()
    assert heard.text == "Ship it — tomorrow. 🚢"
    assert len([chunk for chunk in heard.chunks if chunk.text]) > 1
    assert heard.finish == "stop"
    assert heard.usage is not None
    assert heard.usage.input > 0


async def test_neither_the_first_piece_nor_the_end_waits_for_the_pace(ask):
    reply = Reply(text="Ship it — tomorrow, and not before the tests are green.", between=0.002)
    heard = await ask(reply, call(pace=3600.0))  # would be seen by the test's own time limit
    pieces = [chunk.text for chunk in heard.chunks if chunk.text]
    assert len(pieces) == 2
    assert "".join(pieces) == reply.text
    assert heard.finish == "stop"


async def test_a_connection_that_breaks_is_noticed_at_the_next_look(ask):
    reply = Reply(text="Ship it, but not before", between=0.002, drop_after=700)
    with pytest.raises(ModelUnreachable):
        await ask(reply, call(pace=0.05))


async def test_the_first_chunk_comes_before_the_request_is_sent(session):
    async with ProviderSimulator({"m": Reply()}) as simulator:
        model = ChatCompletions(session, Endpoint(base_url=simulator.base_url))
        async with aclosing(model.stream(call())) as stream:
            assert await anext(stream) == Chunk()
            assert simulator.seen == []


async def test_a_connection_is_used_again_after_an_answer(session):
    async with ProviderSimulator({"m": Reply()}) as simulator:
        model = ChatCompletions(session, Endpoint(base_url=simulator.base_url))
        ports = []
        for _ in range(3):
            await hear(model, call())
            ports.append(simulator.seen[-1].port)
        assert len(set(ports)) == 1


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning", "reasoning_details"])
@pytest.mark.parametrize("whole", [True, False])
async def test_reasoning_is_kept_apart_moa_41(ask, field, whole):
    heard = await ask(
        Reply(text="No.", reasoning="Tests fail.", reasoning_field=field, whole=whole)
    )
    assert (heard.text, heard.reasoning) == ("No.", "Tests fail.")


async def test_reasoning_that_comes_in_two_fields_comes_once(ask):
    both = said("Yes", "stop", reasoning="so", reasoning_details=[{"text": "so"}])
    assert (await ask(Reply(raw=sse(both)))).reasoning == "so"


@pytest.mark.parametrize("whole", [True, False])
async def test_tool_calls_come_whole(ask, whole):
    second = {**WEATHER, "id": "call_b", "function": {"name": "now", "arguments": "{}"}}
    request = call(tools=(Tool(name="weather"), Tool(name="now")))
    heard = await ask(Reply(text="", tool_calls=(WEATHER, second), whole=whole), request)
    assert heard.tool_calls == (
        ToolCall(id="call_a", name="weather", arguments='{"city": "Kyiv"}'),
        ToolCall(id="call_b", name="now", arguments="{}"),
    )
    assert heard.finish == "tool_calls"


async def test_half_a_tool_call_is_a_sign_of_life(ask):
    long = {**WEATHER, "function": {"name": "write", "arguments": json.dumps("x" * 40)}}
    heard = await ask(Reply(text="", tool_calls=(long,), between=0.002))
    assert len([chunk for chunk in heard.chunks if chunk.progress]) > 1


# --- shapes (MOA-41) ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (sse(said([{"type": "text", "text": "a"}, {"text": "b"}], "stop")), "ab"),
        (sse(said(None), said("null"), said("!", "stop")), "null!"),
        (sse({"choices": None}, said("a", "stop"), {"choices": []}), "a"),
        (sse({"choices": [{"delta": None}]}, said("a", "eos")), "a"),
        (sse(said("a", "stop"), done=False), "a"),
        (sse(said("a"), done=True), "a"),
        (sse(said("", "stop")), ""),
        (sse({"choices": [{"text": "old", "finish_reason": "stop"}]}), "old"),
        (b": ping\r\n\r\n" + sse(said("a", "stop")).replace(b"\n", b"\r\n"), "a"),
        (b'data: {"choices":[{"delta":{"content":"a"},\ndata: "finish_reason":"stop"}]}\n\n', "a"),
        (b'{"choices": [{"message": "bare"}]}', "bare"),
        (b'\n {"choices": [{"message": {"content": "whole"}, "finish_reason": null}]}', "whole"),
        (b'data: {"choices":[{"delta":{"content":"a\\ud83d"},"finish_reason":"stop"}]}\n\n', "a?"),
        (b'data: {"choices":[{"index":"0","delta":{"content":"a"},"finish_reason":1}]}\n\n', "a"),
        (b'data: {"choices":[{"message":{"content":"one"},"finish_reason":"stop"}]}', "one"),
        (sse(said("all"), {"choices": [{"message": {"content": "all"}}]}), "all"),
        (sse(said(""), {"choices": [{"message": {"content": "all"}}]}), "all"),
    ],
)
async def test_text_is_found_in_every_shape_moa_41(ask, body, text):
    heard = await ask(Reply(raw=body))
    assert heard.text == text
    assert heard.finish == "stop"


REFUSED = {"message": {"content": None, "refusal": "I will not."}, "finish_reason": "stop"}


@pytest.mark.parametrize(
    "body",
    [
        sse(said(refusal="I will not.", finish="stop")),
        sse(said("", refusal="I will "), said(refusal="not."), said(finish="stop")),
        json.dumps({"choices": [REFUSED]}).encode(),
        sse(said(refusal="I will not."), {"choices": [REFUSED]}),
    ],
)
async def test_a_refusal_is_told_as_one(ask, body):
    heard = await ask(Reply(raw=body))
    assert (heard.text, heard.finish) == ("I will not.", "refusal")


async def test_characters_that_are_cut_in_two_are_put_together(ask):
    text = "Київ 🚢 ✓"
    raw = f'data: {{"choices":[{{"delta":{{"content":"{text}"}},"finish_reason":"stop"}}]}}\n\n'
    heard = await ask(Reply(raw=raw.encode(), piece=1))
    assert heard.text == text


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("stop", "stop"),
        ("end_turn", "stop"),
        ("length", "length"),
        ("max_tokens", "length"),
        ("MAX_TOKENS", "length"),
        ("content_filter", "content_filter"),
        ("tool_use", "tool_calls"),
        ("something_new", "stop"),
    ],
)
async def test_reasons_of_an_end_are_mapped_moa_41(ask, reason, finish):
    assert (await ask(Reply(raw=sse(said("a", reason))))).finish == finish


async def test_a_whole_answer_to_a_stream_request_is_one_chunk_moa_41(ask):
    heard = await ask(Reply(text="All at once, and in one piece.", whole=True))
    assert [chunk.text for chunk in heard.chunks if chunk.text] == [heard.text]
    assert heard.usage is not None


@pytest.mark.parametrize("whole", [True, False])
async def test_an_answer_without_usage_is_whole_moa_41(ask, whole):
    heard = await ask(Reply(text="Fine.", say_usage=False, whole=whole))
    assert (heard.text, heard.finish, heard.usage) == ("Fine.", "stop", None)


async def test_a_filter_that_lets_nothing_through_is_a_refusal(ask):
    with pytest.raises(ModelRefused, match="content filter"):
        await ask(Reply(raw=sse(said("", "content_filter"))))


# --- usage and cost (MOA-27, MOA-28) --------------------------------------------------------


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (
            {
                "prompt_tokens": 1200,
                "completion_tokens": 50,
                "prompt_tokens_details": {"cached_tokens": 1024, "cache_write_tokens": 64},
                "completion_tokens_details": {"reasoning_tokens": 20},
            },
            Usage(input=1200, cache_read=1024, cache_write=64, output=50, reasoning=20),
        ),
        (
            {"prompt_tokens": 9, "completion_tokens": 2, "prompt_cache_hit_tokens": 8},
            Usage(input=9, cache_read=8, output=2),
        ),
        (
            {"prompt_tokens": 9.0, "completion_tokens": None, "prompt_tokens_details": None},
            Usage(input=9),
        ),
    ],
)
async def test_usage_is_brought_into_one_form_moa_27(ask, usage, expected):
    assert (await ask(Reply(usage=usage))).usage == expected


@pytest.mark.parametrize(
    "usage",
    [None, {}, "many", {"prompt_tokens": "many"}, {"total_tokens": 3}],
    ids=["null", "empty", "text", "word", "total alone"],
)
async def test_usage_that_cannot_be_read_was_not_said(ask, usage):
    heard = await ask(Reply(raw=sse(said("a", "stop"), {"choices": [], "usage": usage})))
    assert (heard.text, heard.usage) == ("a", None)


async def test_usage_in_every_event_is_the_last_ones(ask):
    events = [
        {**said("a"), "usage": {"prompt_tokens": 5, "completion_tokens": 1}},
        {**said("b", "stop"), "usage": {"prompt_tokens": 5, "completion_tokens": 2}},
    ]
    assert (await ask(Reply(raw=sse(*events)))).usage == Usage(input=5, output=2)


async def test_usage_that_groq_puts_into_its_own_corner_is_found(ask):
    last = {**said("a", "stop"), "x_groq": {"id": "r", "usage": {"prompt_tokens": 5}}}
    assert (await ask(Reply(raw=sse(last)))).usage == Usage(input=5)


@pytest.mark.parametrize(
    ("more", "dollars"),
    [
        ({"cost": 0.00012345678901234567}, Decimal("0.00012345678901234567")),
        ({"cost": 0}, Decimal(0)),
        ({"cost": {"input_tokens_cost": 0.1, "total_cost": 0.006}}, Decimal("0.006")),
        ({"cost": {}}, None),
        ({"cost": "NaN"}, None),
        ({"cost": -1}, None),
        (
            {"cost": 0.01, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.2}},
            Decimal("0.21"),
        ),
    ],
)
async def test_a_cost_that_the_provider_reports_is_exact_moa_28(ask, more, dollars):
    usage = json.dumps({"prompt_tokens": 3, "completion_tokens": 1})[:-1]
    extra = ", ".join(f'"{key}": {json.dumps(value)}' for key, value in more.items())
    end = f'data: {{"choices": [], "usage": {usage}, {extra}}}}}\n\n'.encode()
    heard = await ask(Reply(raw=sse(said("a", "stop"), done=False) + end))
    costs = [chunk.dollars for chunk in heard.chunks if chunk.dollars is not None]
    expected = [] if dollars is None else [pytest.approx(dollars)]
    assert costs == expected
    assert heard.usage == Usage(input=3, output=1)
