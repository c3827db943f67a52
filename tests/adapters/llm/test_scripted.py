# Shows that a script is played as written, and that a bad one is refused with its place.

import asyncio
import re
import textwrap
from decimal import Decimal

import pytest

from adapters.llm import scripted as scripted_module
from adapters.llm.script import load, parse
from adapters.llm.scripted import Scripted
from core.calls import Chunk
from core.errors import (
    ConfigError,
    ContextOverflow,
    ModelBroken,
    ModelBusy,
    ModelError,
    ModelForbidden,
    ModelRefused,
    ModelStalled,
    ModelUnreachable,
)
from core.types import Line, ToolCall, Usage
from tests.adapters.llm.asking import USER, call, hear
from tests.fakes.loop import run_virtual


def scripted(answers: object) -> Scripted:
    return Scripted(parse(answers, where="config.yaml"))


@pytest.mark.parametrize(
    ("plan", "texts"),
    [
        ("one", ["one", "one", "one"]),
        (["one", "two"], ["one", "two", "one"]),
        ({"answers": ["one", "two"], "then": "last"}, ["one", "two", "two"]),
        ({"text": "one"}, ["one", "one", "one"]),
    ],
)
async def test_answers_come_in_order_and_then_again(plan, texts):
    model = scripted({"m": plan})
    assert [(await hear(model, call())).text for _ in texts] == texts


async def test_each_model_has_its_own_answers():
    model = scripted({"a": ["a1", "a2"], "*": "{last}"})
    heard = [(await hear(model, call(name))).text for name in ("a", "b", "a")]
    assert heard == ["a1", USER.text, "a2"]


async def test_everything_that_an_answer_may_hold_is_said():
    answer = {
        "text": "Yes, ship.",
        "reasoning": "Tests pass.",
        "chunk": 4,
        "tool_calls": [{"name": "ship", "arguments": {"now": True}}, {"name": "x", "id": "c2"}],
        "usage": {"input": 9, "cache_read": 4, "output": 3},
        "dollars": "0.0012",
    }
    heard = await hear(scripted({"m": answer}), call())
    assert [chunk.text for chunk in heard.chunks if chunk.text] == ["Yes,", " shi", "p."]
    assert heard.reasoning == "Tests pass."
    assert heard.tool_calls == (
        ToolCall(id="call_m_1_1", name="ship", arguments='{"now":true}'),
        ToolCall(id="c2", name="x", arguments="{}"),
    )
    assert heard.usage == Usage(input=9, cache_read=4, output=3)
    assert heard.chunks[-1].dollars == Decimal("0.0012")
    assert heard.finish == "tool_calls"


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("unreachable", ModelUnreachable),
        ("busy", ModelBusy),
        ("refused", ModelRefused),
        ("auth", ModelForbidden),
        ("context", ContextOverflow),
        ("stalled", ModelStalled),
        ("broken", ModelBroken),
        ("internal", ModelError),
    ],
)
async def test_every_failure_can_be_played_after_a_text(kind, error):
    stream = scripted({"m": {"text": "half", "error": kind, "message": "as told"}}).stream(call())
    assert [await anext(stream), await anext(stream)] == [Chunk(), Chunk(text="half")]
    with pytest.raises(error, match="as told") as caught:
        await anext(stream)
    assert caught.value.kind == kind


async def test_a_busy_one_says_how_long():
    with pytest.raises(ModelBusy) as caught:
        await hear(scripted({"m": {"error": "busy", "retry_after": 2}}), call())
    assert caught.value.retry_after == 2


async def test_an_unknown_model_is_refused_and_its_call_is_kept():
    model = scripted({"m": "x"})
    with pytest.raises(ModelRefused, match="'n'"):
        await hear(model, call("n"))
    assert [each.slot.model for each in model.calls] == ["n"]


def test_delays_are_those_of_the_script():
    async def scenario():
        clock = asyncio.get_running_loop().time
        model = scripted({"m": {"text": "abcd", "chunk": 2, "first": 3, "between": 0.5}})
        began = clock()
        return [clock() - began async for chunk in model.stream(call())]

    assert run_virtual(scenario()) == pytest.approx([0, 3, 3.5, 4])


async def test_the_example_in_the_description_is_a_script(tmp_path):
    assert scripted_module.__doc__ is not None
    example = re.findall(r"((?:^    .*\n|^\n)+)", scripted_module.__doc__, re.MULTILINE)
    path = tmp_path / "script.yaml"
    path.write_text(textwrap.dedent(max(example, key=len)))
    model = Scripted(load(path))
    texts = [(await hear(model, call("wise"))).text for _ in range(2)]
    assert texts == ["Take the train.", f"You asked: {USER.text}"]
    assert (await hear(model, call("other", lines=[Line.of("user", "hi")]))).text == "hi"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("m: [{txt: a}]", r"\.yaml: m\.answers\[0\].*unknown field `txt`"),
        ("m: [a, {chunk: 0}]", r"m\.answers\[1\]\.chunk: Expected `int` >= 1"),
        ("m: {text: a, first: soon}", r"m\.answers\[0\]\.first: Expected `float`"),
        ("m: {error: tired}", r"m\.answers\[0\]\.error: Invalid enum value 'tired'"),
        ("m: {answers: [a], then: stop}", r"m\.then: Invalid enum value 'stop'"),
        ("m: []", "m: expected at least one answer"),
        ("m: 3", r"m\.answers\[0\]: Expected `.*str.*`, got `int`"),
        ("- a", "expected model names"),
        ("", "expected model names"),
        ("m: [", "is no YAML"),
    ],
)
def test_a_bad_script_is_refused_with_its_place(tmp_path, text, complaint):
    path = tmp_path / "script.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=complaint):
        load(path)


def test_a_script_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read"):
        load(tmp_path / "none.yaml")
