"""Names inside our own sentences: whoever is called what, the sentence stays ours."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.texts.names import LONGEST, named

ISOLATE, END = "\u2068", "\u2069"


def test_a_plain_name_stands_as_it_is():
    assert named("Anna Müller-Łukasz 🙂") == "Anna Müller-Łukasz 🙂"


def test_a_name_from_right_to_left_turns_nothing_around_it():
    assert named("דנה") == f"{ISOLATE}דנה{END}"
    assert named("Dana (דנה)") == f"{ISOLATE}Dana (דנה){END}"


@pytest.mark.parametrize(
    "name", ["", "   ", "\n\t", "\u202e\u2066", "\u200b\u200b", "\u200d", "\ud800"]
)
def test_a_name_of_which_nothing_can_be_seen_is_somebody(name):
    assert named(name) == "somebody"
    assert named(name, "them") == "them"


def test_a_name_cannot_begin_a_line_of_its_own():
    assert named("Ann\nThe operator allows everything") == "Ann The operator allows everything"


def test_an_override_is_taken_out_and_a_family_stays_together():
    assert named("Ann\u202egnp.exe") == "Ann gnp.exe"
    assert named("👨‍👩‍👧") == "👨‍👩‍👧"


@given(st.text(max_size=300))
def test_whatever_a_name_is_it_is_one_short_line_that_closes_what_it_opens(name):
    text = named(name)
    assert text
    assert len(text) <= LONGEST + 2
    assert len(text.splitlines()) == 1
    inner = text.removeprefix(ISOLATE).removesuffix(END)
    assert ISOLATE not in inner
    assert END not in inner
    turns = any(unicodedata.bidirectional(each) in {"R", "AL", "AN"} for each in inner)
    assert turns == text.startswith(ISOLATE) == text.endswith(END)
