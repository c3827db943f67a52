"""A frame on the page: every fact of it, in words, and nothing else."""

import json
from decimal import Decimal

from adapters.chat.web.render import NoticeView, PanelView, PartView, PermissionView, turn_of, view
from core.frames import Button, Footer, Frame, Notice, Panel, Part, Row
from core.texts.turns import STOPPED
from core.types import Usage
from tests.fakes.permission import NASTY, TURN, permission

ROWS = (
    Row(position=1, label="a:one", state="writing", words=124),
    Row(position=2, label="a:two", role="skeptic · dry", state="failed", reason="busy"),
    Row(
        position=3,
        label="b:three",
        state="ok",
        seconds=3.14,
        dollars=Decimal("0.004"),
        gist="Yes.",
        text="**Yes.** And more.",
    ),
)


def panel(detail="summary"):
    return Panel(turn_id="t1", preset="review", rows=ROWS, detail=detail)


def shown(frame):
    return view(Frame(key="k", content=frame))


def test_a_row_says_in_words_what_became_of_it():
    got = shown(panel())
    assert isinstance(got, PanelView)
    assert [row.said for row in got.rows] == [
        "writing (124 words)",
        "failed: overloaded or out of order",
        "done · 3.1 s · $0.0040",
    ]
    assert got.rows[1].role == "skeptic · dry"
    assert got.rows[2].blocks == ("<p><strong>Yes.</strong> And more.</p>\n",)


def test_a_channel_that_wants_a_line_gets_no_texts():
    got = shown(panel("line"))
    assert isinstance(got, PanelView)
    assert all(not row.blocks and not row.gist for row in got.rows)


def test_a_footer_is_facts_and_sentences():
    footer = Footer(
        preset="review",
        used=2,
        asked=3,
        usage=Usage(input=1000, cache_read=500, output=234),
        dollars=Decimal(0),
        priced=False,
        seconds=6.13,
        notes=("b:two answered for b:one.",),
    )
    got = shown(Part(turn_id="t1", index=0, text="Yes.", footer=footer))
    assert isinstance(got, PartView)
    assert got.footer is not None
    assert got.footer.facts == (
        "review",
        "advisors 2/3",
        "1,234 tokens (50 % cached)",
        "price unknown",
        "6.1 s",
    )
    assert got.footer.notes == ("b:two answered for b:one.",)
    assert got.text == "Yes."


def test_what_was_stopped_is_no_failure():
    stopped = shown(Part(turn_id="t1", index=0, text="Half", error=STOPPED))
    failed = shown(Part(turn_id="t1", index=0, text="Half", error="It broke."))
    assert isinstance(stopped, PartView)
    assert isinstance(failed, PartView)
    assert (stopped.stopped, failed.stopped) == (True, False)


def test_buttons_are_words_without_the_signs_of_chats():
    button = Button(action="retry", label="🔁 Retry", turn_id="t1")
    got = view(
        Frame(key="answer/0", content=Part(turn_id="t1", index=0, text=""), buttons=(button,))
    )
    assert [each.label for each in got.buttons] == ["Retry"]


def test_a_notice_belongs_to_no_turn():
    frame = Frame(key="notice", content=Notice(text="The preset is **quick** now."))
    got = view(frame)
    assert isinstance(got, NoticeView)
    assert got.blocks == ("<p>The preset is <strong>quick</strong> now.</p>\n",)
    assert turn_of(frame) is None


def test_a_call_that_needs_a_yes_stands_in_its_turn_as_plain_text():
    got = view(permission())
    assert isinstance(got, PermissionView)
    assert json.loads(got.arguments) == NASTY
    assert [(each.action, each.value) for each in got.buttons] == [
        ("approve", "0"),
        ("refuse", "0"),
    ]
    assert turn_of(permission()) == got.turn_id == TURN
