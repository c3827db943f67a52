# Shows that the Messages codec reads what Anthropic really sends, over real sockets, and keeps
# its head where it is sent something else (MOA-41).

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.llm.messages import Messages
from adapters.llm.messages_answer import MessagesAnswer
from adapters.llm.wire import Endpoint
from core.calls import Chunk
from core.errors import (
    ContextOverflow,
    ModelBroken,
    ModelBusy,
    ModelError,
    ModelForbidden,
    ModelRefused,
    ModelUnreachable,
)
from core.types import Line, Sealed, Tool, ToolCall, Usage
from tests.adapters.llm.asking import USER, call, hear, outcome, sse
from tests.simulators.anthropic import AnthropicSimulator
from tests.simulators.anthropic_rules import signed
from tests.simulators.provider_reply import Reply

WEATHER = {
    "id": "toolu_a",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"city": "Kyiv"}'},
}
MODEL = "claude-opus-4-8"


@pytest.fixture
async def ask(session):
    async def asking(reply, request=None, version="2023-06-01", key=None, **endpoint):
        async with AnthropicSimulator({"*": reply}, key=key) as simulator:
            where = Endpoint(base_url=simulator.base_url, **endpoint)
            return await hear(Messages(session, where, version), request or call(MODEL))

    return asking


async def listen(model, heard):
    async for chunk in model.stream(call(MODEL)):
        heard.append(chunk.text)


def raw(*events):
    return Reply(raw=sse(*events, done=False))


START = {"type": "message_start", "message": {"usage": {"input_tokens": 9, "output_tokens": 1}}}
END = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}}


def text(said, at=0):
    delta = {"type": "text_delta", "text": said}
    return (
        {"type": "content_block_start", "index": at, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": at, "delta": delta},
        {"type": "content_block_stop", "index": at},
    )


# --- answers --------------------------------------------------------------------------------


@pytest.mark.parametrize("whole", [False, True])
async def test_an_answer_is_read_streamed_or_whole(ask, whole):
    usage = {"input_tokens": 10, "cache_read_input_tokens": 60, "cache_creation_input_tokens": 30}
    spent = {**usage, "output_tokens": 7, "output_tokens_details": {"thinking_tokens": 3}}
    heard = await ask(Reply(text="Ship it. 🚢", usage=spent, whole=whole))
    assert heard.chunks[0] == Chunk()
    assert heard.text == "Ship it. 🚢"
    assert heard.finish == "stop"
    assert heard.usage == Usage(input=100, cache_read=60, cache_write=30, output=7, reasoning=3)


async def test_the_count_at_the_beginning_knows_the_input_alone_moa_27(ask):
    events = (START, *text("Hi"), {"type": "message_stop"})
    heard = await ask(raw(*events))
    assert heard.text == "Hi"
    assert heard.usage == Usage(input=9, estimated=True)
    heard = await ask(raw(START, *text("Hi"), END, {"type": "message_stop"}))
    assert heard.usage == Usage(input=9, output=4)


@pytest.mark.parametrize("whole", [False, True])
async def test_thoughts_are_shown_apart_and_sealed_with_their_signature(ask, whole):
    reply = Reply(text="Rain.", reasoning="I look it up.", tool_calls=(WEATHER,), whole=whole)
    heard = await ask(reply, call(MODEL, reasoning_effort="high", tools=(Tool(name="weather"),)))
    assert (heard.text, heard.reasoning) == ("Rain.", "I look it up.")
    assert heard.tool_calls == (
        ToolCall(id="toolu_a", name="weather", arguments='{"city": "Kyiv"}'),
    )
    assert heard.finish == "tool_calls"
    (sealed,) = heard.chunks[-1].sealed
    assert sealed.label == f"p:{MODEL}"
    assert json.loads(sealed.data) == {
        "type": "thinking",
        "thinking": "I look it up.",
        "signature": signed("I look it up."),
    }


def test_what_stands_before_the_last_thought_is_sealed_with_it():
    answer = MessagesAnswer("p:m")
    blocks = [
        {"type": "redacted_thinking", "data": "x=="},
        {"type": "text", "text": "I look."},
        {"type": "tool_use", "id": "a", "name": "now", "input": {}},
        {"type": "thinking", "thinking": "Hm.", "signature": "s"},
        {"type": "text", "text": " Again."},
    ]
    answer.take(json.dumps({"type": "message", "content": blocks, "stop_reason": "end_turn"}))
    assert answer.flush().text == "I look. Again."
    end = answer.end(streamed=False)
    assert [json.loads(each.data) for each in end.sealed] == blocks[:4]
    assert end.tool_calls == (ToolCall(id="a", name="now", arguments=""),)


async def test_a_thought_that_was_cut_is_not_sealed(ask):
    begun = {"type": "thinking", "thinking": "", "signature": ""}
    delta = {"type": "thinking_delta", "thinking": "Hm"}
    start = {"type": "content_block_start", "index": 0, "content_block": begun}
    end = {"type": "message_delta", "delta": {"stop_reason": "max_tokens"}, "usage": {}}
    heard = await ask(
        raw(START, start, {"type": "content_block_delta", "index": 0, "delta": delta}, end)
    )
    assert (heard.reasoning, heard.finish, heard.chunks[-1].sealed) == ("Hm", "length", ())


def test_a_model_whose_thoughts_are_kept_from_us_is_alive_while_it_thinks_p12():
    answer = MessagesAnswer("p:m")
    told = []
    ping = {"type": "ping"}
    signed_ = {"type": "signature_delta", "signature": "s"}
    for event in (
        ping,
        {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking"}},
        ping,
        {"type": "content_block_delta", "index": 0, "delta": signed_},
        {"type": "content_block_stop", "index": 0},
        ping,
    ):
        answer.take(json.dumps(event))
        told.append(answer.flush().progress)
    assert told == [False, False, True, False, False, False]


async def test_the_first_word_does_not_wait_for_the_pace_behind_its_usage_moa_32(ask):
    reply = Reply(text="Ship it, and not before the tests are green.", between=0.002)
    heard = await ask(reply, call(MODEL, pace=3600.0))  # would meet the test's own time limit
    assert len([chunk for chunk in heard.chunks if chunk.text]) == 2


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("pause_turn", "stop"),
        ("something_new", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "content_filter"),
    ],
)
async def test_reasons_of_an_end_are_mapped(ask, reason, finish):
    assert (await ask(Reply(finish=reason))).finish == finish


async def test_a_refusal_without_a_word_is_a_failure(ask):
    with pytest.raises(ModelRefused, match="content filter"):
        await ask(Reply(text="", finish="refusal"))


async def test_an_empty_answer_is_no_failure(ask):
    heard = await ask(Reply(text=""))
    assert (heard.text, heard.finish) == ("", "stop")


async def test_half_an_emoji_is_replaced(ask):
    whole = b'{"content": [{"type": "text", "text": "Hi \\ud83d"}], "stop_reason": "end_turn"}'
    assert (await ask(Reply(raw=whole))).text.startswith("Hi ")


async def test_unknown_events_and_blocks_are_read_over(ask):
    events = (
        START,
        {"type": "ping"},
        {"type": "weather_report", "delta": "rain", "index": "three"},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "server_tool_use"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "x", "text": "not said"}},
        {"type": "content_block_start", "index": 2, "content_block": {"type": "new", "data": {}}},
        {"type": "content_block_delta", "index": 9, "delta": "nothing"},
        *text("Hi", at=3),
        END,
        {"type": "message_stop"},
        *text("too late", at=4),
    )
    heard = await ask(raw(*events))
    assert heard.text == "Hi"


@pytest.mark.parametrize(
    "content", ["Hi", [{"type": "text", "text": "Hi"}, {"type": "x", "data": 1}]]
)
async def test_a_whole_answer_may_be_bare(ask, content):
    heard = await ask(Reply(raw=json.dumps({"content": content}).encode()))
    assert (heard.text, heard.finish, heard.usage) == ("Hi", "stop", None)


# --- failures -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "error"),
    [
        (400, "invalid_request_error", ModelRefused),
        (401, "authentication_error", ModelForbidden),
        (402, "billing_error", ModelRefused),
        (403, "permission_error", ModelForbidden),
        (404, "not_found_error", ModelRefused),
        (413, "request_too_large", ModelRefused),
        (429, "rate_limit_error", ModelBusy),
        (500, "api_error", ModelBusy),
        (504, "timeout_error", ModelBusy),
        (529, "overloaded_error", ModelBusy),
    ],
)
@pytest.mark.parametrize("inside", [False, True])
async def test_errors_are_typed_wherever_they_come_moa_41(ask, status, kind, error, inside):
    told = {"type": "error", "error": {"type": kind, "message": "No."}}
    reply = Reply(error=told, status=200 if inside else status, headers={"Retry-After": "7"})
    with pytest.raises(ModelError) as caught:
        await ask(reply)
    assert type(caught.value) is error
    if isinstance(caught.value, ModelBusy) and not inside:
        assert caught.value.retry_after == 7


@pytest.mark.parametrize(
    "words",
    [
        "prompt is too long: 208310 tokens > 200000 maximum",
        "input length and `max_tokens` exceed context limit: 190000 + 32000 > 200000",
    ],
)
async def test_a_window_that_is_full_is_known_as_such(ask, words):
    told = {"type": "error", "error": {"type": "invalid_request_error", "message": words}}
    with pytest.raises(ContextOverflow):
        await ask(Reply(error=told, status=400))


async def test_a_stream_that_breaks_off_is_unreachable_and_keeps_its_words(session):
    heard: list[str] = []
    reply = Reply(text="I begin, but " * 20, drop_after=1_500)
    async with AnthropicSimulator({"*": reply}) as simulator:
        model = Messages(session, Endpoint(base_url=simulator.base_url))
        with pytest.raises(ModelUnreachable):
            await listen(model, heard)
    assert "".join(heard).startswith("I begin")


async def test_a_stream_without_its_end_was_cut(ask):
    with pytest.raises(ModelUnreachable):
        await ask(Reply(finish=None, done=False))
    with pytest.raises(ModelBroken):
        await ask(raw({"type": "message_stop"}))


@given(st.lists(st.one_of(st.text(max_size=40), st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["type", "index", "delta", "content_block", "usage",
        "message", "content", "error", "text", "stop_reason", "input"]),
        inner | st.sampled_from(["text", "tool_use", "thinking", "content_block_start",
        "content_block_delta", "message_start", "message_delta", "message"]), max_size=5),
    max_leaves=12).map(json.dumps)), max_size=6))  # fmt: skip
def test_whatever_comes_is_an_answer_or_one_of_our_errors(documents):
    assert outcome(MessagesAnswer("p:m"), documents, streamed=True)


# --- what is learned, and keys --------------------------------------------------------------


async def test_chance_that_a_model_refuses_is_left_out_from_then_on(session):
    reply, name = Reply(refuses=("temperature", "top_p")), "claude-sonnet-5"
    async with AnthropicSimulator({"*": reply}) as simulator:
        model = Messages(session, Endpoint(base_url=simulator.base_url))
        for _ in range(2):
            await hear(model, call(name, temperature=0.3))
        await hear(model, call(name, extra={"top_p": 0.3}))
        sent = ["temperature" in each.body or "top_p" in each.body for each in simulator.seen]
    assert sent == [True, False, False, False]


async def test_the_way_to_think_is_learned_from_a_refusal(session):
    async with AnthropicSimulator({"*": Reply()}) as simulator:
        model = Messages(session, Endpoint(base_url=simulator.base_url))
        # A name of somebody's own hides which generation this is.
        for _ in range(2):
            await hear(model, call("our-opus-5", reasoning_effort="high"))
        ways = [each.body["thinking"]["type"] for each in simulator.seen]
    assert ways == ["enabled", "adaptive", "adaptive"]


async def test_a_cap_that_a_model_cannot_have_is_lowered_where_nobody_set_it(session):
    words = "max_tokens: 32000 > 8192, which is the maximum allowed number of output tokens for x"
    told = {"type": "error", "error": {"type": "invalid_request_error", "message": words}}
    replies = [Reply(status=400, error=told), Reply()]
    async with AnthropicSimulator({"*": replies}) as simulator:
        model = Messages(session, Endpoint(base_url=simulator.base_url))
        await hear(model, call("x"))
        assert [each.body["max_tokens"] for each in simulator.seen] == [32_000, 8_192]


@pytest.mark.parametrize(
    ("version", "key", "header"),
    [
        ("2023-06-01", "sk-ant-api03-x", "x-api-key"),
        ("2026-10-21", "sk-ant-api03-x", "Authorization"),
        ("2023-06-01", "sk-ant-oat01-x", "Authorization"),
    ],
)
async def test_the_key_goes_where_its_kind_and_version_want_it_moa_41(
    session, version, key, header
):
    async with AnthropicSimulator(key=key) as simulator:
        where = Endpoint(
            base_url=simulator.base_url, api_key=key, headers={"Anthropic-Beta": "more"}
        )
        await hear(Messages(session, where, version), call(MODEL))
        (seen,) = simulator.seen
    other = {"x-api-key", "Authorization"} - {header}
    assert seen.headers[header].removeprefix("Bearer ") == key
    assert not other & set(seen.headers)
    assert seen.headers["anthropic-version"] == version
    betas = "oauth-2025-04-20,more" if "oat" in key else "more"
    assert seen.headers["anthropic-beta"] == betas


async def test_a_wrong_key_is_never_quoted(ask):
    with pytest.raises(ModelForbidden) as caught:
        await ask(Reply(), key="right", api_key="sk-ant-wrong")
    assert "sk-ant-wrong" not in str(caught.value)


async def test_a_thought_comes_back_in_the_next_request_unchanged(session):
    reply = Reply(text="", reasoning="I look it up.", tool_calls=(WEATHER,))
    async with AnthropicSimulator({"*": [reply, Reply()]}) as simulator:
        model = Messages(session, Endpoint(base_url=simulator.base_url))

        def asked(*lines):
            tools = (Tool(name="weather"),)
            return call("claude-sonnet-4-5", lines, reasoning_effort="high", tools=tools)

        heard = await hear(model, asked(USER))
        sealed = tuple(each for chunk in heard.chunks for each in chunk.sealed)
        assert all(isinstance(each, Sealed) for each in sealed)
        line = Line(role="assistant", tool_calls=heard.tool_calls, sealed=sealed)
        result = Line(role="tool", parts=("rain",), tool_call_id="toolu_a")
        # The simulator refuses a thought that is missing or changed.
        await hear(model, asked(USER, line, result))
        content = simulator.seen[-1].body["messages"][1]["content"]
    assert [each["type"] for each in content] == ["thinking", "tool_use"]
