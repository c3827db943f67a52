# MOA-25: which messages of a request a prompt cache is to be filled up to.

from dataclasses import replace

import pytest

from adapters.llm.alternation import in_turns
from core.advice import advisory_view, for_slot
from core.block import reference_block, with_block
from core.calls import ModelCall
from core.outcomes import Advice
from core.presets import Preset, ReferenceSlot, Slot
from core.promptcache import breakpoints
from core.types import Line, Sealed, ToolCall

SLOT = Slot(provider="p", model="m")
SYSTEM = Line.of("system", "You are a gateway.")
BLOCK = Line(role="user", parts=("advice",), trailing=True)


def said(*roles):
    return tuple(Line.of(role, f"{role} {at}") for at, role in enumerate(roles))


def round_of(name, *, calls=1):
    made = tuple(ToolCall(id=f"{name}{n}", name=name, arguments="{}") for n in range(calls))
    results = (Line(role="tool", parts=("ok",), tool_call_id=each.id) for each in made)
    return (Line(role="assistant", tool_calls=made), *results)


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ((), ()),
        (("user",), (0,)),
        (("system", "user"), (0, 1)),
        (("system", "user", "assistant", "user", "assistant", "user"), (0, 3, 4, 5)),
        (("system", "developer", "user"), (1, 2)),
        (("user", "system", "user"), (0, 1, 2)),
    ],
)
def test_the_system_prompt_and_the_last_three_messages(roles, expected):
    assert breakpoints(said(*roles)) == expected


def test_the_results_of_one_round_are_one_message():
    lines = (SYSTEM, *said("user"), *round_of("a", calls=3), *round_of("b", calls=2))
    assert [lines[at].role for at in breakpoints(lines)] == ["system", "tool", "assistant", "tool"]
    assert breakpoints(lines) == (0, 5, 6, 8)


def test_the_block_is_left_out():
    lines = (SYSTEM, *said("user", "assistant", "user"))
    assert breakpoints((*lines, BLOCK)) == breakpoints(lines) == (0, 1, 2, 3)
    advice = Advice(position=1, label="p:m", outcome="ok", text="Go.")
    for small in (False, True):
        block = reference_block(Preset(name="x", aggregator=SLOT), [advice], small=small)
        assert breakpoints(with_block(lines, block)) == (0, 1, 2, 3)


def test_the_appended_request_is_left_out_for_references():
    view = advisory_view((SYSTEM, *said("user"), *round_of("a"), *round_of("b")))
    lines = for_slot(view, ReferenceSlot(provider="p", model="m"))
    assert [line.role for line in lines] == ["system", "user", "assistant", "assistant", "user"]
    assert breakpoints(lines) == (0, 1, 2, 3)


def test_somebody_who_writes_the_words_of_a_block_is_a_message_like_any():
    lines = (SYSTEM, Line.of("user", BLOCK.text))
    assert breakpoints(lines) == (0, 1)


def test_merged_for_strict_turns_no_breakpoint_takes_the_block_in_moa_19():
    lines = (SYSTEM, *said("user", "assistant", "user"), BLOCK)
    call = ModelCall(slot=SLOT, lines=lines, breakpoints=breakpoints(lines))
    assert in_turns(call).breakpoints == (0, 1, 2)
    lines = (SYSTEM, *said("user"), *round_of("a"), BLOCK)
    call = ModelCall(slot=SLOT, lines=lines, breakpoints=breakpoints(lines))
    strict = in_turns(call)
    assert [strict.lines[at].role for at in strict.breakpoints] == [
        "system",
        "user",
        "assistant",
        "tool",
    ]
    assert strict.lines[-1] == BLOCK


def test_what_is_sealed_goes_to_no_reference():
    sealed = (Sealed(label="p:m", data='{"type":"thinking"}'),)
    plain = (*said("user", "assistant"), *round_of("a"))
    lines = tuple(
        replace(line, sealed=sealed) if line.role == "assistant" else line for line in plain
    )
    assert advisory_view(lines) == advisory_view(plain)
    assert not any(line.sealed for line in advisory_view(lines))
