# Shows that the Responses codec reads what servers really send, over real sockets, and that
# whatever goes wrong becomes one typed failure of ours.

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.llm.responses import Responses
from adapters.llm.responses_answer import ResponsesAnswer
from adapters.llm.wire import Endpoint
from core.calls import Chunk
from core.errors import (
    ContextOverflow,
    ModelBroken,
    ModelBusy,
    ModelForbidden,
    ModelRefused,
    ModelUnreachable,
)
from core.types import Tool, ToolCall, Usage
from tests.adapters.llm.asking import call, hear, outcome, sse
from tests.simulators.provider import ProviderSimulator, Reply

WEATHER = {
    "id": "call_a",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"city": "Kyiv"}'},
}


@pytest.fixture
async def ask(session):
    """Ask a simulated model with one planned reply, and hear its answer to the end."""

    async def asking(reply, request=None, **endpoint):
        async with ProviderSimulator({"m": reply}) as simulator:
            model = Responses(session, Endpoint(base_url=simulator.base_url, **endpoint))
            return await hear(model, request or call())

    return asking


def message(*texts, kind="output_text", **more):
    name = "refusal" if kind == "refusal" else "text"
    content = [{"type": kind, name: text} for text in texts]
    return {"type": "message", "role": "assistant", "content": content, **more}


def response(*output, status="completed", **more):
    return {"object": "response", "status": status, "output": list(output), **more}


def delta(text, kind="output_text", **more):
    return {"type": f"response.{kind}.delta", "delta": text, **more}


def done(item, **more):
    return {"type": "response.output_item.done", "item": item, **more}


def ended(*output, status="completed", **more):
    return {"type": f"response.{status}", "response": response(*output, status=status, **more)}


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


@pytest.mark.parametrize("whole", [True, False])
async def test_reasoning_is_kept_apart_moa_41(ask, whole):
    heard = await ask(Reply(text="No.", reasoning="Tests fail.", whole=whole))
    assert (heard.text, heard.reasoning) == ("No.", "Tests fail.")


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


async def test_a_whole_answer_to_a_stream_request_is_one_chunk_moa_41(ask):
    heard = await ask(Reply(text="All at once, and in one piece.", whole=True))
    assert [chunk.text for chunk in heard.chunks if chunk.text] == [heard.text]
    assert heard.usage is not None


@pytest.mark.parametrize("whole", [True, False])
async def test_an_answer_without_usage_is_whole_moa_41(ask, whole):
    heard = await ask(Reply(text="Fine.", say_usage=False, whole=whole))
    assert (heard.text, heard.finish, heard.usage) == ("Fine.", "stop", None)


async def test_a_call_that_was_cut_by_the_token_limit_is_left_out(ask):
    half = {"type": "function_call", "call_id": "call_a", "name": "f", "arguments": '{"x": '}
    why = {"reason": "max_output_tokens"}
    raw = json.dumps(response(half, status="incomplete", incomplete_details=why)).encode()
    heard = await ask(Reply(raw=raw))
    assert (heard.tool_calls, heard.finish) == ((), "length")


# --- shapes (MOA-41) ------------------------------------------------------------------------

TOLD = message("all of it", id="msg_1")


@pytest.mark.parametrize(
    "events",
    [
        (delta("all "), delta("of it"), ended(TOLD)),
        (delta("all "), delta("of it"), ended()),
        (delta("all of it", item_id="msg_1"), done(TOLD), ended(TOLD)),
        (delta("all of it", output_index=0), done(TOLD, output_index=0), ended(TOLD)),
        # One server gives an item another id in each event.
        (delta("all of it", output_index=0), ended(message("all of it", id="msg_2"))),
        (done(TOLD, output_index=0), ended(TOLD)),
        (done(TOLD), ended(TOLD)),
        (done(TOLD), ended()),
        (ended(TOLD),),
        (ended(message("all", " of it")),),
        (ended({"type": "message", "content": "all of it"}),),
        ({"type": "keepalive"}, {"type": "response.new_thing", "delta": "?"}, ended(TOLD)),
        ({"type": "response.created", "response": response(status="in_progress")}, ended(TOLD)),
        ({"type": "response.completed", "response": {"output": [TOLD]}},),
    ],
)
async def test_text_is_told_once_whoever_tells_it_first_moa_41(ask, events):
    heard = await ask(Reply(raw=sse(*events, done=False)))
    assert (heard.text, heard.finish) == ("all of it", "stop")


@pytest.mark.parametrize(
    "events",
    [
        (ended(message("I will not.", kind="refusal")),),
        (delta("I will not.", kind="refusal"), ended(message("I will not.", kind="refusal"))),
        (delta("I will not.", kind="refusal"), ended()),
        (done(message("I will not.", kind="refusal")), ended()),
    ],
)
async def test_a_refusal_is_told_once_and_as_one(ask, events):
    heard = await ask(Reply(raw=sse(*events, done=False)))
    assert (heard.text, heard.finish) == ("I will not.", "refusal")


async def test_two_messages_and_two_summaries_stand_apart(ask):
    parts = [{"type": "summary_text", "text": "One."}, {"type": "summary_text", "text": "Two."}]
    thought = {"type": "reasoning", "id": "rs_1", "summary": parts}
    whole = ended(thought, message("I look.", id="msg_1"), message("A ship.", id="msg_2"))
    heard = await ask(Reply(raw=sse(whole, done=False)))
    assert (heard.text, heard.reasoning) == ("I look.\n\nA ship.", "One.\n\nTwo.")
    thinks = "reasoning_summary_text"
    added = {"type": "response.reasoning_summary_part.added", "output_index": 0}
    events = (
        added,
        delta("One.", thinks, output_index=0),
        added,
        delta("Two.", thinks, output_index=0),
        delta("I look.", output_index=1),
        delta("A ship.", output_index=2),
        ended(),
    )
    heard = await ask(Reply(raw=sse(*events, done=False)))
    assert (heard.text, heard.reasoning) == ("I look.\n\nA ship.", "One.\n\nTwo.")


@pytest.mark.parametrize(
    "events",
    [
        (
            {
                "type": "response.output_item.added",
                "output_index": 0,
                "item": {"type": "function_call", "call_id": "c", "name": "f", "arguments": ""},
            },
            delta("{", "function_call_arguments", output_index=0),
            delta("}", "function_call_arguments", output_index=0),
            ended(),
        ),
        (
            done({"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}),
            ended(),
        ),
        (ended({"type": "function_call", "id": "c", "name": "f", "arguments": "{}"}),),
    ],
)
async def test_a_call_is_found_whoever_tells_it(ask, events):
    heard = await ask(Reply(raw=sse(*events, done=False)))
    assert heard.tool_calls == (ToolCall(id="c", name="f", arguments="{}"),)
    assert heard.finish == "tool_calls"


async def test_calls_that_nobody_numbers_do_not_meet(ask):
    calls = [
        {"type": "function_call", "call_id": name, "name": name, "arguments": "{}"}
        for name in ("a", "b")
    ]
    heard = await ask(Reply(raw=sse(*map(done, calls), ended(), done=False)))
    assert [each.id for each in heard.tool_calls] == ["a", "b"]


@pytest.mark.parametrize(
    ("status", "reason", "finish"),
    [
        ("completed", None, "stop"),
        ("incomplete", "max_output_tokens", "length"),
        ("incomplete", "content_filter", "content_filter"),
        ("incomplete", None, "length"),
        ("incomplete", "something_new", "stop"),
    ],
)
async def test_reasons_of_an_end_are_mapped_moa_41(ask, status, reason, finish):
    why = reason and {"reason": reason}
    end = ended(message("a"), status=status, incomplete_details=why)
    assert (await ask(Reply(raw=sse(end, done=False)))).finish == finish


async def test_a_filter_that_lets_nothing_through_is_a_refusal(ask):
    end = ended(status="incomplete", incomplete_details={"reason": "content_filter"})
    with pytest.raises(ModelRefused, match="content filter"):
        await ask(Reply(raw=sse(end, done=False)))


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (
            {
                "input_tokens": 1200,
                "input_tokens_details": {"cached_tokens": 1024, "cache_write_tokens": 64},
                "output_tokens": 50,
                "output_tokens_details": {"reasoning_tokens": 20},
            },
            Usage(input=1200, cache_read=1024, cache_write=64, output=50, reasoning=20),
        ),
        ({"input_tokens": 9, "output_tokens": 2}, Usage(input=9, output=2)),
        (None, None),
        ({"input_tokens": "many"}, None),
    ],
)
async def test_usage_is_brought_into_one_form_moa_27(ask, usage, expected):
    heard = await ask(Reply(raw=sse(ended(message("a"), usage=usage), done=False)))
    assert (heard.text, heard.usage) == ("a", expected)


async def test_a_cost_that_the_provider_reports_wins_moa_28(ask):
    usage = {"input_tokens": 9, "output_tokens": 2, "cost": 0.25}
    heard = await ask(Reply(raw=sse(ended(message("a"), usage=usage), done=False)))
    assert [each.dollars for each in heard.chunks if each.dollars is not None] == [Decimal("0.25")]


# --- failures -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"type": "error", "code": "rate_limit_exceeded", "message": "no"}, ModelBusy),
        ({"type": "error", "error": {"type": "server_error", "message": "no"}}, ModelBusy),
        ({"type": "error", "message": "boom"}, ModelBroken),
        ({"error": {"message": "no", "code": "invalid_api_key"}}, ModelForbidden),
        (ended(status="failed", error={"code": "server_error", "message": "no"}), ModelBusy),
        (ended(status="failed", error={"code": "invalid_prompt", "message": "no"}), ModelRefused),
        (ended(status="failed", error={"code": "bio_policy", "message": "no"}), ModelRefused),
        (
            ended(status="failed", error={"code": "context_length_exceeded", "message": "no"}),
            ContextOverflow,
        ),
        (ended(status="failed"), ModelBroken),
        (ended(status="cancelled"), ModelBroken),
    ],
)
@pytest.mark.parametrize("streamed", [True, False])
async def test_an_error_inside_a_200_is_a_failure_moa_41(ask, event, kind, streamed):
    raw = sse(event, done=False)
    if not streamed:
        raw = json.dumps(event.get("response", event)).encode()
    with pytest.raises(kind) as caught:
        await ask(Reply(raw=raw))
    assert type(caught.value) is kind


async def test_the_words_before_a_failure_count(session):
    failure = ended(status="failed", error={"code": "server_error", "message": "boom"})
    raw = sse(delta("half an ans"), failure, done=False)
    async with ProviderSimulator({"m": Reply(raw=raw)}) as simulator:
        model = Responses(session, Endpoint(base_url=simulator.base_url))
        stream = model.stream(call())
        heard = ""
        while not heard:
            heard += (await anext(stream)).text
        with pytest.raises(ModelBusy, match="boom"):
            await anext(stream)
    assert heard == "half an ans"


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(text="long " * 50, drop_after=1500), ModelUnreachable),
        (Reply(raw=sse(delta("half"), done=False)), ModelUnreachable),
        (Reply(text="half", finish=None), ModelUnreachable),
        (Reply(raw=b""), ModelUnreachable),
        (Reply(raw=b"data: {nonsense\n\n"), ModelBroken),
        (Reply(raw=b'{"output": 3}'), ModelBroken),
        (Reply(raw=b'{"id": "x"}'), ModelBroken),
        (Reply(raw=json.dumps(response(status="queued")).encode()), ModelBroken),
        (Reply(raw=b"<html>Sign in</html>"), ModelBroken),
        (Reply(raw=sse()), ModelBroken),
        (Reply(status=401), ModelForbidden),
        (Reply(status=429, error={"error": {"message": "slow down"}}), ModelBusy),
    ],
)
async def test_an_answer_that_breaks_off_or_is_none_fails_moa_41(ask, reply, kind):
    with pytest.raises(kind):
        await ask(reply)


FIELDS = st.sampled_from(
    [
        *("type", "delta", "item", "item_id", "output_index", "response", "error", "code"),
        *("message", "status", "output", "usage", "incomplete_details", "reason", "arguments"),
        *("content", "summary", "text", "refusal", "name", "call_id", "id", "input_tokens"),
        *("encrypted_content", "input_tokens_details", "cached_tokens"),
    ]
)
KINDS = st.sampled_from(
    [
        *("message", "reasoning", "function_call", "response.completed", "response.failed"),
        *("response.output_text.delta", "response.reasoning_text.delta", "error", "completed"),
        *("response.output_item.added", "response.output_item.done", "incomplete"),
        *("response.function_call_arguments.delta", "response.function_call_arguments.done"),
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | st.floats() | st.text(max_size=5) | KINDS,
    lambda each: st.lists(each, max_size=3) | st.dictionaries(FIELDS, each, max_size=6),
    max_leaves=25,
)
EVENTS = st.fixed_dictionaries(
    {"type": KINDS}, optional={"item": VALUES, "response": VALUES, "delta": st.text(max_size=5)}
)


@given(st.lists(EVENTS | VALUES, max_size=5), st.booleans())
def test_an_answer_is_an_answer_or_a_typed_failure_moa_41(documents, streamed):
    assert outcome(ResponsesAnswer("p:m"), map(json.dumps, documents), streamed=streamed)
