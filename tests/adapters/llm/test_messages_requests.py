# Shows what a request of the Messages format looks like, and that Anthropic's rules take it.

import json
from dataclasses import replace

import pytest

from adapters.llm.encoding import encode
from adapters.llm.messages import VERSION, Messages
from adapters.llm.messages_request import fields_of
from adapters.llm.wire import Endpoint
from core.promptcache import breakpoints
from core.types import Image, Line, Sealed, Tool, ToolCall
from tests.adapters.llm.asking import USER, call
from tests.simulators.anthropic_rules import complaint, signed

OPUS, SONNET, LAST_OF_THREE = "claude-opus-4-8", "claude-sonnet-4-5", "claude-3-haiku-20240307"
PIXEL = "iVBORw0KGgo="
WEATHER = Tool(name="weather", description="Tells it.", parameters={"properties": {"city": {}}})
NEW = "2026-10-21"


def body(request, extra_body=(), quirks=frozenset(), version=VERSION):
    """The request as it goes out, which Anthropic has to take."""
    raw = encode(fields_of(request, dict(extra_body), quirks, version=version))
    wrong = complaint({"anthropic-version": version}, raw)
    assert wrong is None, wrong
    return json.loads(raw)


def texts(*said):
    return [{"type": "text", "text": each} for each in said]


def called(*names):
    return tuple(ToolCall(id=name, name="weather", arguments='{"city": "Kyiv"}') for name in names)


def results(*names):
    return tuple(Line(role="tool", parts=(f"{name}: rain",), tool_call_id=name) for name in names)


# --- words ----------------------------------------------------------------------------------


def test_the_system_prompt_stands_apart_and_nothing_unset_is_sent_moa_4():
    lines = (Line.of("system", "Be brief."), Line.of("developer", "Really."), USER)
    assert body(call(OPUS, lines)) == {
        "model": OPUS,
        "max_tokens": 32_000,
        "stream": True,
        "system": texts("Be brief.", "Really."),
        "messages": [{"role": "user", "content": texts("Ship it today?")}],
    }


def test_blank_texts_are_refused_there_and_left_out():
    lines = (USER, Line.of("assistant", " "), Line(role="user", parts=("And?", "\n")))
    assert [each["content"] for each in body(call(OPUS, lines))["messages"]] == [
        texts("Ship it today?"),
        texts("And?"),
    ]


def test_a_history_that_begins_with_an_answer_is_given_a_user_before_it():
    messages = body(call(OPUS, (Line.of("assistant", "Hello."), USER)))["messages"]
    assert [each["role"] for each in messages] == ["user", "assistant", "user"]


def test_a_begun_answer_ends_without_white_space_moa_20():
    messages = body(call(SONNET, (USER, Line.of("assistant", "Yes, \n"))))["messages"]
    assert messages[-1] == {"role": "assistant", "content": texts("Yes,")}


def test_half_an_emoji_does_not_stop_a_request():
    assert "\ud83d" not in body(call(OPUS, (Line.of("user", "Ship\ud83d it"),)))["messages"]


# --- pictures -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("https://e.org/a.png", {"type": "url", "url": "https://e.org/a.png"}),
        (
            f"data:image/png;base64,{PIXEL}",
            {"type": "base64", "media_type": "image/png", "data": PIXEL},
        ),
        (
            "data:image/jpg;base64,AAAA",
            {"type": "base64", "media_type": "image/jpeg", "data": "AAAA"},
        ),
        ("data:image/webp;x=y,%00", {"type": "base64", "media_type": "image/webp", "data": "AA=="}),
    ],
)
def test_pictures_keep_their_place(url, source):
    line = Line(role="user", parts=("Look:", Image(url=url), "Well?"))
    (message,) = body(call(OPUS, (line,)))["messages"]
    assert message["content"] == [
        *texts("Look:"),
        {"type": "image", "source": source},
        *texts("Well?"),
    ]


# --- tools ----------------------------------------------------------------------------------


def test_the_results_of_one_round_are_one_message_and_the_block_another_moa_19():
    block = Line(role="user", parts=("Advice.",), trailing=True)
    asked = Line(role="assistant", parts=("I look.",), tool_calls=called("a", "b"))
    lines = (USER, asked, *results("a", "b"), block)
    messages = body(call(OPUS, lines, tools=(WEATHER,)))["messages"]
    given = {"city": "Kyiv"}
    assert messages[1:] == [
        {
            "role": "assistant",
            "content": [
                *texts("I look."),
                {"type": "tool_use", "id": "a", "name": "weather", "input": given},
                {"type": "tool_use", "id": "b", "name": "weather", "input": given},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "a", "content": "a: rain"},
                {"type": "tool_result", "tool_use_id": "b", "content": "b: rain"},
            ],
        },
        {"role": "user", "content": texts("Advice.")},
    ]


def test_a_history_with_tools_that_are_gone_declares_them_and_lets_nobody_call_them():
    lines = (USER, Line(role="assistant", tool_calls=called("c1", "c2")), *results("c1", "c2"))
    sent = body(call(OPUS, (*lines, Line.of("assistant", "Rain."), Line.of("user", "Thanks."))))
    assert [each["name"] for each in sent["tools"]] == ["weather"]
    assert sent["tool_choice"] == {"type": "none"}


def test_ids_that_somebody_else_counted_from_one_in_every_answer_are_told_apart():
    round_ = (Line(role="assistant", tool_calls=called("c1", "c2")), *results("c1", "c2"))
    messages = body(call(OPUS, (USER, *round_, *round_)))["messages"]
    made = [each["id"] for line in messages for each in line["content"] if "input" in each]
    given = [
        each["tool_use_id"]
        for line in messages
        for each in line["content"]
        if "tool_use_id" in each
    ]
    assert made == given == ["c1", "c2", "c1_2", "c2_2"]


def test_a_result_that_is_no_success_says_so():
    asked = Line(role="assistant", tool_calls=called("a"))
    failed = replace(results("a")[0], failed=True)
    (result,) = body(call(OPUS, (USER, asked, failed)))["messages"][2]["content"]
    assert result["is_error"] is True


def test_a_tool_is_described_with_a_schema_whatever_was_given():
    tools = body(call(OPUS, tools=(WEATHER, Tool(name="now", strict=True))))["tools"]
    assert tools == [
        {
            "name": "weather",
            "description": "Tells it.",
            "input_schema": {"type": "object", "properties": {"city": {}}},
        },
        {"name": "now", "input_schema": {"type": "object"}, "strict": True},
    ]


@pytest.mark.parametrize(
    ("arguments", "given"),
    [("", {}), ("[1]", {"arguments": "[1]"}), ('{"a', {"arguments": '{"a'}), ('{"b":1}', {"b": 1})],
)
def test_arguments_are_an_object_and_ids_are_plain_whoever_wrote_them(arguments, given):
    made = ToolCall(id="functions.now:0", name="now", arguments=arguments)
    lines = (
        USER,
        Line(role="assistant", tool_calls=(made,)),
        Line(role="tool", tool_call_id="functions.now:0"),
    )
    _, asked, answered = body(call(OPUS, lines))["messages"]
    assert asked["content"][0]["input"] == given
    assert answered["content"] == [{"type": "tool_result", "tool_use_id": "functions_now_0"}]
    assert asked["content"][0]["id"] == "functions_now_0"


# --- what a program on /v1 wants, MOA-40 ----------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "sent"),
    [
        ({"tool_choice": "auto"}, {"tool_choice": {"type": "auto"}}),
        ({"tool_choice": "none"}, {"tool_choice": {"type": "none"}}),
        ({"tool_choice": "required"}, {"tool_choice": {"type": "any"}}),
        (
            {"tool_choice": {"type": "function", "function": {"name": "weather"}}},
            {"tool_choice": {"type": "tool", "name": "weather"}},
        ),
        (
            {"parallel_tool_calls": False},
            {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
        ),
        ({"stop": "END"}, {"stop_sequences": ["END"]}),
        ({"stop": ["END", "\n"]}, {"stop_sequences": ["END"]}),
        ({"top_p": 0.5}, {"top_p": 0.5}),
        ({"seed": 7, "logit_bias": {}, "frequency_penalty": 1}, {}),
        ({"response_format": {"type": "json_object"}}, {}),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"schema": {"a": 1}}}},
            {"output_config": {"format": {"type": "json_schema", "schema": {"a": 1}}}},
        ),
    ],
)
def test_wishes_are_said_in_this_formats_words_where_it_has_any(wanted, sent):
    plain = body(call(OPUS, tools=(WEATHER,)))
    made = body(call(OPUS, tools=(WEATHER,), extra=wanted))
    assert {name: made[name] for name in made.keys() - plain.keys()} == sent


def test_what_the_operator_wrote_wins():
    request = call(OPUS, extra_body={"max_tokens": 5, "metadata": {"user_id": "u"}}, max_tokens=9)
    made = body(request, {"max_tokens": 7, "service_tier": "auto"})
    assert (made["max_tokens"], made["service_tier"]) == (5, "auto")


# --- chance and caps ------------------------------------------------------------------------


def test_an_explicit_zero_is_sent_and_one_of_two_is_enough_moa_4():
    made = body(call(SONNET, temperature=0, extra={"top_p": 0.9}))
    assert made["temperature"] == 0
    assert "top_p" not in made


def test_the_newer_version_refuses_chance_and_gets_none():
    made = body(call(SONNET, temperature=0.5, extra={"top_p": 0.9}), version=NEW)
    assert not {"temperature", "top_p"} & made.keys()


@pytest.mark.parametrize(
    ("model", "cap"),
    [
        (OPUS, 32_000),
        (LAST_OF_THREE, 4_096),
        ("anthropic.claude-3-5-sonnet-20241022-v2:0", 8_192),
        ("claude-3-7-sonnet-latest", 32_000),
        ("kimi-k2", 32_000),
    ],
)
def test_a_cap_is_always_sent(model, cap):
    assert body(call(model))["max_tokens"] == cap
    assert body(call(model, max_tokens=17))["max_tokens"] == 17
    assert body(call(model), quirks=frozenset({"cap_4096"}))["max_tokens"] == 4_096


# --- thinking -------------------------------------------------------------------------------


def adaptive(effort):
    return {"thinking": {"type": "adaptive"}, "output_config": {"effort": effort}}


def budget(tokens):
    return {"thinking": {"type": "enabled", "budget_tokens": tokens}}


@pytest.mark.parametrize(
    ("model", "effort", "sent"),
    [
        (OPUS, "high", adaptive("high")),
        ("claude-sonnet-5", "minimal", adaptive("low")),
        ("anthropic/claude-opus-4.6", "max", adaptive("max")),
        (OPUS, "none", {"thinking": {"type": "disabled"}}),
        (SONNET, "none", {}),
        (SONNET, "high", budget(25_600)),
        ("claude-sonnet-4-20250514", "low", budget(6_400)),
        ("claude-3-7-sonnet-20250219", "low", budget(6_400)),
    ],
)
def test_how_hard_to_think_is_said_in_the_models_own_way(model, effort, sent):
    made = body(call(model, reasoning_effort=effort))
    assert {name: made[name] for name in ("thinking", "output_config") if name in made} == sent


def test_a_refusal_that_says_so_turns_the_way_round():
    high = call("claude-of-my-own", reasoning_effort="high")
    bare = body(call(OPUS, reasoning_effort="high"), quirks=frozenset({"no_effort"}))
    assert bare["thinking"] == {"type": "adaptive"}
    assert "output_config" not in bare
    made = fields_of(high, {}, frozenset({"adaptive_thinking"}), version=VERSION)
    assert made["thinking"] == {"type": "adaptive"}
    made = fields_of(
        call(OPUS, reasoning_effort="low"), {}, frozenset({"budget_thinking"}), version=VERSION
    )
    assert made["thinking"] == {"type": "enabled", "budget_tokens": 6_400}


def test_whoever_thinks_gets_no_temperature_and_is_forced_to_no_tool():
    thinking = body(call(SONNET, reasoning_effort="low", temperature=0.2))
    assert "temperature" not in thinking
    forced = call(
        SONNET, tools=(WEATHER,), reasoning_effort="low", extra={"tool_choice": "required"}
    )
    assert "thinking" not in body(forced)
    small = call(SONNET, reasoning_effort="low", max_tokens=1_000)
    assert "thinking" not in body(small)


def test_thoughts_go_back_as_they_came_before_words_and_calls_moa_41():
    thought = {"type": "thinking", "thinking": "Hm.", "signature": signed("Hm.")}
    hidden = {"type": "redacted_thinking", "data": "x=="}
    sealed = tuple(Sealed(label=f"p:{OPUS}", data=json.dumps(each)) for each in (thought, hidden))
    others = Sealed(label="p:another", data=json.dumps(thought))
    asked = Line(
        role="assistant", parts=("I look.",), tool_calls=called("a"), sealed=(*sealed, others)
    )
    request = call(OPUS, (USER, asked, *results("a")), reasoning_effort="high", tools=(WEATHER,))
    content = body(request)["messages"][1]["content"]
    assert content[:2] == [thought, hidden]
    assert [each["type"] for each in content[2:]] == ["text", "tool_use"]


def test_words_and_calls_between_two_thoughts_keep_their_places():
    thought = {"type": "thinking", "thinking": "Hm.", "signature": signed("Hm.")}
    use = {"type": "tool_use", "id": "a", "name": "weather", "input": {"city": "Kyiv"}}
    kept = (thought, *texts("I look. "), use, thought)
    asked = Line(
        role="assistant",
        parts=("I look. Again.",),
        tool_calls=called("a", "b"),
        sealed=tuple(Sealed(label=f"p:{OPUS}", data=json.dumps(each)) for each in kept),
    )
    request = call(OPUS, (USER, asked, *results("a", "b")), reasoning_effort="high")
    content = body(request)["messages"][1]["content"]
    assert content == [*kept, *texts("Again."), {**use, "id": "b"}]


def test_results_of_calls_that_somebody_else_made_are_taken_without_thinking():
    asked = Line(role="assistant", tool_calls=called("a"))
    made = body(call(SONNET, (USER, asked, *results("a")), reasoning_effort="high"))
    assert "thinking" not in made
    asked = replace(asked, sealed=(Sealed(label="p:another", data="{}"),))
    made = body(call(SONNET, (USER, asked, *results("a")), reasoning_effort="high"))
    assert [each["type"] for each in made["messages"][1]["content"]] == ["tool_use"]


# --- cache, MOA-25 --------------------------------------------------------------------------


def marks(made):
    blocks = [("system", each) for each in made.get("system", ())]
    blocks += [(str(at), each) for at, m in enumerate(made["messages"]) for each in m["content"]]
    return [(where, each["type"]) for where, each in blocks if "cache_control" in each]


def test_breakpoints_stand_on_the_last_block_of_their_message_moa_25():
    asked = Line(role="assistant", parts=("I look.",), tool_calls=called("a", "b"))
    block = Line(role="user", parts=("Advice.",), trailing=True)
    lines = (Line.of("system", "Be brief."), USER, asked, *results("a", "b"), block)
    made = body(call(OPUS, lines, breakpoints=breakpoints(lines)))
    assert marks(made) == [
        ("system", "text"),
        ("0", "text"),
        ("1", "tool_use"),
        ("2", "tool_result"),
    ]
    assert "cache_control" not in made["messages"][2]["content"][0]


def test_whoever_lets_anthropic_place_the_breakpoint_gets_no_others():
    lines = (Line.of("system", "Be brief."), USER)
    request = call(
        OPUS, lines, breakpoints=(0, 1), extra_body={"cache_control": {"type": "ephemeral"}}
    )
    assert marks(body(request)) == []


def test_another_server_of_this_format_that_knows_no_cache_gets_no_breakpoints():
    request = call("kimi-k2", (Line.of("system", "Be brief."), USER), breakpoints=(0, 1))
    assert marks(body(request)) == [("system", "text"), ("0", "text")]
    assert marks(body(request, quirks=frozenset({"no_cache_control"}))) == []


# --- where and with which key ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "path"),
    [
        ("http://h", "http://h/v1/messages"),
        ("http://h/", "http://h/v1/messages"),
        ("http://h/v1", "http://h/v1/messages"),
        ("http://h/v1/", "http://h/v1/messages"),
        ("http://h/v1/messages", "http://h/v1/messages"),
        ("http://h/anthropic", "http://h/anthropic/v1/messages"),
        ("http://h/anthropic?x=1", "http://h/anthropic/v1/messages?x=1"),
    ],
)
async def test_the_address_may_name_the_first_version_or_not(session, base, path):
    endpoint = Endpoint(base_url=base)
    model = Messages(session, endpoint)
    assert endpoint.url(model._format.path) == path


@pytest.mark.parametrize(
    ("base", "header"),
    [
        ("https://api.anthropic.com", "x-api-key"),
        ("https://bedrock-mantle.eu-west-1.api.aws/anthropic", "Authorization"),
    ],
)
async def test_bedrock_takes_its_key_as_a_bearer(session, base, header):
    endpoint = Endpoint(base_url=base, api_key="k")
    headers = Messages(session, endpoint)._format.headers(endpoint)
    assert headers == {
        "anthropic-version": VERSION,
        header: "k" if header == "x-api-key" else "Bearer k",
    }
