"""Shows which questions an `auto` preset answers without its advisors, and why (MOA-35)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.gate import LONG, forced, gated, judged
from core.presets import Catalogue, in_force
from core.types import Image, Line, ToolCall
from tests.core.scene import QUESTION, Scene, play, preset
from tests.fakes.model import ScriptedModel

PLAIN = "a short plain question"
REMARK = "a short remark"
AUTO = preset("a", "b", auto=True)


def user(text: str) -> Line:
    return Line.of("user", text)


def reason(*texts: str) -> tuple[bool, str]:
    """Judge a conversation in which somebody says this, each answered."""
    lines = [line for text in texts for line in (user(text), Line.of("assistant", "So it is."))]
    verdict = judged(lines[:-1])
    return verdict.alone, verdict.reason


@pytest.mark.parametrize(
    "text",
    [
        "What is the capital of France?",
        "2+2?",
        "Wie spät ist es in Kyiv?",
        "Скільки важить слон?",
        "法国的首都是哪里？",
        "Translate 'bread' into Greek",
        "When was Ada Lovelace born?",
        "ما هي عاصمة فرنسا؟",
    ],
)
def test_moa_35_a_short_plain_question_is_answered_alone(text):
    assert reason(text) == (True, PLAIN)


@pytest.mark.parametrize("text", ["Thanks!", "ok", "super danke", "你好", "👍", "спасибо"])
def test_moa_35_a_remark_is_answered_alone_even_after_a_hard_question(text):
    assert reason("Should we use Postgres or MySQL?", text) == (True, REMARK)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("word " * 40, "it is long"),
        ("字" * (LONG // 3 + 1), "it is long"),
        ("First.\nSecond.\nThird.", "it has several lines"),
        ("What is it? And where?", "it asks several things"),
        ("是什么？在哪里？", "it asks several things"),
        ("What does `x += 1` do", "it holds code or a link"),
        ("Read https://example.org/page", "it holds code or a link"),
        ("Why is the sky blue?", "it asks to weigh or explain"),
        ("Compare tea with coffee", "it asks to weigh or explain"),
        ("Soll ich kündigen?", "it asks to weigh or explain"),
        ("Pourquoi le ciel est bleu ?", "it asks to weigh or explain"),
        ("Почему небо голубое?", "it asks to weigh or explain"),
        ("为什么天空是蓝色的？", "it asks to weigh or explain"),
        ("What is it?\n\n[attached: a.pdf, 3 kB – not read]", "it comes with pictures or files"),
    ],
)
def test_moa_35_what_is_worth_it_goes_to_the_advisors(text, why):
    assert reason(text) == (False, why)


def test_moa_35_a_picture_goes_to_the_advisors():
    picture = Line(role="user", parts=("What is it?", Image(url="https://example.org/a.png")))
    assert judged([picture]).reason == "it comes with pictures or files"


def test_moa_35_what_follows_on_a_hard_question_goes_to_the_advisors():
    assert reason("Should we use Postgres or MySQL?", "And for ten users?") == (
        False,
        "it follows on a question for them",
    )
    assert reason("What is the capital of France?", "And of Spain?") == (True, PLAIN)


def test_moa_35_words_count_and_not_parts_of_words():
    assert reason("What is a planet?") == (True, PLAIN)
    assert reason("Wann kommt die Bestellung?") == (True, PLAIN)
    assert reason("Plan my week") == (False, "it asks to weigh or explain")


@given(st.text(max_size=300), st.lists(st.text(max_size=60), max_size=4))
def test_moa_35_a_tool_round_after_the_question_changes_nothing(question, results):
    """So a program's own loop is judged alike at every step (MOA-40)."""
    lines = [Line.of("system", "s"), user(question)]
    rounds = [
        line
        for at, result in enumerate(results)
        for line in (
            Line(
                role="assistant",
                tool_calls=(ToolCall(id=str(at), name="look", arguments="{}"),),
            ),
            Line(role="tool", parts=(result,), tool_call_id=str(at)),
        )
    ]
    assert judged([*lines, *rounds]) == judged(lines)


def test_moa_35_the_gate_only_decides_for_presets_that_are_auto():
    plain = (user("What time is it?"),)
    assert gated(preset("a"), plain) == preset("a")
    assert gated(AUTO, plain).gated
    assert gated(AUTO, plain).active == ()
    assert gated(AUTO, (user("Why?"),)) == AUTO
    assert gated(forced(AUTO), plain).active == AUTO.active


def test_moa_35_off_is_a_persons_choice_and_not_the_gates():
    catalogue = Catalogue(presets={"test": AUTO}, default="test")
    chosen, _ = in_force({"channel": "off"}, catalogue)
    assert not gated(chosen, (user("What time is it?"),)).gated


def test_moa_35_an_answer_alone_says_so_and_asks_nobody():
    async def story():
        lines = (user("What time is it?"),)
        scene = Scene(ScriptedModel(), gated(AUTO, lines), lines)
        ending = await scene.run()
        (made,) = scene.model.made
        assert made.call.lines == lines
        assert ending.result.gated
        assert ending.result.notes == ("answered alone: a short plain question",)

    play(story)


def test_moa_35_an_answer_with_the_advisors_says_why():
    async def story():
        scene = Scene(ScriptedModel(), gated(AUTO, QUESTION), QUESTION)
        ending = await scene.run()
        assert len(scene.model.of("a")) == 1
        assert not ending.result.gated
        assert ending.result.notes == ("advisors asked: it asks to weigh or explain",)

    play(story)


def test_moa_35_where_nobody_asked_the_gate_it_is_not_said_to_have_decided():
    """A replay runs a preset with all its advisors, whatever the question."""

    async def story():
        lines = (user("What time is it?"),)
        ending = await Scene(ScriptedModel(), AUTO, lines).run()
        assert ending.result.notes == ()

    play(story)


def test_moa_35_who_wants_all_advisors_is_told_of_no_gate():
    async def story():
        lines = (user("What time is it?"),)
        scene = Scene(ScriptedModel(), gated(forced(AUTO), lines), lines)
        ending = await scene.run()
        assert len(scene.model.of("b")) == 1
        assert ending.result.notes == ()

    play(story)
