# Shows that requests of the Responses format are the official client's, that prompts keep their
# prefix, and that a model gets its own reasoning back.

import json
from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.llm.encoding import encode
from adapters.llm.quirks import of_family
from adapters.llm.responses import Responses
from adapters.llm.responses_request import fields_of
from adapters.llm.wire import Endpoint
from core.types import Image, Line, Tool, ToolCall
from tests.adapters.llm.asking import USER, call, hear
from tests.simulators.provider import ProviderSimulator, Reply

CALL = ToolCall(id="call_a", name="look", arguments='{"a":1}')
CALLED = {
    "id": "call_a",
    "type": "function",
    "function": {"name": "look", "arguments": '{"a":1}'},
}
RESULT = Line(role="tool", parts=("A ship.",), tool_call_id="call_a")
TALK = (
    Line.of("system", "Be brief."),
    Line(role="user", parts=("What is this?", Image(url="https://x/y.png", detail="low"))),
    Line(role="assistant", parts=("I look.",), tool_calls=(CALL,)),
    RESULT,
    Line.of("assistant", "A ship."),
    Line(role="user", parts=("Ship it?",), name="ann"),
)
SCHEMA: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}
TOOL = Tool(name="look", description="Looks.", parameters=SCHEMA, strict=True)
OFFICIAL = [
    {"type": "message", "role": "system", "content": "Be brief."},
    {
        "type": "message",
        "role": "user",
        "content": [
            {"type": "input_text", "text": "What is this?"},
            {"type": "input_image", "image_url": "https://x/y.png", "detail": "low"},
        ],
    },
    {"type": "message", "role": "assistant", "content": "I look."},
    {"type": "function_call", "call_id": "call_a", "name": "look", "arguments": '{"a":1}'},
    {"type": "function_call_output", "call_id": "call_a", "output": "A ship."},
    {"type": "message", "role": "assistant", "content": "A ship."},
    {"type": "message", "role": "user", "content": "Ship it?"},
]
ASKED: dict[str, Any] = {
    "model": "gpt-5.5",
    "input": OFFICIAL,
    "store": False,
    "include": ["reasoning.encrypted_content"],
    "max_output_tokens": 99,
    "reasoning": {"effort": "low"},
    "top_p": 0.5,
    "tool_choice": {"type": "function", "name": "look"},
    "text": {
        "format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}},
        "verbosity": "low",
    },
    "tools": [
        {
            "type": "function",
            "name": "look",
            "description": "Looks.",
            "parameters": SCHEMA,
            "strict": True,
        }
    ],
}
EXTRA = {
    "top_p": 0.5,
    "stop": ["END"],
    "seed": 7,
    "tool_choice": {"type": "function", "function": {"name": "look"}},
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "n", "schema": {"type": "object"}},
    },
    "verbosity": "low",
}
USAGE = {
    "input_tokens": 1200,
    "input_tokens_details": {"cached_tokens": 1024, "cache_write_tokens": 64},
    "output_tokens": 50,
    "output_tokens_details": {"reasoning_tokens": 20},
    "total_tokens": 1250,
}


async def test_our_request_and_what_we_hear_are_the_official_clients(session):
    """The official client is the oracle: the same fields going out, the same answer coming in."""
    reply = Reply(text="So.", reasoning="Hm.", tool_calls=(CALLED,), usage=USAGE)
    async with ProviderSimulator({"*": reply}) as provider:
        model = Responses(session, Endpoint(base_url=provider.base_url))
        asked = {"tools": (TOOL,), "max_tokens": 99, "reasoning_effort": "low", "extra": EXTRA}
        heard = await hear(model, call("gpt-5.5", TALK, **asked))
        async with openai.AsyncOpenAI(api_key="sk-1", base_url=provider.base_url) as client:
            stream = await client.responses.create(stream=True, **ASKED)
            last = [event async for event in stream][-1]
    ours, theirs = (seen.body for seen in provider.seen)
    assert ours == theirs
    assert last.type == "response.completed"
    official = last.response
    assert heard.text == official.output_text
    assert official.usage is not None
    assert heard.usage is not None
    assert heard.usage.input == official.usage.input_tokens
    assert heard.usage.output == official.usage.output_tokens
    assert heard.usage.cache_read == official.usage.input_tokens_details.cached_tokens
    assert heard.usage.cache_write == official.usage.input_tokens_details.cache_write_tokens
    assert heard.usage.reasoning == official.usage.output_tokens_details.reasoning_tokens
    calls = [each for each in official.output if each.type == "function_call"]
    assert heard.tool_calls == tuple(
        ToolCall(id=each.call_id, name=each.name, arguments=each.arguments) for each in calls
    )


def sent(request, extra_body=None, quirks=frozenset()):
    return json.loads(encode(fields_of(request, extra_body or {}, quirks)))


def test_what_is_unset_is_absent_and_an_explicit_zero_is_sent_moa_4():
    assert set(sent(call())) == {"model", "stream", "store", "include", "input"}
    assert sent(call(temperature=0.0))["temperature"] == 0


def test_nothing_is_kept_at_the_provider():
    assert sent(call())["store"] is False


def test_the_slots_extra_body_is_laid_over_what_is_sent():
    request = call(extra_body={"reasoning": {"summary": "auto"}, "a": 2}, reasoning_effort="high")
    body = sent(request, {"a": 1, "b": None, "text": {"verbosity": "low"}})
    assert body["reasoning"] == {"effort": "high", "summary": "auto"}
    assert (body["a"], body["b"], body["text"]) == (2, None, {"verbosity": "low"})


@pytest.mark.parametrize(
    ("extra", "fields"),
    [
        ({"tool_choice": "required"}, {"tool_choice": "required"}),
        (
            {
                "tool_choice": {
                    "type": "allowed_tools",
                    "allowed_tools": {
                        "mode": "auto",
                        "tools": [{"type": "function", "function": {"name": "look"}}],
                    },
                }
            },
            {
                "tool_choice": {
                    "type": "allowed_tools",
                    "mode": "auto",
                    "tools": [{"type": "function", "name": "look"}],
                }
            },
        ),
        (
            {"response_format": {"type": "json_object"}},
            {"text": {"format": {"type": "json_object"}}},
        ),
        ({"parallel_tool_calls": False}, {"parallel_tool_calls": False}),
        ({"reasoning_effort": "high"}, {"reasoning": {"effort": "high"}}),
        ({"stop": "END", "seed": 1, "logit_bias": {}, "frequency_penalty": 1}, {}),
        ({"presence_penalty": 1, "logprobs": True}, {}),
    ],
)
def test_what_a_program_asks_for_is_put_into_this_formats_words_moa_40(extra, fields):
    body = sent(call(extra=extra))
    bare = sent(call())
    assert {name: value for name, value in body.items() if name not in bare} == fields


def test_a_tool_is_strict_only_where_it_was_asked_for():
    """Left out, the API would take it for true, and refuse most schemas."""
    [tool] = sent(call(tools=(Tool(name="now"),)))["tools"]
    assert tool["strict"] is False
    assert tool["parameters"] == {"type": "object", "properties": {}}


def test_half_an_emoji_of_a_cut_message_does_not_stop_the_request():
    assert sent(call(lines=[Line.of("user", "go \ud83d")]))["input"][0]["content"] == "go ?"


LINE = st.builds(Line.of, st.sampled_from(["user", "assistant", "system"]), st.text())


@given(st.lists(LINE, min_size=1), st.lists(LINE))
def test_a_longer_conversation_extends_the_bytes_of_a_shorter_one_moa_19(lines, more):
    def written(lines):
        request = call(lines=lines, temperature=0.3, tools=(TOOL,), extra_body={"top_k": 4})
        return encode(fields_of(request, {"x": 1}, frozenset()))

    shorter, longer = written(lines), written([*lines, *more])
    assert longer.startswith(shorter.removesuffix(b"]}"))


# --- reasoning that goes back ---------------------------------------------------------------


async def second(session, reply, *, model="gpt-5.5", told="gpt-5.5", text="So."):
    """Let `model` call a tool, and `told` hear of the result; give the requests."""
    fine = Reply(text="Fine.")
    async with ProviderSimulator({model: [reply, fine], "*": fine}) as provider:
        codec = Responses(session, Endpoint(base_url=provider.base_url))
        heard = await hear(codec, call(model, tools=(TOOL,)))
        said = (text,) if text else ()
        line = Line(role="assistant", parts=said, tool_calls=heard.tool_calls, sealed=heard.sealed)
        after = await hear(codec, call(told, (USER, line, RESULT), tools=(TOOL,)))
        assert after.text == "Fine."
        return provider.seen


async def test_reasoning_goes_back_word_for_word_within_a_round_of_tools(session):
    reply = Reply(text="So.", reasoning="Hm.", tool_calls=(CALLED,))
    first, then = await second(session, reply)
    kinds = [item["type"] for item in then.body["input"]]
    assert kinds == ["message", "reasoning", "message", "function_call", "function_call_output"]
    reasoning = then.body["input"][1]
    assert reasoning["encrypted_content"].startswith("gAAAA")
    assert reasoning["summary"] == [{"type": "summary_text", "text": "Hm."}]
    assert "status" not in reasoning
    before = first.raw.removesuffix(b"]}")
    assert then.raw.startswith(before)  # MOA-19


async def test_no_other_slot_gets_it(session):
    reply = Reply(text="So.", reasoning="Hm.", tool_calls=(CALLED,))
    *_, then = await second(session, reply, told="gpt-5.5-mini")
    kinds = [item["type"] for item in then.body["input"]]
    assert kinds == ["message", "message", "function_call", "function_call_output"]
    assert "id" not in then.body["input"][2]


async def test_a_model_that_encrypts_nothing_is_not_asked_to(session):
    reply = Reply(text="", tool_calls=(CALLED,))
    seen = await second(session, reply, model="gpt-4o", told="gpt-4o", text="")
    assert len(seen) == 2
    assert all("include" not in each.body for each in seen)


async def test_what_cannot_be_decrypted_again_is_left_out_from_then_on(session):
    """A deployment behind the same name may be another one a moment later."""
    refused = {"error": {"message": "The encrypted content could not be verified."}}
    replies = [
        Reply(text="So.", reasoning="Hm.", tool_calls=(CALLED,)),
        Reply(status=400, error=refused),
        Reply(text="Fine."),
    ]
    async with ProviderSimulator({"*": replies}) as provider:
        codec = Responses(session, Endpoint(base_url=provider.base_url))
        heard = await hear(codec, call("m", tools=(TOOL,)))
        line = Line(role="assistant", tool_calls=heard.tool_calls, sealed=heard.sealed)
        assert (await hear(codec, call("m", (USER, line, RESULT)))).text == "Fine."
        kinds = [item["type"] for item in provider.seen[-1].body["input"]]
    assert kinds == ["message", "function_call", "function_call_output"]


async def test_reasoning_that_only_its_provider_has_is_not_sent_back(session):
    item: dict[str, Any] = {
        "id": "rs_1",
        "type": "reasoning",
        "summary": [],
        "encrypted_content": None,
    }
    function = {"id": "fc_1", "type": "function_call", "call_id": "call_a", "name": "look"}
    output = [item, {**function, "arguments": "{}"}]
    raw = json.dumps({"object": "response", "status": "completed", "output": output}).encode()
    *_, then = await second(session, Reply(raw=raw), text="")
    kinds = [item["type"] for item in then.body["input"]]
    assert kinds == ["message", "function_call", "function_call_output"]


# --- quirks ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "plain"),
    [
        ("gpt-4o", True),
        ("openai/gpt-4.1-mini", True),
        ("chatgpt-4o-latest", True),
        ("gpt-5-chat-latest", True),
        ("gpt-5.5", False),
        ("o4-mini", False),
        ("qwen3:8b", False),
    ],
)
def test_which_models_encrypt_nothing_is_told_by_their_names(model, plain):
    assert ("no_encrypted" in of_family(model)) is plain


@pytest.mark.parametrize("name", ["stream", "store", "include"])
async def test_a_server_that_does_not_know_a_field_is_asked_without_it_moa_41(session, name):
    async with ProviderSimulator({"m": Reply(text="Fine.", refuses=(name,))}) as provider:
        # Not one that stores, either: this one has no word for it.
        codec = Responses(session, Endpoint(base_url=provider.base_url))
        for _ in range(2):
            assert (await hear(codec, call())).text == "Fine."
        assert [name in seen.body for seen in provider.seen][1:] == [False, False]


async def test_a_temperature_that_a_reasoning_model_refuses_is_left_out(session):
    async with ProviderSimulator({"gpt-5.5": Reply()}) as provider:
        codec = Responses(session, Endpoint(base_url=provider.base_url))
        await hear(codec, call("gpt-5.5", temperature=0.2))
        assert [seen.body.get("temperature") for seen in provider.seen] == [0.2, None]
