# Shows that an endpoint that wants strict turns gets them, and nobody else (MOA-19).

from itertools import pairwise

import pytest

from adapters.llm.alternation import BRIDGE, Alternating, in_turns
from core.calls import Chunk
from core.errors import ContextOverflow, ModelRefused
from core.types import Image, Line, ToolCall
from tests.adapters.llm.asking import Played, call, hear

DONE = Chunk(finish="stop")
WORD = Chunk(text="word")
USER = Line.of("user", "Ship it?")
BLOCK = Line.of("user", "Advice: no.")
CALLED = Line(role="assistant", tool_calls=(ToolCall(id="c", name="f", arguments="{}"),))
RESULT = Line(role="tool", parts=("12:00",), tool_call_id="c")


class Strict:
    """Refuses user after user and user after tool."""

    def __init__(self, words: str) -> None:
        self.words = words
        self.roles: list[list[str]] = []

    async def stream(self, call):
        yield Chunk()
        roles = [line.role for line in call.lines]
        self.roles.append(roles)
        if {("user", "user"), ("tool", "user")} & set(pairwise(roles)):
            raise ModelRefused(self.words, status=400)
        yield WORD
        yield DONE


@pytest.mark.parametrize(
    "words",
    [
        "Conversation roles must alternate user/assistant/user/assistant/...",
        'messages: roles must alternate between "user" and "assistant"',
        "After the (optional) system message(s), user and assistant roles should be alternating.",
        "deepseek-reasoner does not support successive user or assistant messages",
        "Expected last role User or Tool. Unexpected role 'user' after role 'tool'",
        'found multiple "user" roles in a row',
    ],
)
async def test_an_endpoint_that_wants_turns_gets_them_and_is_remembered_moa_19(words):
    strict = Strict(words)
    model = Alternating(strict)
    for _ in range(2):
        assert (await hear(model, call(lines=[USER, BLOCK]))).text == "word"
    assert strict.roles == [["user", "user"], ["user"], ["user"]]
    assert (await hear(model, call("other", lines=[USER, BLOCK]))).text == "word"
    assert len(strict.roles) == 5


async def test_any_other_refusal_stays_one():
    strict = Strict("The model is not available in your country")
    with pytest.raises(ModelRefused):
        await hear(Alternating(strict), call(lines=[USER, BLOCK]))
    assert len(strict.roles) == 1


async def test_lines_that_take_turns_already_are_not_sent_twice():
    model = Played([ModelRefused("roles must alternate")])
    with pytest.raises(ModelRefused):
        await hear(Alternating(model), call(lines=[USER]))
    assert len(model.calls) == 1


def test_a_bridge_stands_between_a_result_and_the_block_moa_19():
    shaped = in_turns(call(lines=[USER, CALLED, RESULT, BLOCK, BLOCK])).lines
    bridge = Line.of("assistant", BRIDGE)
    both = Line.of("user", "Advice: no.\n\nAdvice: no.")
    assert shaped == (USER, CALLED, RESULT, bridge, both)


def test_what_a_reference_sees_of_several_rounds_of_tools_is_one_line():
    first, second = Line.of("assistant", "[called a]"), Line.of("assistant", "[called b]")
    shaped = in_turns(call(lines=[USER, first, second, BLOCK])).lines
    assert shaped == (USER, Line.of("assistant", "[called a]\n\n[called b]"), BLOCK)
    talked = Line.of("assistant", "I look.")
    shaped = in_turns(call(lines=[USER, talked, CALLED, RESULT])).lines
    assert [line.role for line in shaped] == ["user", "assistant", "tool"]
    assert shaped[1].tool_calls == CALLED.tool_calls
    assert in_turns(call(lines=[USER, CALLED, CALLED])).lines == (USER, CALLED, CALLED)


def test_pictures_survive_the_merging():
    picture = Image(url="https://x/y.png")
    looks = Line(role="user", parts=("Look", picture), name="ann")
    [merged] = in_turns(call(lines=[looks, USER])).lines
    assert merged == Line(role="user", parts=("Look", picture, "Ship it?"))


async def test_a_request_that_is_too_long_is_not_about_turns():
    model = Played([ContextOverflow("roles alternate; too long")])
    with pytest.raises(ContextOverflow):
        await hear(Alternating(model), call(lines=[USER, BLOCK]))
    assert len(model.calls) == 1
