"""When a history is condensed, and which part of it (MOA-18, MOA-19): histories of any shape."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core import history, tokens
from core.advice import for_slot, quoted_prompt
from core.presets import Preset, ReferenceSlot, Slot
from core.types import Line, Speaker, ToolCall

WORD = "word "
TEXTS = st.integers(min_value=0, max_value=400).map(lambda many: WORD * many)
EXCHANGES = st.lists(st.tuples(TEXTS, st.lists(TEXTS, max_size=2)), min_size=0, max_size=12)
SUMMARIES = st.one_of(st.none(), TEXTS.filter(bool))


def told(*texts: str, summary: str | None = None) -> list[tuple[int, Line]]:
    """A history of questions and answers in turn, numbered with gaps as a store's is."""
    lines = [history.summary_line(summary)] if summary else []
    lines += [Line.of("assistant" if at % 2 else "user", text) for at, text in enumerate(texts)]
    return [(at * 3 + 1, line) for at, line in enumerate(lines)]


def shaped(exchanges, summary) -> list[tuple[int, Line]]:
    lines = [history.summary_line(summary)] if summary else []
    for question, answers in exchanges:
        lines += [Line.of("user", question), *(Line.of("assistant", each) for each in answers)]
    return [(at * 3 + 1, line) for at, line in enumerate(lines)]


def size(fold: history.Fold) -> int:
    return tokens.estimate(fold.lines)


@given(EXCHANGES, SUMMARIES, st.integers(min_value=1, max_value=4_000))
def test_what_is_condensed_is_the_oldest_part_and_leaves_the_last_exchange(told, summary, room):
    lines = shaped(told, summary)
    fold = history.due(lines, room)
    total = tokens.estimate([line for _, line in lines])
    if total <= room * history.DUE:
        assert fold is None
    if fold is None:
        return
    rest = lines[len(fold.lines) :]
    assert [line for _, line in lines[: len(fold.lines)]] == list(fold.lines)
    assert lines[len(fold.lines) - 1][0] == fold.upto
    assert rest, "the last exchange stays as it was said"
    assert rest[0][1].role == "user"
    assert not rest[0][1].pinned
    assert any(not line.pinned for line in fold.lines)
    earlier = [at for at, (_, each) in enumerate(lines) if each.role == "user" and not each.pinned]
    first = next(at for at in earlier if not all(line.pinned for _, line in lines[:at]))
    assert size(fold) <= room or len(fold.lines) == first, "what is asked fits the window"


@given(EXCHANGES, SUMMARIES, st.integers(min_value=40, max_value=4_000))
def test_condensing_again_and_again_comes_to_an_end(told, summary, room):
    lines = shaped(told, summary)
    for _ in range(len(lines) + 1):
        fold = history.due(lines, room)
        if fold is None:
            break
        lines = [(fold.upto, history.summary_line("short")), *lines[len(fold.lines) :]]
    else:
        raise AssertionError("it never ends")


def test_nothing_is_condensed_that_has_room():
    assert history.due(told(WORD * 10, WORD * 10), 10_000) is None
    assert history.due([], 1) is None


def test_about_a_third_of_the_room_stays_word_for_word():
    lines = told(*[WORD * 60] * 20)
    fold = history.due(lines, 2_000)
    assert fold is not None
    kept = tokens.estimate([line for _, line in lines]) - size(fold)
    assert 2_000 * 0.2 < kept <= 2_000 * history.KEPT


def test_where_somebody_asks_for_it_all_but_the_last_exchange_is_condensed():
    fold = history.wanted(told("One?", "1", "Two?", "2", "Three?", "3"))
    assert fold is not None
    assert [line.text for line in fold.lines] == ["One?", "1", "Two?", "2"]
    assert history.wanted(told("One?", "1")) is None
    assert history.wanted([]) is None
    assert history.wanted(told("One?", "1", summary="Before.")) is None


def test_an_older_summary_is_condensed_with_what_came_after_it():
    fold = history.wanted(told("One?", "1", "Two?", "2", summary="Before."))
    assert fold is not None
    assert fold.lines[0].text.endswith("Before.")


def test_a_model_is_asked_in_words_and_at_the_end_what_is_wanted():
    call = Line(role="assistant", tool_calls=(ToolCall(id="c", name="look", arguments="{}"),))
    result = Line(role="tool", parts=("a train",), tool_call_id="c")
    fold = history.Fold(lines=(Line.of("user", "Go?"), call, result), upto=3)
    *said, request = fold.request(Slot(provider="p", model="m"))
    assert [line.role for line in said] == ["user", "assistant"]
    assert "a train" in said[1].text
    assert request.trailing
    assert request.text == history.SUMMARY_REQUEST


def test_a_summary_that_is_no_shorter_is_of_no_use():
    fold = history.Fold(lines=(Line.of("user", WORD * 100), Line.of("assistant", WORD)), upto=2)
    assert fold.summary("They spoke.") == history.summary_line("They spoke.")
    assert fold.summary(" \n ") is None
    assert fold.summary(WORD * 200) is None


def said_by(name: str, id_: str, text: str = WORD * 50) -> Line:
    return Line(role="user", parts=(text,), speaker=Speaker(id=id_, name=name))


def test_who_spoke_is_known_after_a_compaction_and_the_next_one_whatever_a_model_writes():
    lines = (said_by("Ann", "u1"), Line.of("assistant", WORD), said_by("Ben | [x]", "u2"))
    first = history.Fold(lines=lines, upto=3).summary(
        "Somebody spoke.\nWho spoke in it: [Eve | u9]"
    )
    assert first is not None
    label, spoke, *_ = first.text.split("\n")
    assert label == history.SUMMARY_OPENS
    assert spoke.startswith("Who spoke in it: [Ann | u1], [Ben")
    again = (first, said_by("Cleo", "u3"), said_by("Ann", "u1"), Line.of("assistant", WORD))
    second = history.Fold(lines=again, upto=9).summary("They did.")
    assert second is not None
    assert second.text.split("\n")[1] == f"{spoke}, [Cleo | u3]"
    assert "u9" not in second.text


def test_a_summary_is_a_labelled_line_of_the_user_and_has_an_end():
    line = history.summary_line("They spoke." + "!" * 50_000)
    assert line.role == "user"
    assert line.pinned
    assert line.text.startswith(history.SUMMARY_OPENS)
    assert len(line.text) < history.LONGEST + 100


def preset(window: int | None) -> Preset:
    return Preset(
        name="p",
        references=(ReferenceSlot(provider="p", model="a"),),
        aggregator=Slot(provider="p", model="agg", context_window=window),
    )


def test_the_room_is_the_aggregators_own_and_assumed_where_nobody_said():
    assert history.room_of(preset(8_000)) < 8_000
    assert history.room_of(preset(None)) == history.ASSUMED_WINDOW // 2


# --- what stands at the head stays there ---------------------------------------------------------


def long_talk(*head: Line) -> list[Line]:
    talk = told(*[f"{at} {WORD * 50}" for at in range(41)])
    return [*head, *(line for _, line in talk)]


def test_moa_18_what_is_pinned_stays_when_a_window_is_cut():
    fact = history.pinned_line("The team deploys on Fridays.")
    system = Line.of("system", "Answer in rhyme.")
    kept = tokens.fitting(long_talk(system, fact), 1_000)
    assert kept[:2] == (system, fact)
    assert kept[2].role == "user"
    assert len(kept) < 30


def test_moa_18_what_is_pinned_is_cut_where_it_would_leave_no_room():
    facts = history.pinned_line(WORD * 500)
    kept = tokens.fitting(long_talk(facts), 1_000)
    assert facts not in kept
    assert kept[-1].text.startswith("40 ")


def test_moa_18_references_see_facts_and_the_channels_prompt_after_a_cut_too():
    slot = ReferenceSlot(provider="p", model="a", context_window=1_500, max_tokens=100)
    head = (quoted_prompt("Answer in rhyme."), history.pinned_line("Deploy on Fridays."))
    _, *view = for_slot(long_talk(*head), slot)
    assert tuple(view[:2]) == head
    assert len(view) < 30
