"""Shows what the messages of a turn look like at each of its moments."""

from __future__ import annotations

from dataclasses import replace

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
from core.reply import Reply, is_gone
from core.wording import NO_ANSWER, STOPPED, footer_text
from tests.fakes.chat import frame_text
from tests.fakes.told import advice, result, started

LONG = "A sentence of the answer that is long enough to be shown. " * 3

OPENING = Capabilities(limit=1).opening


def reply(*, limit=4096, detail="summary", shown=()):
    return Reply("t1", capabilities=Capabilities(limit=limit), detail=detail, shown=shown)


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


def test_only_the_first_part_rings_and_only_the_last_has_footer_and_buttons():
    it = reply(limit=200)
    frames = tell(it, started("a"), TurnFinished(result=result(LONG * 3, advice(1))))
    parts = [frame for frame in frames.values() if isinstance(frame.content, Part)]
    assert [frame.notify for frame in parts] == [True, *[False] * (len(parts) - 1)]
    assert [bool(frame.content.footer) for frame in parts] == [*[False] * (len(parts) - 1), True]
    assert actions(parts[-1]) == ["retry", "preset", "advisors", "remove"]
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
