"""Shows that a text which can only be appended to never has to take anything back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.markup import Streamed, neutralise, settled, split, strip, utf16

MARKS = st.lists(
    st.sampled_from(
        ["*", "**", "_", "~~", "||", "`", "``", "```", "~~~", "\n", "\n\n", "[", "](", ")", "!",
         "\\", "|", "-", "a", "b c", " ", "> ", "- ", "1. ", "#### ", "javascript:x", "http://x",
         "<", ">", "]:", "é", "文。", "\u0301", "👩‍👩‍👧", "```py\n", "\n```\n", "|---|", "word. "]
    ),
    max_size=60,
).map("".join)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain wor", "plain"),
        ("a **bo", "a"),
        ("a **bo** ", "a **bo**"),
        ("a **bo** b", "a **bo**"),
        ("`co", ""),
        ("see [docs](http://x.org/a_(b)", "see"),
        ("see [docs](http://x.org) and ", "see [docs](http://x.org) and"),
        ("text\n--", "text"),
        ("| a | b |\n", ""),
        ("| a | b |\n|---|---|\n| 1 |", "| a | b |\n|---|---|"),
        ("so\n\n```py\n", "so"),
        ("so\n\n```py\nx = 1", "so\n\n```py\nx = 1"),
        ("so\n\n```py\nx = 1\n``", "so\n\n```py\nx = 1"),
        ("- **a\n- b ", "- **a\n- b"),
        ("*a\n\nb ", "*a\n\nb"),
        ("2 * 3 is ", "2 * 3 is"),
        ("**粗体**文字", "**粗体**文字"),
        ("x < 3 and ", "x < 3 and"),
    ],
)
def test_only_what_is_open_waits(text, shown):
    assert settled(text) == shown


@settings(max_examples=400, deadline=None)
@given(MARKS, MARKS)
def test_what_is_settled_stands_whatever_comes(text, more):
    now, later = settled(text), settled(text + more)
    assert later.startswith(now)
    assert neutralise(text + more).startswith(now)
    assert neutralise(text.rstrip()).startswith(now)


@settings(max_examples=400, deadline=None)
@given(st.data(), MARKS, st.integers(64, 200), st.sampled_from([len, utf16]))
def test_frames_of_a_part_begin_with_the_frames_before_them(data, text, limit, measure):
    """For any chunking; and the whole answer begins with the last of them."""
    streamed = Streamed(limit, measure, append=True)
    before: list[str] = []
    at = 0
    while at < len(text):
        step = data.draw(st.integers(1, 60))
        streamed.add(text[at : at + step])
        at += step
        now = streamed.texts()
        for old, new in zip(before, now, strict=False):
            assert new.startswith(old)
        assert all(measure(part) <= limit for part in now)
        before += now[len(before) :]
        before[: len(now)] = now
    final = [neutralise(part) for part in split(strip(text), limit, measure)]
    for shown, whole in zip(before, final, strict=False):
        assert whole.startswith(shown)
    assert len(before) <= len(final)


def test_an_answer_of_paragraphs_lags_by_less_than_one_of_them():
    paragraph = "A sentence with **bold** words and `code` in it, and another one. " * 4 + "\n\n"
    streamed = Streamed(2000, len, append=True)
    written = 0
    for _ in range(40):
        for at in range(0, len(paragraph), 7):
            streamed.add(paragraph[at : at + 7])
            written += len(paragraph[at : at + 7])
            assert written - sum(map(len, streamed.texts())) < 1.3 * len(paragraph)
