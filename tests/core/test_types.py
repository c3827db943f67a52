"""Shows that a session's key can be read back, and that usage adds up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.types import Address, Line, Usage

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(names, names, st.none() | names)
def test_a_session_key_reads_back(platform, channel, thread):
    address = Address(platform=platform, channel=channel, thread=thread)
    assert Address.of(address.session) == address


@given(names, names, st.none() | names)
def test_a_session_key_is_plain_text_of_two_or_three_parts(platform, channel, thread):
    key = Address(platform=platform, channel=channel, thread=thread).session
    assert key.isascii()
    assert key.isprintable()
    assert key.count("/") == (1 if thread is None else 2)


def test_platforms_own_ids_stay_readable():
    address = Address(platform="slack", channel="C024BE91L", thread="1700000000.000100")
    assert address.session == "slack/C024BE91L/1700000000.000100"


def test_moa_27_usage_adds_up_and_an_estimate_stays_one():
    sure = Usage(input=10, cache_read=4, cache_write=2, output=3, reasoning=1)
    total = sure + Usage(input=1, output=1, estimated=True)
    assert (total.input, total.cache_read, total.cache_write) == (11, 4, 2)
    assert (total.output, total.reasoning, total.estimated) == (4, 1, True)


def test_a_line_of_no_text_has_no_parts():
    assert Line.of("user", "").parts == ()
