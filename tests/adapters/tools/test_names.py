"""Shows that every tool of every server can be offered under a name of its own."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.tools.names import offered_name

FIT = re.compile(r"[A-Za-z0-9_-]{1,64}")
CONFIGURED = st.text(st.sampled_from(string.ascii_letters + "_.-é"), min_size=1, max_size=70)
PAIRS = st.tuples(CONFIGURED, st.text(min_size=1, max_size=90))


@pytest.mark.parametrize(
    ("server", "tool", "name"),
    [
        ("time", "convert_time", "time__convert_time"),
        ("my-files", "read-file", "my-files__read-file"),
        ("a", "__b", "a____b"),
    ],
)
def test_a_name_that_fits_is_taken_as_it_is(server, tool, name):
    assert offered_name(server, tool) == name


@pytest.mark.parametrize(
    ("server", "tool", "begins"),
    [
        ("time", "convert.time", "time__convert_time-"),
        ("the files", "read", "the_files__read-"),
        ("a__b", "c", "a__b__c-"),  # "a" may have a tool "b__c"
        ("long", "x" * 80, "long__xxxxxxxxx"),
    ],
)
def test_another_is_shortened_and_marked(server, tool, begins):
    name = offered_name(server, tool)
    assert name.startswith(begins)
    assert FIT.fullmatch(name)


@given(PAIRS)
def test_every_name_is_one_that_all_vendors_take(pair):
    assert FIT.fullmatch(offered_name(*pair))


SHORT = st.text(st.sampled_from("ab_."), min_size=1, max_size=5)


@given(st.tuples(SHORT, SHORT), st.tuples(SHORT, SHORT))
def test_two_tools_never_share_a_name(one, other):
    assert (offered_name(*one) == offered_name(*other)) == (one == other)
