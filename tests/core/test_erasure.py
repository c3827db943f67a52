"""What repeats somebody's words, and what only sounds alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.erasure import Counts, Said

ANN = Said(
    [
        "My badge number is QX-4471, and please do not tell anybody that I leave in spring.",
        "ok",
        "Meet me at noon",
    ]
)


@pytest.mark.parametrize(
    "text",
    [
        "Ann has the badge qx-4471.",
        "> please do not tell anybody that\nWhy not?",
        "She wrote: “Meet me at noon”.",
    ],
)
def test_a_quotation_is_found(text):
    assert ANN.repeated_in(text)


@pytest.mark.parametrize("text", ["", "ok", "Please do not wait.", "My badge is lost", "at noon"])
def test_what_anybody_might_have_written_is_no_quotation(text):
    assert not ANN.repeated_in(text)


def test_who_said_nothing_is_repeated_nowhere():
    assert not Said([]).repeated_in("anything", "at all", "")


@given(st.lists(st.sampled_from(["alpha", "beta", "gamma", "delta"]), min_size=5, max_size=30))
def test_whatever_has_five_words_is_found_whole_inside_of_a_longer_text(words):
    text = " ".join(words)
    assert Said([text]).repeated_in(f"Before it. {text} And after.")


def test_counts_add_up_and_are_silent_about_nothing():
    assert not Counts()
    both = Counts(exchanges=1, traces=2) + Counts(traces=3)
    assert both.figures == {"exchanges": 1, "traces": 5}
