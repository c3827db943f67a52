"""Shows what of a result is kept, and what of arguments is taken."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.tools import arguments
from adapters.tools.results import NOTHING, cut, placeholder, printable, whole


@given(st.text(), st.integers(2, 50))
def test_a_cut_text_keeps_its_two_ends_and_says_how_much_is_left_out(text, limit):
    kept = cut(text, limit=limit)
    if len(text) <= limit:
        assert kept == text
    else:
        head, tail = limit - limit // 2, limit // 2
        assert kept.startswith(text[:head])
        assert kept.endswith(text[-tail:])
        assert f"[… {len(text) - limit:,} characters left out …]" in kept


@given(st.lists(st.text(st.characters())))
def test_every_result_can_be_stored_and_sent(parts):
    text = whole(parts, limit=100)
    assert text.encode()
    assert "\0" not in text
    assert text.strip()


def test_parts_follow_one_another_and_nothing_is_told():
    assert whole(["one", "", "two"], limit=100) == "one\ntwo"
    assert whole([], limit=100) == whole([" ", "\n"], limit=100) == NOTHING


def test_a_picture_is_named_by_kind_and_size():
    assert placeholder("image", "image/png", 40_000) == "[image: image/png, 30 kB, not shown]"
    assert placeholder("audio", "", 4) == "[audio: of unknown type, 1 kB, not shown]"


@given(st.text())
def test_a_foreign_text_is_one_line_that_a_terminal_can_show(text):
    shown = printable(text, limit=20)
    assert shown.isprintable()
    assert len(shown) <= 21


@pytest.mark.parametrize("nothing", ["", "  \n", "{}"])
def test_no_arguments_are_an_empty_object(nothing):
    assert arguments.read(nothing) == {}


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.none() | st.booleans()))
def test_an_object_is_taken_as_it_is(wanted):
    assert arguments.read(json.dumps(wanted)) == wanted


@pytest.mark.parametrize(
    "text", ["{", "[1]", '"a"', "null", "{'a': 1}", '{"a": NaN}', "[" * 100_000, '{"a":1}{"b":2}']
)
def test_anything_else_is_refused_in_a_sentence(text):
    with pytest.raises(ValueError, match=r"^The arguments .*\."):
        arguments.read(text)
