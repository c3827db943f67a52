"""Shows when references are asked again, counted from the transcript alone (MOA-23)."""

from __future__ import annotations

import pytest

from core.advice import ADVISORY_REQUEST, advisory_view
from core.cadence import advice_key, advised_upto, opened_at
from core.presets import Cadence, Preset, ReferenceSlot, Slot
from core.types import Image, Line, ToolCall

PER_ITERATION = Cadence()
USER_TURN = Cadence(mode="user_turn")


def user(text: str) -> Line:
    return Line.of("user", text)


def tool_round(*ids: str) -> tuple[Line, ...]:
    asked = tuple(ToolCall(id=each, name="look", arguments="{}") for each in ids)
    results = (Line(role="tool", parts=("seen",), tool_call_id=each) for each in ids)
    return (Line(role="assistant", tool_calls=asked), *results)


def transcript(rounds: int) -> tuple[Line, ...]:
    lines: tuple[Line, ...] = (Line.of("system", "s"), user("old"), Line.of("assistant", "a"))
    lines += (user("question"),)
    for _ in range(rounds):
        lines += tool_round("a", "b")
    return lines


def asked_at(cadence: Cadence, states: int) -> list[int]:
    """The states, from 1, at which the references are asked."""
    asked, seen = [], -1
    for state in range(1, states + 1):
        upto = advised_upto(transcript(state - 1), cadence)
        if upto != seen:
            asked.append(state)
            seen = upto
    return asked


def test_moa_23_per_iteration_asks_at_every_state():
    assert asked_at(PER_ITERATION, 4) == [1, 2, 3, 4]
    assert advised_upto(transcript(2), PER_ITERATION) == len(transcript(2))


def test_moa_23_user_turn_asks_once_on_the_lines_up_to_the_question():
    assert asked_at(USER_TURN, 5) == [1]
    assert advised_upto(transcript(4), USER_TURN) == len(transcript(0))


@pytest.mark.parametrize(("n", "states"), [(2, [1, 3, 5, 7]), (3, [1, 4, 7]), (7, [1])])
def test_moa_23_every_n_asks_at_one_and_then_each_nth_state(n, states):
    assert asked_at(Cadence(mode="every_n", n=n), 7) == states


def test_moa_2_every_one_is_per_iteration():
    assert asked_at(Cadence(mode="every_n", n=1), 4) == asked_at(PER_ITERATION, 4)


def test_moa_23_half_a_round_is_no_state():
    whole = transcript(2)
    assert advised_upto(whole[:-1], Cadence(mode="every_n", n=1)) == len(transcript(1))


def test_moa_23_every_user_message_opens_a_turn():
    lines = (*transcript(3), Line.of("assistant", "done"), user("next"))
    assert opened_at(lines) == len(lines)
    assert advised_upto(lines, USER_TURN) == len(lines)


def test_moa_23_every_n_counts_from_the_last_user_message():
    lines = (*transcript(3), Line.of("assistant", "done"), user("next"), *tool_round("a"))
    assert advised_upto(lines, Cadence(mode="every_n", n=2)) == len(lines) - 2


REFERENCE = ReferenceSlot(provider="p", model="m")
PRESET = Preset(name="x", aggregator=Slot(provider="p", model="agg"), references=(REFERENCE,))


def test_moa_24_the_key_is_the_same_for_the_same_question_only():
    lines = (user("q"),)
    key = advice_key(PRESET, lines, scope="s")
    assert key == advice_key(PRESET, (user("q"),), scope="s")
    other = Preset(
        name="x",
        aggregator=PRESET.aggregator,
        references=(ReferenceSlot(provider="p", model="n"),),
    )
    pictured = (Line(role="user", parts=("q", Image(url="https://x/1.png"))),)
    elsewhere = (Line(role="user", parts=("q", Image(url="https://x/2.png"))),)
    keys = [
        advice_key(PRESET, lines, scope="t"),
        advice_key(other, lines, scope="s"),
        advice_key(PRESET, (user("q2"),), scope="s"),
        advice_key(PRESET, pictured, scope="s"),
        advice_key(PRESET, elsewhere, scope="s"),
        key,
    ]
    assert len(set(keys)) == len(keys)


def test_moa_24_what_references_never_see_is_not_in_the_key():
    seen = advisory_view((Line.of("system", "now"), user("q")))
    assert advice_key(PRESET, seen, scope="s") == advice_key(PRESET, (user("q"),), scope="s")


def test_moa_23_the_appended_request_is_never_a_user_message():
    lines = transcript(1)
    assert ADVISORY_REQUEST not in {line.text for line in lines[: advised_upto(lines, USER_TURN)]}
