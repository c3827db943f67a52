# Shows what is known of a model by its name, what is learned from a refusal, and that a model
# gets its own reasoning back where it goes on from it. One row each.

import json

import pytest

from adapters.llm.alternation import Alternating
from adapters.llm.chat_completions import ChatCompletions
from adapters.llm.chat_request import fields_of
from adapters.llm.encoding import encode
from adapters.llm.quirks import learn, of_family
from adapters.llm.responses import Responses
from adapters.llm.wire import Endpoint
from core.types import Line, Tool, ToolCall
from tests.adapters.llm.asking import USER, call, hear, sse
from tests.simulators.openai_rules import Complaint
from tests.simulators.provider import ProviderSimulator, Reply

SYSTEM = Line.of("system", "Be brief.")
BLOCK = Line.of("user", "Advice: no.")


# --- by name --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "quirks"),
    [
        ("o1-mini", {"no_system", "max_completion_tokens", "no_temperature"}),
        ("openai/o1-preview-2024-09-12", {"no_system", "max_completion_tokens", "no_temperature"}),
        ("o3", {"max_completion_tokens", "no_temperature"}),
        ("o4-mini-2025-04-16", {"max_completion_tokens", "no_temperature"}),
        ("gpt-5.5", {"max_completion_tokens"}),
        ("gpt-10", {"max_completion_tokens"}),
        ("gpt-5-chat-latest", {"max_completion_tokens", "no_encrypted"}),
        ("gpt-4o", {"no_encrypted"}),
        ("gpt-oss-120b", set()),
        ("claude-opus-4-6", {"opt_in_cache"}),
        ("claude-sonnet-4.5", {"opt_in_cache"}),
        ("anthropic/claude-opus-4.8", {"opt_in_cache", "no_temperature"}),
        ("us.anthropic.claude-opus-4-7-v1:0", {"opt_in_cache", "no_temperature"}),
        ("claude-fable-5", {"opt_in_cache", "no_temperature"}),
        ("google/gemma-2-9b-it", {"no_system", "turns"}),
        ("gemma2:9b", {"no_system", "turns"}),
        ("gemma:2b", {"no_system", "turns"}),
        ("gemma-7b-it", {"no_system", "turns"}),
        ("gemma-3-27b-it", {"no_system", "turns"}),
        ("gemma3n:e4b", {"no_system", "turns"}),
        ("gemma-4-31b-it", set()),
        ("gemma4:27b", set()),
        ("mistral-large-latest", {"turns"}),
        ("mistralai/Mixtral-8x7B-Instruct-v0.1", {"turns"}),
        ("open-mistral-nemo", {"turns"}),
        ("codestral-2508", {"turns"}),
        ("ministral-8b-latest", {"turns"}),
        ("sonar-pro", {"turns"}),
        ("deepseek-chat", {"reasoning_back", "no_developer"}),
        ("deepseek/deepseek-v4-pro", {"reasoning_back", "no_developer"}),
        ("moonshotai/kimi-k2.5", {"reasoning_back"}),
        ("glm-4.7", {"reasoning_back"}),
        ("gemini-3-pro", set()),
        ("qwen3:8b", set()),
        ("llama-4-scout", set()),
        ("olmo-2", set()),
    ],
)
def test_a_family_is_told_by_its_name(model, quirks):
    assert of_family(model) == quirks


# --- from a refusal -------------------------------------------------------------------------

CHAT = frozenset(
    {"model", "messages", "stream", "stream_options", "temperature", "top_p", "max_tokens"}
)


@pytest.mark.parametrize(
    ("words", "quirk"),
    [
        ("Unrecognized request argument supplied: stream_options", "no_stream_options"),
        ("Extra inputs are not permitted ['body', 'stream_options']", "no_stream_options"),
        ("Streaming is not available for this model", "no_stream"),
        (
            "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            "max_completion_tokens",
        ),
        ("`temperature` is deprecated for this model.", "no_temperature"),
        (
            "'temperature' does not support 0.2 with this model. Only the default (1) is.",
            "no_temperature",
        ),
        ("'messages[0].role' does not support 'system' with this model.", "no_system"),
        ("System role not supported", "no_system"),
        ("Developer instruction is not enabled for models/gemma-3-27b-it", "no_system"),
        (
            "'developer' is not one of ['system', 'assistant', 'user', 'tool'] - 'messages.0.role'",
            "no_developer",
        ),
        ("unknown variant `developer`, expected one of `system`, `user`", "no_developer"),
        (
            "The `reasoning_content` in the thinking mode must be passed back to the API.",
            "reasoning_due",
        ),
        (
            "thinking is enabled but reasoning_content is missing in assistant tool call message",
            "reasoning_due",
        ),
        (
            "must be satisfied[('messages.2' : property 'reasoning_content' is unsupported)]",
            "no_reasoning_back",
        ),
        ("property 'reasoning' is unsupported", "no_reasoning_back"),
        ("Unsupported parameter: 'reasoning_effort' is not supported", None),
        ("The model is not available in your country", None),
        ("Too many system tokens", None),
    ],
)
def test_a_refusal_teaches_one_thing(words, quirk):
    assert learn(words, CHAT, frozenset()) == quirk


def test_nothing_is_learned_twice_or_of_a_field_that_was_not_sent():
    words = "temperature is not supported"
    assert learn(words, CHAT, frozenset({"no_temperature"})) is None
    assert learn(words, CHAT - {"temperature"}, frozenset()) is None


@pytest.mark.parametrize("codec", [ChatCompletions, Responses])
async def test_who_takes_no_temperature_takes_no_top_p_either(session, codec):
    async with ProviderSimulator({"*": Reply()}) as provider:
        made = codec(session, Endpoint(base_url=provider.base_url))
        for model in ("o3", "gpt-4o"):
            await hear(made, call(model, temperature=0.2, extra={"top_p": 0.5}))
        sent = [seen.body.keys() & {"temperature", "top_p"} for seen in provider.seen]
    assert sent == [set(), {"temperature", "top_p"}]


async def refusing(session, refusal, lines, *, codec=ChatCompletions, model="m"):
    """Refuse once with these words, then answer twice; give what was asked."""
    no = Reply(status=400, error=Complaint(refusal).body)
    async with ProviderSimulator({model: [no, Reply(text="Fine.")]}) as provider:
        made = codec(session, Endpoint(base_url=provider.base_url))
        for _ in range(2):
            assert (await hear(made, call(model, lines))).text == "Fine."
        return [seen.body.get("messages") or seen.body["input"] for seen in provider.seen]


@pytest.mark.parametrize("codec", [ChatCompletions, Responses])
async def test_a_refused_system_prompt_is_said_by_the_person_and_remembered(session, codec):
    first, *more = await refusing(
        session, "System role not supported", (SYSTEM, USER, BLOCK), codec=codec
    )
    assert [each["role"] for each in first] == ["system", "user", "user"]
    for lines in more:
        told = [(each["role"], each["content"]) for each in lines]
        assert told == [("user", "Be brief.\n\nShip it today?"), ("user", "Advice: no.")]


async def test_a_refused_developer_becomes_a_system(session):
    words = "'developer' is not one of ['system', 'assistant', 'user', 'tool']"
    developer = Line.of("developer", "Be brief.")
    asked = await refusing(session, words, (developer, USER))
    roles = [[each["role"] for each in lines] for lines in asked]
    assert roles == [["developer", "user"], ["system", "user"], ["system", "user"]]


async def asked_of(session, model, lines):
    """Ask a model through what stands before every provider; give what it was sent."""
    async with ProviderSimulator({"*": Reply()}) as provider:
        endpoint = Endpoint(base_url=provider.base_url)
        await hear(Alternating(ChatCompletions(session, endpoint)), call(model, lines))
        [seen] = provider.seen
        return [(each["role"], each["content"]) for each in seen.body["messages"]]


async def test_who_takes_no_system_prompt_and_wants_turns_gets_both_at_once(session):
    told = await asked_of(session, "gemma-3-27b-it", (SYSTEM, USER, BLOCK))
    assert told == [("user", "Be brief.\n\nShip it today?\n\nAdvice: no.")]


async def test_who_wants_turns_by_name_is_not_asked_without_them_first_moa_19(session):
    told = await asked_of(session, "mistral-small", (SYSTEM, USER, BLOCK))
    assert told == [("system", "Be brief."), ("user", "Ship it today?\n\nAdvice: no.")]


def test_a_system_prompt_that_nobody_follows_stands_alone():
    lines = (SYSTEM, Line.of("assistant", "Hello."), SYSTEM, SYSTEM, USER)
    request = call("o1-mini", lines)
    body = json.loads(encode(fields_of(request, {}, of_family("o1-mini"))))
    assert [(each["role"], each["content"]) for each in body["messages"]] == [
        ("user", "Be brief."),
        ("assistant", "Hello."),
        ("user", "Be brief.\n\nBe brief.\n\nShip it today?"),
    ]


# --- reasoning that goes back ---------------------------------------------------------------

CALLED = {
    "id": "call_a",
    "type": "function",
    "function": {"name": "look", "arguments": "{}"},
}
RESULT = Line(role="tool", parts=("A ship.",), tool_call_id="call_a")
FINE = Reply(text="Fine.")


async def round_of_tools(session, reply, *, model, told=None, after=(FINE,)):
    """Let a model call a tool and hear of its result; give what the assistant said, as sent."""
    replies: dict[str, Reply | list[Reply]] = {model: [reply, *after], "*": FINE}
    async with ProviderSimulator(replies, strict=False) as provider:
        codec = ChatCompletions(session, Endpoint(base_url=provider.base_url))
        heard = await hear(codec, call(model, tools=(Tool(name="look"),)))
        calls = heard.tool_calls
        assert calls == (ToolCall(id="call_a", name="look", arguments="{}"),)
        line = Line(role="assistant", tool_calls=calls, sealed=heard.sealed)
        assert (await hear(codec, call(told or model, (USER, line, RESULT)))).text == "Fine."
        return [seen.body["messages"][1] for seen in provider.seen[1:]]


def thinking(name):
    return Reply(text="", reasoning="Let me look.", reasoning_field=name, tool_calls=(CALLED,))


async def test_deepseek_gets_its_reasoning_back_between_call_and_result(session):
    [sent] = await round_of_tools(session, thinking("reasoning_content"), model="deepseek-chat")
    assert sent["reasoning_content"] == "Let me look."


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
async def test_who_does_not_want_it_back_is_not_sent_it(session, name):
    [sent] = await round_of_tools(session, thinking(name), model="qwen3:8b")
    assert not sent.keys() & {"reasoning_content", "reasoning"}


async def test_no_other_slot_gets_it(session):
    reply = thinking("reasoning_content")
    [sent] = await round_of_tools(session, reply, model="deepseek-chat", told="deepseek-v4-pro")
    assert not sent.keys() & {"reasoning_content", "reasoning"}


async def test_who_asks_for_it_back_gets_it_from_then_on(session):
    words = "The `reasoning_content` in the thinking mode must be passed back to the API."
    no = Reply(status=400, error=Complaint(words).body)
    after = (no, FINE)
    reply = thinking("reasoning_content")
    first, second = await round_of_tools(session, reply, model="m", after=after)
    assert "reasoning_content" not in first
    assert second["reasoning_content"] == "Let me look."


async def test_reasoning_that_nobody_has_any_more_is_a_blank_where_it_is_due(session):
    """A fallback's answer, or a program's transcript: without one DeepSeek refuses it all."""
    words = "Missing `reasoning_content` field in the assistant message at message index 1."
    no = Reply(status=400, error=Complaint(words).body)
    async with ProviderSimulator({"m": [no, Reply()]}, strict=False) as provider:
        codec = ChatCompletions(session, Endpoint(base_url=provider.base_url))
        await hear(codec, call(lines=(USER, Line.of("assistant", "No."), USER)))
        first, second = (seen.body["messages"][1] for seen in provider.seen)
    assert "reasoning_content" not in first
    assert second["reasoning_content"] == " "


async def test_who_refuses_it_is_not_sent_it_again(session):
    words = "'messages.1' : property 'reasoning_content' is unsupported"
    no = Reply(status=400, error=Complaint(words).body)
    after = (no, FINE)
    reply = thinking("reasoning_content")
    first, second = await round_of_tools(session, reply, model="deepseek-r1", after=after)
    assert "reasoning_content" in first
    assert "reasoning_content" not in second


def piece(*details, finish=None, **more):
    delta = {"reasoning_details": list(details), **more}
    return {"choices": [{"delta": delta, "finish_reason": finish}]}


async def test_openrouters_reasoning_details_go_back_whole_however_they_were_cut(session):
    text = {"type": "reasoning.text", "index": 0, "format": "anthropic-claude-v1"}
    sealed = {"type": "reasoning.encrypted", "index": 1, "data": "AAAA", "id": "rs_1"}
    calls = [{"index": 0, **CALLED}]
    raw = sse(
        piece({**text, "text": "Let me "}),
        piece({**text, "text": "look."}),
        piece({**text, "signature": "c2ln"}, sealed),
        piece(finish="tool_calls", tool_calls=calls),
    )
    [sent] = await round_of_tools(session, Reply(raw=raw), model="google/gemini-3-pro")
    assert sent["reasoning_details"] == [
        {**text, "text": "Let me look.", "signature": "c2ln"},
        sealed,
    ]


async def test_two_details_without_a_number_do_not_melt_into_one(session):
    details = [{"type": "reasoning.encrypted", "data": each} for each in ("AA", "BB")]
    message = {"content": None, "tool_calls": [CALLED], "reasoning_details": details}
    raw = json.dumps({"choices": [{"message": message, "finish_reason": "tool_calls"}]}).encode()
    [sent] = await round_of_tools(session, Reply(raw=raw), model="m")
    assert sent["reasoning_details"] == details


async def test_geminis_signature_goes_back_beside_its_call(session):
    signed = {"google": {"thought_signature": "c2ln"}}
    calls = [{"index": 0, **CALLED, "extra_content": signed}]
    raw = sse(piece(finish="tool_calls", tool_calls=calls))
    [sent] = await round_of_tools(session, Reply(raw=raw), model="gemini-3-pro")
    assert sent["tool_calls"] == [{**CALLED, "extra_content": signed}]
