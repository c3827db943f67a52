"""Shows what the messages of a turn look like at each of its moments."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.events import (
    AnswerDelta,
    AnswerReset,
    ReferenceDone,
    ReferenceProgress,
    ReferencesDone,
    ReferenceStarted,
    TurnFailed,
    TurnFinished,
    TurnStopped,
)
from core.frames import Frame, Panel, Part
from core.ports import Capabilities
from core.records import StoredTurn
from core.reply import Reply, figures, is_gone
from core.retell import retell
from core.texts.turns import NO_ANSWER, STOPPED
from core.wording import footer_text
from tests.fakes import turns
from tests.fakes.chat import frame_text
from tests.fakes.told import advice, result, started

LONG = "A sentence of the answer that is long enough to be shown. " * 3

OPENING = Capabilities(limit=1).opening


def reply(*, limit=4096, detail="summary", shown=(), cost="footer", mention=None, **can):
    return Reply(
        "t1",
        capabilities=Capabilities(limit=limit, **can),
        detail=detail,
        shown=shown,
        cost=cost,
        mention=mention,
    )


def tell(to, *events):
    """Tell each event and keep what a chat that takes every frame would show."""
    for event in events:
        to.tell(event)
    return {frame.key: frame for frame in to.frames()}


def actions(frame):
    return [button.action for button in frame.buttons]


def test_a_panel_has_a_row_for_each_advisor_from_the_start():
    frame = tell(reply(), started("a", "b"))["panel"]
    assert isinstance(frame.content, Panel)
    assert [row.state for row in frame.content.rows] == ["waiting", "waiting"]
    assert not frame.notify
    assert actions(frame) == ["stop"]


def test_a_preset_without_references_has_no_panel():
    assert tell(reply(), started()) == {}


def test_rows_follow_their_advisors_and_become_gists_when_all_are_in():
    it = reply()
    live = tell(
        it,
        started("a", "b", "c"),
        ReferenceProgress(position=1, words=12),
        ReferenceDone(advice=advice(2, "failed", reason="busy")),
        ReferenceProgress(position=2, words=5),
    )["panel"].content
    assert [row.state for row in live.rows] == ["writing", "failed", "waiting"]
    assert live.rows[0].words == 12
    settled = tell(
        it,
        ReferencesDone(
            advice=(advice(1, text="Yes. Because."), advice(2, "failed"), advice(3, "late"))
        ),
    )["panel"]
    assert settled.content.settled
    assert [row.gist for row in settled.content.rows] == ["Yes.", "", ""]
    assert "advisors" in actions(settled)


def test_a_second_fan_out_reuses_the_panel():
    it = reply()
    tell(it, started("a"), ReferencesDone(advice=(advice(1, text="Yes."),)))
    panel = tell(it, ReferenceStarted(position=1, round=2))["panel"].content
    assert (panel.round, panel.settled, panel.rows[0].state) == (2, False, "waiting")


def test_detail_off_shows_no_panel_and_line_does_not_change_with_every_word():
    assert tell(reply(detail="off"), started("a")) == {}
    it = reply(detail="line")
    tell(it, started("a"))
    assert tell(it, ReferenceProgress(position=1, words=3)) == {}
    row = tell(it, ReferenceDone(advice=advice(1, text="Yes.")))["panel"].content.rows[0]
    assert (row.state, row.gist, row.text) == ("ok", "", "")


def test_text_of_advisors_is_made_safe():
    text = "See [x](javascript:y). \u202eMore."
    row = tell(reply(), started("a"), ReferenceDone(advice=advice(1, text=text)))[
        "panel"
    ].content.rows[0]
    assert "](" not in row.text
    assert "\u202e" not in row.text


def test_the_message_that_rings_starts_with_eighty_characters():
    it = reply()
    assert tell(it, started(), AnswerDelta(text="x " * (OPENING // 2 - 1))) == {}
    first = tell(it, AnswerDelta(text="enough now"))["answer/0"]
    assert first.notify
    assert len(first.content.text) >= OPENING
    assert actions(first) == ["stop"]


def test_or_with_the_whole_of_it():
    frame = tell(
        reply(), started(), AnswerDelta(text="Four."), TurnFinished(result=result("Four."))
    )
    assert frame["answer/0"].notify
    assert frame["answer/0"].content.text == "Four."


def test_moa_35_under_an_answer_that_a_gate_left_to_the_aggregator_all_advisors_can_be_asked():
    alone = replace(result("Noon."), gated=True)
    frame = tell(reply(), started(), TurnFinished(result=alone))["answer/0"]
    assert actions(frame) == ["retry", "preset", "advise", "up", "down", "remove"]
    assert "👥 Ask all advisors" in [button.label for button in frame.buttons]


def test_only_the_first_part_rings_and_only_the_last_has_footer_and_buttons():
    it = reply(limit=200)
    frames = tell(it, started("a"), TurnFinished(result=result(LONG * 3, advice(1))))
    parts = [frame for frame in frames.values() if isinstance(frame.content, Part)]
    assert [frame.notify for frame in parts] == [True, *[False] * (len(parts) - 1)]
    assert [bool(frame.content.footer) for frame in parts] == [*[False] * (len(parts) - 1), True]
    assert actions(parts[-1]) == ["retry", "preset", "advisors", "up", "down", "remove"]
    assert actions(parts[0]) == []
    assert all(frame.final for frame in frames.values())


def test_what_streams_is_closed_and_what_is_whole_is_not_touched():
    it = reply()
    half = tell(it, started(), AnswerDelta(text=LONG + "and **bo"))
    assert half["answer/0"].content.text.endswith("and **bo**")
    whole = tell(it, TurnFinished(result=result(LONG + "and **bo")))
    assert whole["answer/0"].content.text.endswith("and **bo")


def test_finished_parts_do_not_change_when_the_turn_ends():
    it = reply(limit=200)
    tell(it, started(), AnswerDelta(text=LONG * 2 + "x"))
    ended = tell(it, TurnFinished(result=result(LONG * 2 + "x")))
    assert "answer/0" not in ended


def test_no_change_no_frame():
    it = reply()
    tell(it, started("a"), AnswerDelta(text=LONG))
    assert it.frames() == []
    assert tell(it, AnswerDelta(text="")) == {}


def test_a_reset_reuses_the_parts_and_takes_back_the_rest():
    it = reply(limit=200)
    assert set(tell(it, started(), AnswerDelta(text=LONG * 2))) == {"answer/0", "answer/1"}
    after = tell(it, AnswerReset(), AnswerDelta(text="Anew."))
    assert after["answer/0"].content.text == "Anew."
    assert is_gone(after["answer/1"])


def test_a_final_shorter_than_what_was_streamed_takes_messages_back():
    it = reply(limit=200)
    tell(it, started(), AnswerDelta(text=LONG * 2))
    ended = tell(it, TurnFinished(result=result("Short.")))
    assert ended["answer/0"].content.text == "Short."
    assert is_gone(ended["answer/1"])


def test_a_stopped_turn_keeps_what_was_shown_and_says_so():
    it = reply()
    tell(it, started("a"), AnswerDelta(text=LONG + "`co"))
    ended = tell(it, TurnStopped(result=result(LONG + "`co")))
    part = ended["answer/0"].content
    assert part.text == LONG + "`co`"
    assert part.error == STOPPED
    assert ended["panel"].content.rows[0].state == "cancelled"


def test_a_failure_with_nothing_shown_is_one_message_with_the_error():
    ended = tell(reply(), started(), TurnFailed(error="It broke.", result=result()))
    assert list(ended) == ["answer/0"]
    part = ended["answer/0"].content
    assert (part.text, part.error) == ("", f"It broke. (trace {part.turn_id})")
    assert ended["answer/0"].notify
    assert "retry" in actions(ended["answer/0"])


def test_an_empty_answer_is_said_to_be_one():
    assert (
        tell(reply(), started(), TurnFinished(result=result()))["answer/0"].content.error
        == NO_ANSWER
    )


def test_a_turn_taken_up_again_knows_its_messages():
    it = reply(shown={"panel", "answer/0", "answer/1"})
    ended = tell(it, started(), TurnFinished(result=result("Four.")))
    assert is_gone(ended["answer/1"])


def test_the_footer_fits_into_the_last_message():
    text = "word " * 99 + "end."
    whole = replace(result(text), notes=("a fallback answered: anthropic:claude",))
    frames = tell(reply(limit=500), started(), TurnFinished(result=whole))
    last = list(frames.values())[-1].content
    assert last.footer
    assert len(last.text) + len(footer_text(last.footer)) <= 498


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["word ", "**b** ", "\n\n", "```py\n", "x = 1\n", "```\n", "[l](", "|a|\n"]
        ),
        min_size=1,
        max_size=120,
    ),
    st.integers(100, 300),
)
def test_a_stream_ends_as_the_whole_answer_would(pieces, limit):
    """Whoever watched it grow sees in the end what somebody sees who came late."""
    text = "".join(pieces)
    streamed = reply(limit=limit)
    shown: dict[str, Frame] = {}
    streamed.tell(started())
    for piece in pieces:
        shown |= tell(streamed, AnswerDelta(text=piece))
        assert all(len(frame_text(frame)) <= limit for frame in shown.values())
    shown |= tell(streamed, TurnFinished(result=result(text)))
    there = {key: frame.content for key, frame in shown.items() if not is_gone(frame)}
    late = tell(reply(limit=limit), started(), TurnFinished(result=result(text)))
    assert there == {key: frame.content for key, frame in late.items()}


# --- what platforms differ in ----------------------------------------------------------------


def test_a_panel_inside_stands_in_the_first_part_from_the_start():
    it = reply(panel="inside", limit=200)
    first = tell(it, started("a"))
    assert list(first) == ["answer/0"]
    assert first["answer/0"].content.panel.rows[0].state == "waiting"
    assert not is_gone(first["answer/0"])
    assert actions(first["answer/0"]) == ["stop"]
    ended = tell(it, TurnFinished(result=result(LONG * 2, advice(1))))
    assert "panel" not in ended
    assert [bool(frame.content.panel) for frame in ended.values()] == [True, False, False]


def test_buttons_bring_the_advice_of_those_who_gave_some():
    it = reply(advice="buttons")
    settled = tell(
        it,
        started("a", "b"),
        ReferencesDone(advice=(advice(1, "failed"), advice(2, text="Yes."))),
    )["panel"]
    assert [(b.action, b.label, b.value) for b in settled.buttons[1:]] == [("advisors", "m2", "2")]
    many = [advice(n, text="Yes.") for n in range(1, 14)]
    it = reply(advice="buttons")
    tell(it, started(*"abcdefghijklm"), AnswerDelta(text=LONG))
    ended = tell(it, ReferencesDone(advice=tuple(many)), TurnFinished(result=result("x", *many)))
    assert actions(ended["panel"]) == ["advisors"] * 10
    assert "advisors" in actions(ended["answer/0"])


def test_a_preview_has_no_buttons_so_the_panel_keeps_stop():
    it = reply(preview=0.25)
    panel = tell(it, started("a"), AnswerDelta(text=LONG))["panel"]
    assert "stop" in actions(panel)
    ended = tell(it, TurnFinished(result=result(LONG, advice(1))))["panel"]
    assert "stop" not in actions(ended)


def test_a_preview_begins_with_the_first_word_and_a_message_that_rings_with_some():
    assert tell(reply(preview=0.25), AnswerDelta(text="A word"))["answer/0"].content.text
    assert not tell(reply(), AnswerDelta(text="A word"))


@pytest.mark.parametrize(("cost", "info"), [("private", True), ("off", False)])
def test_figures_stand_behind_a_button_or_nowhere(cost, info):
    last = tell(reply(cost=cost), started("a"), TurnFinished(result=result("x", advice(1))))[
        "answer/0"
    ]
    assert ("info" in actions(last)) is info
    assert last.content.footer is None
    assert actions(last)[-1] == "remove"


@pytest.mark.parametrize("cost", ["private", "off"])
def test_moa_22_what_people_have_to_know_is_said_wherever_figures_stand(cost):
    told = replace(result("x"), notes=("advisors skipped: your daily budget is used up",))
    last = tell(reply(cost=cost), started(), TurnFinished(result=told))["answer/0"]
    assert footer_text(last.content.footer) == "advisors skipped: your daily budget is used up"


def test_the_end_of_a_long_turn_mentions_who_asked():
    long = replace(result(LONG * 3), seconds=61.0)
    frames = tell(reply(mention="U7", limit=200), started(), TurnFinished(result=long))
    assert [frame.mention for frame in frames.values()] == [*[None] * (len(frames) - 1), "U7"]
    short = tell(reply(mention="U7"), started(), TurnFinished(result=result("x")))
    assert short["answer/0"].mention is None


CODE = "".join(f"line_{n} = {n}\n" for n in range(400))


def test_code_that_no_message_holds_becomes_a_file_next_to_its_beginning():
    text = f"Look:\n\n```python\n{CODE}```\n\nAnd:\n\n```py\nx = 1\n```\n"
    assert len(CODE) > 5000
    frames = tell(reply(files=True), started(), TurnFinished(result=result(text)))
    assert list(frames) == ["answer/0", "file/0"]
    file = frames["file/0"].content
    assert (file.name, file.text) == ("answer-1.py", CODE.rstrip("\n"))
    shown = frames["answer/0"].content.text
    assert "line_19 = 19\n```" in shown
    assert "line_20" not in shown
    assert "answer-1.py" in shown
    assert "```py\nx = 1\n```" in shown
    split = tell(reply(), started(), TurnFinished(result=result(text)))
    assert list(split) == ["answer/0", "answer/1"]


def test_the_figures_of_a_stored_turn_read_as_its_footer():
    turn = StoredTurn(
        start=turns.start("t1"),
        state="answered",
        attempts=1,
        advice=((1, turns.advice(1)), (1, turns.advice(2, "failed"))),
        references_done=1,
        end=turns.end("t1"),
        outbox=(),
    )
    it = reply()
    for event in retell(turn):
        it.tell(event)
    footer = next(
        frame.content.footer for frame in it.frames() if getattr(frame.content, "footer", None)
    )
    assert figures(turn) == footer_text(footer)
    assert figures(replace(turn, end=None)) == ""


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["word ", "**b** ", "**", "`", "\n\n", "```py\n", "x = 1\n", "```\n", "[l](", "|a|\n"]
        ),
        min_size=1,
        max_size=120,
    ),
    st.integers(150, 300),
)
def test_where_a_chat_appends_every_frame_begins_with_the_one_before(pieces, limit):
    it = reply(limit=limit, stream="append", panel="inside")
    it.tell(started("a"))
    texts: dict[str, str] = {}
    for piece in pieces:
        for frame in tell(it, AnswerDelta(text=piece)).values():
            assert frame.content.text.startswith(texts.get(frame.key, ""))
            texts[frame.key] = frame.content.text
