"""Holds every parser that strangers can reach to what it may raise, with random bytes.

`make fuzz` looks for the same by coverage, for as long as one likes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.peers import ANSWERS
from tests.fuzz.targets import SEEDS, TARGETS

ROOT = Path(__file__).resolve().parents[2]
NO_STRANGER = {"adapters/chat/console/normalise.py"}
"""What somebody types at their own terminal."""
FILE = ("load", "text", "decode", "leaves", "scalars", "values", "rules")
"""Through which a file of an operator goes, whatever is in it."""

_EDITS: Sequence[Callable[[bytes, int, bytes], bytes]] = (
    lambda data, at, more: data[:at] + more + data[at:],
    lambda data, at, more: data[:at] + more + data[at + len(more) :],
    lambda data, at, _: data[:at],
    lambda data, at, _: data[:at] + data[at + 1 :],
    lambda data, at, more: data[:at] + data[at : at + 40] * (len(more) + 2) + data[at:],
    lambda data, at, more: data[at:] + more + data[:at],
)


@st.composite
def mutated(draw, seeds):
    """Draw one of the seeds, with a few edits anywhere in it."""
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 3))):
        edit = draw(st.sampled_from(_EDITS))
        data = edit(data, draw(st.integers(0, len(data))), draw(st.binary(max_size=30)))
    return data


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_known_to_be_good_or_to_have_broken_it_is_taken(name):
    assert SEEDS[name], "a parser without good input is tried by noise alone"
    for seed in SEEDS[name]:
        TARGETS[name](seed)


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=80)
@given(data=st.data())
def test_any_bytes_are_taken_or_refused_in_its_own_words(name, data):
    TARGETS[name](data.draw(mutated(SEEDS[name]) | st.binary(max_size=200)))


def test_no_reader_of_a_platform_or_a_wire_format_or_the_file_is_left_out():
    called = _called_by_seeds()
    platforms = [each.parent for each in ROOT.glob("adapters/chat/*/__init__.py")]
    wanted = {(each / "normalise.py").relative_to(ROOT).as_posix() for each in platforms}
    for pattern in ("adapters/llm/*_answer.py", "adapters/llm/*_wire.py"):
        wanted |= {each.relative_to(ROOT).as_posix() for each in ROOT.glob(pattern)}
    wanted |= {f"gateway/config/{each}.py" for each in FILE}
    assert wanted - NO_STRANGER - called == set()
    assert {each.stem for each in ROOT.glob("adapters/llm/*_answer.py")} == set(ANSWERS)


def _called_by_seeds() -> set[str]:
    """Give the files of ours in which something ran for a seed."""
    codes: set[str] = set()
    for name, target in TARGETS.items():
        for seed in SEEDS[name]:  # each anew: what is too deep ends the profile with it
            sys.setprofile(lambda frame, *_: codes.add(frame.f_code.co_filename))
            try:
                target(seed)
            finally:
                sys.setprofile(None)
    ours = [Path(each) for each in codes if Path(each).is_relative_to(ROOT)]
    return {each.relative_to(ROOT).as_posix() for each in ours}
