"""Shows what a reference is shown: the advisory view, its end, its cut (MOA-13 to 18)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import tokens
from core.advice import (
    ADVISORY_REQUEST,
    RESULT_LIMIT,
    SYSTEM_PROMPT,
    advisory_view,
    for_slot,
    system_prompt,
    view_hash,
)
from core.presets import ReferenceSlot
from core.types import Image, Line, ToolCall

SLOT = ReferenceSlot(provider="p", model="m")
SEEING = ReferenceSlot(provider="p", model="m", vision=True)


def user(*parts: str | Image) -> Line:
    return Line(role="user", parts=parts)


def said(text: str, *calls: ToolCall) -> Line:
    return Line(role="assistant", parts=(text,) if text else (), tool_calls=calls)


def result(text: str, of: str = "1") -> Line:
    return Line(role="tool", parts=(text,), tool_call_id=of)


def call(id_: str = "1", arguments: str = '{"path": "a.py"}') -> ToolCall:
    return ToolCall(id=id_, name="read", arguments=arguments)


def test_moa_13_only_plain_user_and_assistant_text_is_shown():
    view = advisory_view(
        (
            Line.of("system", "secret rules"),
            Line.of("developer", "more rules"),
            user("q"),
            said("", call()),
            result("contents"),
            user("and?"),
        )
    )
    assert [line.role for line in view] == ["user", "assistant", "user"]
    assert all(not line.tool_calls and line.tool_call_id is None for line in view)
    assert "rules" not in " ".join(line.text for line in view)


def test_moa_14_a_call_keeps_its_arguments_and_its_result_in_its_turn():
    lines = (user("q"), said("Let me look.", call("1"), call("2")), result("A", "1"))
    view = advisory_view((*lines, result("B", "2")))
    turn = view[1].text
    assert turn.startswith("Let me look.\n")
    assert turn.count('read with {"path": "a.py"}') == 2
    assert turn.index("A") < turn.index("B")


def test_moa_14_parts_of_a_result_are_joined():
    parts = Line(role="tool", parts=("first", "second"), tool_call_id="1")
    view = advisory_view((user("q"), said("", call()), parts))
    assert "first\nsecond" in view[1].text


@pytest.mark.parametrize("extra", [1, 2, 5_000])
def test_moa_14_a_long_result_keeps_its_halves_and_says_how_much_is_gone(extra):
    text = "".join(chr(ord("a") + i % 26) for i in range(RESULT_LIMIT + extra))
    turn = advisory_view((user("q"), said("", call()), result(text)))[1].text
    half = RESULT_LIMIT // 2
    assert text[:half] in turn
    assert text[-half:] in turn
    assert f"{extra} characters left out" in turn
    whole = advisory_view((user("q"), said("", call()), result(text[:RESULT_LIMIT])))[1].text
    assert text[:RESULT_LIMIT] in whole
    assert "left out" not in whole


def test_moa_14_a_result_without_an_assistant_turn_becomes_one():
    view = advisory_view((user("q"), result("orphan")))
    assert view[1].role == "assistant"
    assert "orphan" in view[1].text


def test_moa_15_empty_turns_are_left_out():
    lines = (user("q"), said(""), said("  \n"), user(""), user("really"))
    assert [line.text for line in advisory_view(lines)] == ["q", "really"]


def test_moa_15_pictures_become_placeholders_that_differ_as_they_do():
    one, two = Image(url="https://x/1.png"), Image(url="data:image/png;base64,AAAA")
    view = advisory_view((user("look", one, "and", two), user("again", one)))
    blind = for_slot(view, SLOT)
    assert not any(line.images for line in blind)
    first, again = (line.text.split("\n") for line in blind[1:])
    assert (first[0], first[2]) == ("look", "and")
    assert first[1] != first[3]
    assert first[1] == again[1]


@pytest.mark.parametrize("slot", [SLOT, SEEING])
def test_moa_13_words_are_one_text_since_many_servers_take_no_list(slot):
    view = advisory_view((user("one", "two"), user("what is it?", "")))
    assert [line.parts for line in for_slot(view, slot)[1:]] == [("one\ntwo",), ("what is it?\n",)]


def test_moa_15_a_slot_with_vision_gets_the_picture():
    picture = Image(url="https://x/1.png")
    assert for_slot(advisory_view((user("look", picture),)), SEEING)[1].images == (picture,)


def test_moa_15_a_picture_from_a_tool_or_an_answer_is_named_too():
    picture = Image(url="https://x/shot.png")
    shot = Line(role="tool", parts=("done", picture), tool_call_id="1")
    view = advisory_view((user("q"), said("", call()), shot, user("and?")))
    other = Line(role="tool", parts=("done", Image(url="https://x/2.png")), tool_call_id="1")
    assert "image" in view[1].text
    assert view != advisory_view((user("q"), said("", call()), other, user("and?")))
    drawn = Line(role="assistant", parts=(picture,))
    assert "image" in advisory_view((user("draw"), drawn, user("more")))[1].text


def test_moa_16_a_fresh_user_message_stays_last_with_its_bytes():
    text = "  spaces and\ttabs stay \n"
    assert advisory_view((user("q"), said("a"), user(text)))[-1] == user(text)


def test_moa_16_a_view_that_ends_on_the_assistant_gets_the_fixed_request():
    view = advisory_view((user("q"), said("", call()), result("r")))
    assert [line.role for line in view] == ["user", "assistant", "user"]
    assert view[-1].text == ADVISORY_REQUEST
    assert "r" in view[1].text


@pytest.mark.parametrize(
    "lines", [(), (Line.of("system", "s"),), (said("hello"),), (user(" "), said("hello"))]
)
def test_moa_16_without_a_user_line_there_is_nothing_to_advise(lines):
    assert advisory_view(lines) == ()


def test_moa_17_the_one_system_prompt_leads_and_a_role_is_added():
    head = for_slot(advisory_view((user("q"),)), SLOT)[0]
    assert head == Line.of("system", SYSTEM_PROMPT)
    skeptic = ReferenceSlot(provider="p", model="m", role="skeptic")
    assert system_prompt(skeptic).startswith(SYSTEM_PROMPT)
    assert "skeptic" in system_prompt(skeptic)


words = st.text("ab \n", max_size=30)
pictures = st.sampled_from([Image(url="https://x/1"), Image(url="https://x/2")])
ids = st.sampled_from(["1", "2"])
called = st.builds(call, ids, words)
user_lines = st.builds(user, words, st.one_of(words, pictures))
rounds = st.builds(
    lambda text, asked, seen: (
        said(text, *(call(str(i)) for i in range(asked))),
        *(result(seen, str(i)) for i in range(asked)),
    ),
    words,
    st.integers(0, 2),
    words | st.text("x", min_size=RESULT_LIMIT - 2, max_size=RESULT_LIMIT + 3),
)
pieces = st.one_of(
    user_lines.map(lambda line: (line,)), rounds, st.just((Line.of("system", "note"),))
)
transcripts = st.lists(pieces, min_size=1, max_size=12)


def states(transcript):
    """Every prefix of whole pieces, as a turn goes from iteration to iteration."""
    for end in range(1, len(transcript) + 1):
        yield tuple(line for piece in transcript[:end] for line in piece)


def body(view):
    return view[:-1] if view and view[-1].text == ADVISORY_REQUEST else view


@given(transcripts)
def test_moa_18_a_longer_transcript_only_extends_the_view(transcript):
    before = ()
    for lines in states(transcript):
        view = body(advisory_view(lines))
        assert view[: len(before)] == before
        before = view


@given(transcripts)
def test_moa_16_a_view_ends_on_the_user_and_is_the_same_again(transcript):
    lines = tuple(line for piece in transcript for line in piece)
    view = advisory_view(lines)
    assert not view or view[-1].role == "user"
    assert advisory_view(lines) == view
    assert view_hash(view) == view_hash(advisory_view(lines))


@given(transcripts, st.integers(200, 700), st.booleans())
def test_moa_18_a_cut_never_moves_back_and_keeps_two_turns(transcript, window, vision):
    slot = ReferenceSlot(provider="p", model="m", context_window=window, vision=vision)
    start, earlier = 0, ()
    for lines in states(transcript):
        view = advisory_view(lines)
        if not view:
            continue
        shown = body(for_slot(view, slot)[1:])
        full = body(for_slot(view, ReferenceSlot(provider="p", model="m", vision=vision))[1:])
        assert shown == full[len(full) - len(shown) :], "a cut takes from the oldest side only"
        now = len(full) - len(shown)
        assert now >= start, "the cut moved back"
        if now == start:
            assert shown[: len(earlier)] == earlier
        if now:
            assert shown[0].role == "user"
            assert sum(line.role == "user" for line in shown) >= 2
        start, earlier = now, shown


def test_moa_18_a_view_that_outgrew_the_window_is_cut_once_to_sixty_percent():
    lines = [user("x" * 300) for _ in range(100)]
    size = tokens.estimate_line(lines[0])
    window = size * 50
    starts = [tokens.cut(lines[:n], window) for n in range(1, 101)]
    assert starts[:50] == [0] * 50
    assert starts[50] == 51 - 30
    assert starts[51:70] == [starts[50]] * 19, "it stays where it was until the window is full"
    assert len(set(starts)) <= 4


def test_moa_18_without_a_window_nothing_is_cut():
    assert tokens.cut([user("x" * 10_000)] * 50, None) == 0


def test_moa_18_two_turns_stay_even_if_they_do_not_fit():
    lines = [user("x" * 3_000), said("y" * 3_000), user("x" * 3_000), said("y" * 3_000)]
    assert tokens.cut([user("old"), said("a"), *lines], 100) == 2


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 200)), max_size=30),
    st.integers(-10, 300),
)
def test_moa_18_cuts_only_move_forward_as_a_history_grows(shape, window):
    lines = [user("x" * n) if is_user else said("y" * n) for is_user, n in shape]
    starts = [tokens.cut(lines[:n], window) for n in range(len(lines) + 1)]
    assert starts == sorted(starts)
    assert all(start == 0 or lines[start].role == "user" for start in starts)


def test_moa_18_hashes_use_the_view_before_cuts_and_with_pictures():
    one, two = Image(url="https://x/1"), Image(url="https://x/2")
    assert view_hash(advisory_view((user("q", one),))) != view_hash(
        advisory_view((user("q", two),))
    )
    assert view_hash((user("a", "b"),)) != view_hash((user("a"), user("b")))
    assert view_hash((user("ab"),)) != view_hash((said("ab"),))
