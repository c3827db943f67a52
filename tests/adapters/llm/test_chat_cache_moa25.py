# MOA-25 over Chat Completions: breakpoints for Claude behind OpenRouter or Bedrock, and nothing
# for anybody else.

import pytest

from adapters.llm.chat_completions import ChatCompletions
from adapters.llm.chat_request import fields_of
from adapters.llm.quirks import of_family
from adapters.llm.wire import Endpoint
from core.types import Image, Line, ToolCall
from tests.adapters.llm.asking import USER, call, hear
from tests.simulators.provider import ProviderSimulator, Reply

LINES = (
    Line.of("system", "Be brief."),
    USER,
    Line(role="assistant", tool_calls=(ToolCall(id="a", name="now", arguments="{}"),)),
    Line(role="tool", parts=("Noon.",), tool_call_id="a"),
)
CLAUDES = ("anthropic/claude-opus-4.8", "us.anthropic.claude-sonnet-4-5-v1:0", "claude-haiku-4-5")
MARK = {"type": "ephemeral"}


def messages(model, breakpoints=(0, 1, 2, 3), lines=LINES):
    request = call(model, lines, breakpoints=breakpoints)
    return fields_of(request, {}, of_family(model))["messages"]


@pytest.mark.parametrize("model", CLAUDES)
def test_claude_is_told_where_to_fill_its_cache(model):
    system, user, calls, result = messages(model)
    for message, said in ((system, "Be brief."), (user, "Ship it today?"), (result, "Noon.")):
        assert message["content"] == [{"type": "text", "text": said, "cache_control": MARK}]
    assert calls["content"] is None, "a message of calls alone has nowhere to put it"


def test_a_message_is_the_same_when_its_breakpoint_has_moved_on_moa_19():
    bare = messages(CLAUDES[0], breakpoints=())
    for message, marked in zip(bare, messages(CLAUDES[0]), strict=True):
        content = marked["content"] and [
            {name: value for name, value in part.items() if name != "cache_control"}
            for part in marked["content"]
        ]
        assert {**marked, "content": content} == message


def test_the_breakpoint_of_a_message_with_pictures_is_on_its_last_part():
    line = Line(role="user", parts=("Look.", Image(url="https://e.org/a.png")))
    (message,) = messages(CLAUDES[0], breakpoints=(0,), lines=(line,))
    assert ["cache_control" in part for part in message["content"]] == [False, True]


@pytest.mark.parametrize("model", ["openai/gpt-5.5", "qwen3-claude-distill", "deepseek-chat"])
def test_where_it_is_automatic_nothing_changes(model):
    assert messages(model) == messages(model, breakpoints=())
    assert messages(model)[0]["content"] == "Be brief."


async def test_whoever_refuses_them_is_asked_without_from_then_on(session):
    told = {"error": {"message": "messages.0.content.0.cache_control: Extra inputs not permitted"}}
    replies = [Reply(status=400, error=told), Reply()]
    async with ProviderSimulator({"*": replies}) as simulator:
        model = ChatCompletions(session, Endpoint(base_url=simulator.base_url))
        for _ in range(2):
            await hear(model, call(CLAUDES[0], LINES, breakpoints=(0, 1)))
        sent = [b"cache_control" in each.raw for each in simulator.seen]
    assert sent == [True, False, False]
