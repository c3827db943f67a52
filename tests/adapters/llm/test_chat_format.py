# Shows that requests and usage are the official client's, and that prompts keep their prefix.

import json
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from adapters.llm.chat_completions import ChatCompletions
from adapters.llm.chat_request import fields_of
from adapters.llm.chat_tools import ToolCalls
from adapters.llm.chat_wire import Function, ToolPiece
from adapters.llm.encoding import encode
from adapters.llm.quirks import of_family
from adapters.llm.waits import duration, retry_after
from adapters.llm.wire import Endpoint
from core.types import Image, Line, Tool, ToolCall
from tests.adapters.llm.asking import call, hear
from tests.simulators.provider import Reply

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TALK = (
    Line.of("system", "Be brief."),
    Line(role="user", parts=("What is this?", Image(url="https://x/y.png", detail="low"))),
    Line(role="assistant", tool_calls=(ToolCall(id="call_a", name="look", arguments='{"a":1}'),)),
    Line(role="tool", parts=("A ship.",), tool_call_id="call_a"),
    Line.of("assistant", "A ship."),
    Line(role="user", parts=("Ship it?",), name="ann"),
)
TOOL = Tool(
    name="look", description="Looks.", parameters={"type": "object", "properties": {}}, strict=True
)
OFFICIAL = [
    {"role": "system", "content": "Be brief."},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "low"}},
        ],
    },
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "call_a",
                "type": "function",
                "function": {"name": "look", "arguments": '{"a":1}'},
            }
        ],
    },
    {"role": "tool", "tool_call_id": "call_a", "content": "A ship."},
    {"role": "assistant", "content": "A ship."},
    {"role": "user", "content": "Ship it?", "name": "ann"},
]
ASKED: dict[str, Any] = {
    "model": "gpt-4o",
    "messages": OFFICIAL,
    "stream_options": {"include_usage": True},
    "temperature": 0.0,
    "max_tokens": 99,
    "reasoning_effort": "low",
    "top_p": 0.5,
    "stop": ["END"],
    "seed": 7,
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "look",
                "description": "Looks.",
                "parameters": {"type": "object", "properties": {}},
                "strict": True,
            },
        }
    ],
}
USAGE = {
    "prompt_tokens": 1200,
    "completion_tokens": 50,
    "total_tokens": 1250,
    "prompt_tokens_details": {"cached_tokens": 1024, "cache_write_tokens": 64},
    "completion_tokens_details": {"reasoning_tokens": 20},
}


async def test_our_request_is_the_official_clients(provider, model):
    """The official client is the oracle: the same conversation, the same fields and values."""
    provider.replies["*"] = Reply(usage=USAGE)
    heard = await hear(
        model,
        call(
            "gpt-4o",
            TALK,
            tools=(TOOL,),
            temperature=0.0,
            max_tokens=99,
            reasoning_effort="low",
            extra={"top_p": 0.5, "stop": ["END"], "seed": 7},
        ),
    )
    async with openai.AsyncOpenAI(api_key="sk-1", base_url=provider.base_url) as client:
        stream = await client.chat.completions.create(stream=True, **ASKED)
        events = [event async for event in stream]
    ours, theirs = (seen.body for seen in provider.seen)
    assert ours == theirs
    official = events[-1].usage
    assert official is not None
    assert official.prompt_tokens_details is not None
    assert official.completion_tokens_details is not None
    assert heard.usage is not None
    assert heard.usage.input == official.prompt_tokens
    assert heard.usage.output == official.completion_tokens
    assert heard.usage.cache_read == official.prompt_tokens_details.cached_tokens
    assert heard.usage.reasoning == official.completion_tokens_details.reasoning_tokens
    assert heard.text == "".join(
        each.choices[0].delta.content or "" for each in events if each.choices
    )


def sent(request, extra_body=None, quirks=frozenset()):
    return json.loads(encode(fields_of(request, extra_body or {}, quirks)))


def test_what_is_unset_is_absent_and_an_explicit_zero_is_sent_moa_4():
    bare = {"model", "stream", "stream_options", "messages"}
    assert set(sent(call())) == bare
    assert sent(call(temperature=0.0))["temperature"] == 0


def test_the_slots_extra_body_wins_over_the_providers():
    request = call(extra_body={"a": 2, "c": {"d": 1}}, extra={"top_p": 0.1})
    body = sent(request, {"a": 1, "b": None, "top_p": 0.9})
    assert (body["a"], body["b"], body["c"], body["top_p"]) == (2, None, {"d": 1}, 0.9)


@pytest.mark.parametrize(
    ("parts", "content"),
    [
        (("a",), "a"),
        ((), ""),
        (("a", "b"), [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]),
        (
            (Image(url="data:image/png;base64,AA=="),),
            [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}],
        ),
    ],
)
def test_text_alone_is_a_plain_string(parts, content):
    body = sent(call(lines=[Line(role="user", parts=parts)]))
    assert body["messages"][0]["content"] == content


def test_half_an_emoji_of_a_cut_message_does_not_stop_the_request():
    assert sent(call(lines=[Line.of("user", "go \ud83d")]))["messages"][0]["content"] == "go ?"


def test_mappings_of_any_kind_are_written():
    assert sent(call(extra_body=MappingProxyType({"a": MappingProxyType({"b": 1})})))["a"] == {
        "b": 1
    }


LINE = st.builds(Line.of, st.sampled_from(["user", "assistant"]), st.text())


@given(st.lists(LINE, min_size=1), st.lists(LINE))
def test_a_longer_conversation_extends_the_bytes_of_a_shorter_one_moa_19(lines, more):
    def written(lines):
        request = call(lines=lines, temperature=0.3, tools=(TOOL,), extra_body={"top_k": 4})
        return encode(fields_of(request, {"x": 1}, frozenset()))

    shorter, longer = written(lines), written([*lines, *more])
    assert longer.startswith(shorter.removesuffix(b"]}"))


@pytest.mark.parametrize(
    ("model", "wants"),
    [
        ("o3-mini", True),
        ("openai/gpt-5.5", True),
        ("GPT-10", True),
        ("gpt-4o", False),
        ("gpt-oss-120b", False),
        ("olmo-2", False),
        ("claude-opus-4.8", False),
    ],
)
def test_families_are_told_by_the_models_name(model, wants):
    assert ("max_completion_tokens" in of_family(model)) is wants


# --- tool calls in pieces -------------------------------------------------------------------


def piece(index=None, id_=None, name=None, arguments=None):
    return ToolPiece(index=index, id=id_, function=Function(name=name, arguments=arguments))


@pytest.mark.parametrize(
    ("pieces", "calls"),
    [
        (
            [piece(0, "a", "f", ""), piece(0, None, None, "{"), piece(0, arguments="}")],
            [("a", "f", "{}")],
        ),
        (
            [piece(0, "a", "f", "1"), piece(1, "b", "g", "2"), piece(0, arguments="3")],
            [("a", "f", "13"), ("b", "g", "2")],
        ),
        (
            [piece(None, "a", "f", "1"), piece(None, "b", "f", "2")],
            [("a", "f", "1"), ("b", "f", "2")],
        ),
        ([piece(0, "a", "f", "1"), piece(0, "b", "f", "2")], [("a", "f", "1"), ("b", "f", "2")]),
        (
            [piece(0, None, "f", "1"), piece(0, None, "g", "2")],
            [(None, "f", "1"), (None, "g", "2")],
        ),
        ([piece(None, None, "f", "1"), piece(arguments="2")], [(None, "f", "12")]),
        ([piece(0, "a", "f", "1"), piece(0, "a", "f", "2")], [("a", "f", "12")]),
        (
            [piece(0, "a", "f", "1"), piece(1, "a", "f", "2"), piece(1, "a", None, "3")],
            [("a", "f", "1"), (None, "f", "23")],
        ),
        ([piece(0, "a", "f", "1"), piece(0, "random", None, "2")], [("a", "f", "12")]),
        ([piece(0, None, "f", "1"), piece(0, "", "f", "2")], [(None, "f", "12")]),
        ([piece(0, "a", "f", {"x": 1})], [("a", "f", '{"x":1}')]),
        ([piece(0, "a", None, None), piece(0, "a", "f", "1")], [("a", "f", "1")]),
    ],
)
def test_tool_calls_are_put_together_however_they_are_numbered(pieces, calls):
    gathered = ToolCalls()
    gathered.take(pieces)
    whole = gathered.whole(cut=False)
    assert [(call.name, call.arguments) for call in whole] == [each[1:] for each in calls]
    assert all(
        call.id == each[0] or each[0] is None for call, each in zip(whole, calls, strict=True)
    )
    assert len({call.id for call in whole}) == len(calls)


def test_a_call_that_was_cut_by_the_token_limit_is_left_out():
    gathered = ToolCalls()
    gathered.take([piece(0, "a", "f", "{}"), piece(1, "b", "g", '{"x": ')])
    assert [call.id for call in gathered.whole(cut=True)] == ["a"]


# --- how long to wait -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "Sat, 21 Nov 2026 12:00:30 GMT"}, 30),
        ({"Retry-After": "Sat, 21 Nov 2026 11:00:00 GMT"}, 0),
        (
            {
                "Retry-After": "Sat, 21 Nov 2026 13:00:05 GMT",
                "Date": "Sat, 21 Nov 2026 13:00:00 GMT",
            },
            5,
        ),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": f"Sat, 21 Nov {'9' * 20} 12:00:30 GMT"}, None),
        (
            {
                "X-RateLimit-Reset-Requests": "1s",
                "X-RateLimit-Reset-Tokens": "6m0s",
                "X-RateLimit-Remaining-Tokens": "900",
            },
            1,
        ),
        ({"X-RateLimit-Reset": str(int(NOW.timestamp() + 9) * 1000)}, 9),
        ({}, None),
    ],
)
def test_the_wait_is_read_in_every_notation(headers, seconds):
    assert retry_after(CIMultiDict(headers), NOW) == (
        None if seconds is None else pytest.approx(seconds)
    )


@given(st.text(alphabet="0123456789.msh -e"))
def test_no_duration_is_negative(text):
    seconds = duration(text, NOW)
    assert seconds is None or seconds >= 0


def test_the_key_is_not_in_the_repr(session):
    endpoint = Endpoint(base_url="http://h", api_key="sk-1", headers={"X": "secret"})
    assert "sk-1" not in repr(endpoint)
    assert "secret" not in repr(ChatCompletions(session, endpoint)) + repr(endpoint)
