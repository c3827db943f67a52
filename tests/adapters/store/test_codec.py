"""Whatever is stored comes back equal: every kind of value, drawn at random."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.store import codec
from adapters.store.queries import QUERIES
from core.outcomes import Advice, CallReport
from core.presets import Cadence, Preset, ReferenceSlot, Slot
from core.records import StoredTurn, TurnEnd, TurnStart
from core.types import Address, Author, Command, Image, Line, Message, Press, ToolCall, Usage

# Half surrogate pairs included: chat platforms do cut names in the middle.
texts = st.text(st.characters(exclude_categories=[]), max_size=20)
options = st.none() | texts
counts = st.integers(min_value=0, max_value=2**53)
seconds = st.floats(min_value=0, max_value=1e9)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def built(kind, **fields):
    return st.builds(kind, **fields)


addresses = built(Address, platform=texts, channel=texts, thread=options)
authors = built(Author, id=texts, name=texts, is_bot=st.booleans())
came = {"event_id": texts, "address": addresses, "author": authors, "at": counts}
incomings = st.one_of(
    built(Message, **came, text=texts, message_id=options),
    built(Command, **came, name=texts, args=texts),
    built(Press, **came, action=texts, turn_id=texts),
)
tool_calls = st.lists(built(ToolCall, id=texts, name=texts, arguments=texts), max_size=2).map(tuple)
lines = built(
    Line,
    role=st.sampled_from(["system", "developer", "user", "assistant", "tool"]),
    parts=st.lists(texts | built(Image, url=texts, detail=options), max_size=3).map(tuple),
    tool_calls=tool_calls,
    tool_call_id=options,
    name=options,
)
usages = built(
    Usage,
    input=counts,
    cache_read=counts,
    cache_write=counts,
    output=counts,
    reasoning=counts,
    estimated=st.booleans(),
)
dollars = st.decimals(min_value=0, max_value=10**6, allow_nan=False, places=8)
reports = built(
    CallReport,
    label=texts,
    text=texts,
    tool_calls=tool_calls,
    usage=usages,
    dollars=st.none() | dollars,
    started=seconds,
    seconds=seconds,
    first_token=st.none() | seconds,
    finish=st.sampled_from([None, "stop", "length", "tool_calls", "content_filter", "refusal"]),
    error=options,
)
advices = built(
    Advice,
    position=st.integers(min_value=1, max_value=99),
    label=texts,
    outcome=st.sampled_from(["ok", "empty", "failed", "timed_out", "late", "skipped", "cancelled"]),
    text=texts,
    reason=texts,
    role=texts,
    call=st.none() | reports,
    in_place_of=texts,
    tried=st.lists(reports, max_size=2).map(tuple),
)
slot = {
    "provider": texts,
    "model": texts,
    "temperature": st.none() | seconds,
    "max_tokens": st.none() | counts,
    "reasoning_effort": options,
    "timeout": st.none() | seconds,
    "extra_body": st.dictionaries(texts, json_values, max_size=3),
    "context_window": st.none() | counts,
    "vision": st.booleans(),
}
slots = built(Slot, **slot, fallbacks=st.lists(built(Slot, **slot), max_size=2).map(tuple))
reference_slots = built(
    ReferenceSlot,
    **slot,
    fallbacks=st.lists(slots, max_size=1).map(tuple),
    enabled=st.booleans(),
    role=options,
    required=st.booleans(),
)
presets = built(
    Preset,
    name=texts,
    aggregator=slots,
    references=st.lists(reference_slots, max_size=2).map(tuple),
    enabled=st.booleans(),
    fanout=built(Cadence, mode=st.sampled_from(["per_iteration", "user_turn"]), n=counts),
    reference_temperature=st.none() | seconds,
    reference_timeout=seconds,
    quorum=st.none() | counts | st.just("all"),
    grace=st.none() | seconds,
    degraded_reference_policy=st.sampled_from(["loud", "silent"]),
    privacy_filter=st.sampled_from([None, "display", "full"]),
    auto=st.booleans(),
    allow=st.lists(texts, max_size=2).map(tuple),
)


@given(incomings)
def test_what_came_in(incoming):
    row = {
        "seq": 3,
        "kind": codec.NAMES[type(incoming)],
        "payload": codec.pack(incoming),
        "session": "web/room",
        "attempts": 1,
    }
    assert codec.accepted(row).incoming == incoming


@given(lines)
def test_a_line_with_pictures_and_tool_calls(line):
    assert codec.unpack(codec.pack(line), Line) == line


@given(presets)
def test_a_preset_and_so_its_fingerprint(preset):
    back = codec.preset_from(codec.pack(preset))
    assert back == preset
    assert back.fingerprint == preset.fingerprint


def columns(name: str) -> list[str]:
    """Read from the statement itself in which order it wants its columns."""
    named = re.search(r"\(([^$)]+)\)", QUERIES[name])
    assert named is not None
    return [column.strip() for column in named[1].split(",")]


@given(
    advice=advices,
    calls=st.lists(reports, max_size=2),
    usage=usages,
    cost=dollars,
    notes=st.lists(texts, max_size=2),
)
def test_what_became_of_references_and_aggregator(advice, calls, usage, cost, notes):
    start = TurnStart(
        turn_id="t1",
        session="web/room",
        place=Address(platform="web", channel="room"),
        seq=None,
        preset=Preset(name="p", aggregator=Slot(provider="p", model="m")),
        question=Line.of("user", "Why?"),
        asker="u1",
        history=0,
        started=1,
    )
    end = TurnEnd(
        turn_id="t1",
        ending="finished",
        answer="Because.",
        error=None,
        calls=tuple(calls),
        usage=usage,
        dollars=cost,
        priced=False,
        seconds=0.5,
        notes=tuple(notes),
    )
    rows = [codec.reference_row("t1", 2, advice)]
    rows += [codec.aggregator_row("t1", number, call) for number, call in enumerate(calls, 1)]
    ended = ["turn_id", *re.findall(r"(\w+) = \$[2-9]", QUERIES["finish"])]
    row = {
        "session": "web/room",
        "place": "web/room",
        "seq": None,
        "asker": "u1",
        "history": 0,
        "preset": codec.pack(start.preset),
        "question": codec.pack(start.question),
        "started": 1,
        "origin": "",
        "state": "answered",
        "attempts": 1,
        "references_done": 2,
        "removed": 0,
    }
    row |= dict(zip(ended, codec.end_columns(end), strict=True))
    named = columns("add_calls")
    back = codec.turn(row, [dict(zip(named, each, strict=True)) for each in rows], [])
    assert back == StoredTurn(
        start=start,
        state="answered",
        attempts=1,
        advice=((2, advice),),
        references_done=2,
        end=end,
        outbox=(),
        calls=tuple(calls),
    )
    assert back.end is not None
    assert str(back.end.dollars) == str(cost)


def test_what_cannot_be_json_is_refused():
    with pytest.raises(TypeError, match="complex"):
        codec.pack(complex(1))
