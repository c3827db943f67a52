"""Holds every parser that strangers can reach to what it may raise, with random bytes.

`make fuzz` looks for the same by coverage, for as long as one likes.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import SEEDS, TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_good_input_is_taken(name):
    for seed in SEEDS[name]:
        TARGETS[name](seed)


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=80)
@given(data=st.data())
def test_any_bytes_are_taken_or_refused_in_its_own_words(name, data):
    seed = data.draw(st.sampled_from(SEEDS[name]))
    tail = data.draw(st.binary(max_size=60))
    at = data.draw(st.integers(0, len(seed)))
    TARGETS[name](seed[:at] + tail + seed[at:])
