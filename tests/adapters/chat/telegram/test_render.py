"""Frames become Telegram messages that are never refused, and lose formatting before words."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.chat.telegram.buttons import keyboard, pressed
from adapters.chat.telegram.render import CURSOR, QUOTE, Rendered, render
from core.frames import Action, Button, File, Footer, Frame, Notice, Panel, Part, Row
from core.markup import utf16
from core.types import Usage
from tests.adapters.chat.telegram.test_markdown import NASTY, parts, rung
from tests.fakes.permission import permission
from tests.simulators.telegram.texts import formatted

TURN = "0123456789abcdef"
FOOTER = Footer(
    preset="review",
    used=2,
    asked=3,
    usage=Usage(input=1000, output=234),
    dollars=Decimal("0.0042"),
    priced=True,
    seconds=6.1,
)


def frame(content, **others) -> Frame:
    return Frame(key="answer/0", content=content, **others)


def part(text: str, **others) -> Part:
    return Part(turn_id=TURN, index=0, text=text, **others)


def row(position: int, state="ok", text: str = "", **others) -> Row:
    return Row(position=position, label=f"model-{position}", state=state, text=text, **others)


def accepted(rendered: Rendered) -> Rendered:
    """Let the rules of Telegram read it."""
    values = rendered.values()
    json.dumps(values)
    entities = [each.json() for each in rendered.body.entities]
    assert values["entities"] == (entities or None)
    found = formatted(rendered.body.text, "", entities)
    assert 0 < utf16(found.text) <= 4096
    assert len(rendered.body.entities) <= 100
    assert values["link_preview_options"] == {"is_disabled": True}
    return rendered


def test_an_answer_with_its_end_and_its_buttons():
    actions: tuple[Action, ...] = ("retry", "preset", "advisors", "remove")
    buttons = tuple(Button(action=each, label=each.title(), turn_id=TURN) for each in actions)
    shown = accepted(render(frame(part("It is **4**.", footer=FOOTER), buttons=buttons)))
    assert shown.body.text == ("It is 4.\n\nreview · advisors 2/3 · 1,234 tokens · $0.0042 · 6.1 s")
    assert [kind for kind, _ in parts(shown.body)] == ["bold", "italic"]
    assert shown.keys == {
        "inline_keyboard": [
            [
                {"text": "Retry", "callback_data": f"r:{TURN}:"},
                {"text": "Preset", "callback_data": f"p:{TURN}:"},
                {"text": "Advisors", "callback_data": f"a:{TURN}:"},
            ],
            [{"text": "Remove", "callback_data": f"x:{TURN}:"}],
        ]
    }


def test_what_is_being_written_has_a_cursor_in_a_message_and_none_in_a_draft():
    writing = frame(part("It is", streaming=True))
    assert render(writing).body.text == "It is" + CURSOR
    assert render(writing, cursor=False).body.text == "It is"


def test_an_error_stands_between_the_answer_and_its_figures():
    shown = accepted(render(frame(part("Half", error="It broke (trace 1)", footer=FOOTER))))
    assert shown.body.text.startswith("Half\n\nIt broke (trace 1)\n\nreview · ")
    assert render(frame(part("", error="It broke"))).body.text == "It broke"


def test_the_one_person_who_is_named_is_mentioned_and_nobody_else():
    shown = accepted(render(frame(part("hi @bob"), mention="501"), name="Ana @all"))
    assert parts(shown.body) == [("text_mention", "Ana @\u200ball")]
    assert shown.body.text.startswith("hi @\u200bbob\n\n")
    assert rung(shown.body) == ["Ana @\u200ball"]
    assert render(frame(part("hi"), mention="no-number")).body.entities == ()


def test_a_panel_that_runs_has_a_line_for_each_advisor():
    rows = (
        row(1, seconds=3.1, dollars=Decimal("0.0042")),
        row(2, "writing", words=12),
        row(3, "waiting"),
    )
    shown = accepted(render(frame(Panel(turn_id=TURN, preset="review", rows=rows))))
    assert shown.body.text.splitlines() == [
        "review · asking 3 advisors, 1 answered",
        "✓ model-1 · done · 3.1 s · $0.0042",
        "… model-2 · writing (12 words)",
        "… model-3 · waiting",
    ]


def test_a_settled_panel_folds_each_advisor_s_words():
    rows = (row(1, text="## So\n\nIt **is** `4` @all."), row(2, "timed_out", seconds=30.0))
    panel = Panel(turn_id=TURN, preset="review", rows=rows, settled=True)
    shown = accepted(render(frame(panel)))
    assert parts(shown.body) == [
        ("bold", "review · 1 of 2 advisors answered"),
        ("expandable_blockquote", "So\n\nIt is 4 @\u200ball."),
    ]
    assert shown.body.text.splitlines()[-1] == "✗ model-2 · timed out after 30.0 s"


def test_what_an_advisor_says_in_short_stands_first_where_it_comes_late():
    text = "| a |\n|---|\n" + "| x |\n" * 300 + "\nIt is four."
    panel = Panel(
        turn_id=TURN, preset="p", rows=(row(1, text=text, gist="It is four."),), settled=True
    )
    assert parts(render(frame(panel)).body)[1][1].startswith("It is four.\n\na")


def test_a_line_is_a_line_and_full_is_not_folded():
    rows = (row(1, gist="So.", text="So. More."),)
    line = Panel(turn_id=TURN, preset="review", rows=rows, settled=True, detail="line")
    full = Panel(turn_id=TURN, preset="review", rows=rows, settled=True, detail="full")
    assert render(frame(line)).body.text == "review · 1 of 1 advisor answered"
    assert parts(render(frame(full)).body)[1] == ("blockquote", "So. More.")


@pytest.mark.parametrize("count", [1, 4, 8, 40, 150])
def test_however_many_advisors_say_however_much_it_is_one_message(count):
    rows = tuple(row(n, text="👩‍👩‍👧 " + "word " * 3000, gist="word") for n in range(1, count + 1))
    shown = accepted(render(frame(Panel(turn_id=TURN, preset="p", rows=rows, settled=True))))
    quotes = [text for kind, text in parts(shown.body) if kind == "expandable_blockquote"]
    assert all(utf16(quote) <= QUOTE for quote in quotes)
    if count <= 8:
        assert len(quotes) == count
        assert all(quote.endswith("…") for quote in quotes)


def test_a_table_that_would_not_fit_as_a_table_is_shown_as_it_was_written():
    rows = "\n".join(f"| {'x' * 90} | {n} |" for n in range(20))
    source = f"| {'head' * 100} | b |\n|---|---|\n{rows}"
    shown = accepted(render(frame(part(source, footer=FOOTER))))
    assert shown.body.text.startswith(source)
    assert [kind for kind, _ in parts(shown.body)] == ["italic"]


def test_too_much_formatting_leaves_the_words():
    source = " ".join(f"**b{n}** [l{n}](https://x.org/{n})" for n in range(80))
    shown = accepted(render(frame(part(source))))
    assert shown.body.text == " ".join(f"b{n} l{n}" for n in range(80))
    assert sum(kind == "text_link" for kind, _ in parts(shown.body)) == 80


@pytest.mark.parametrize(
    "text", ["", " ", "\n\n", "\u202e", "\x00", "   \t", "\n" * 5000, "\ud800"]
)
def test_there_is_always_something_to_send(text):
    button = Button(action="pick", label=text, turn_id="", value="x")
    for content in (
        part(text),
        Notice(text=text),
        part(text, streaming=True),
        part(text, error=text),
    ):
        shown = accepted(render(frame(content, buttons=(button,))))
        assert shown.keys is not None
        assert shown.keys["inline_keyboard"][0][0]["text"] == "…"


def test_a_notice_is_plain_and_calls_nobody():
    shown = accepted(render(frame(Notice(text="*not bold* @all, use /ask@my_bot"))))
    assert shown.body.text == "*not bold* @\u200ball, use /ask@my_bot"
    assert shown.body.entities == ()


def test_a_file_s_name_stands_for_it_where_it_cannot():
    assert render(frame(File(turn_id=TURN, name="a.py", text="x"))).body.text == "a.py"


@given(st.integers(0, len(NASTY)), st.integers(0, 4), st.booleans())
@settings(max_examples=150, deadline=None)
def test_every_state_of_every_answer_is_taken(end, times, streaming):
    text = (NASTY * 4)[: end + times * 500]
    shown = accepted(render(frame(part(text, streaming=streaming, error="@all", footer=FOOTER))))
    assert rung(shown.body) == []


# --- buttons --------------------------------------------------------------------------------


def test_choices_stand_in_pairs():
    picks = [Button(action="pick", label=f"p{n}", turn_id="", value=f"p{n}") for n in range(5)]
    keys = keyboard(picks)
    assert keys is not None
    assert [[key["text"] for key in each] for each in keys["inline_keyboard"]] == [
        ["p0", "p1"],
        ["p2", "p3"],
        ["p4"],
    ]
    assert keyboard([]) is None


@given(st.sampled_from(get_args(Action)), st.text(max_size=5).map(lambda s: s * 4))
def test_what_a_button_carries_comes_back_or_the_button_is_left_out(action, value):
    keys = keyboard([Button(action=action, label="x", turn_id=TURN, value=value)])
    if len(f"s:{TURN}:{value}".encode()) > 64:
        assert keys is None
        return
    assert keys is not None
    found = pressed(keys["inline_keyboard"][0][0]["callback_data"])
    assert found is not None
    assert (found.action, found.turn_id, found.value) == (action, TURN, value)


@pytest.mark.parametrize("data", [None, "", "stop", "q:1:", "s:a b:", "s:" + "x" * 60 + ":", "::"])
def test_only_what_is_ours_is_believed(data):
    assert pressed(data) is None


def test_a_call_that_needs_a_yes_is_plain_text_with_two_buttons():
    asked = permission()
    shown = accepted(render(asked))
    assert shown.body.entities == ()
    assert "needs somebody's yes" in shown.body.text
    assert "*not bold*" in shown.body.text
    assert rung(shown.body) == []
    assert shown.keys is not None
    (row,) = shown.keys["inline_keyboard"]
    carried = [pressed(key["callback_data"]) for key in row]
    assert [(each.action, each.value) for each in carried if each] == [
        ("approve", "0"),
        ("refuse", "0"),
    ]
    after = accepted(render(permission("refused")))
    assert after.keys is None
    assert rung(after.body) == []
