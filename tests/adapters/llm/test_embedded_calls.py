"""Shows what a call to the embedded model becomes: its cache, its caps, its manners."""

import pytest

from adapters.llm.embedded import ANSWER_TOKENS, REFERENCE_TOKENS, fit
from core.calls import ModelCall
from core.presets import Slot
from core.types import Line, Tool


def asked(text: str, **fields) -> ModelCall:
    slot = Slot(provider="local", model="smollm2-135m")
    return ModelCall(slot=slot, lines=(Line.of("user", text),), **fields)


@pytest.mark.parametrize(
    ("position", "cache"), [(0, 0), (1, 1), (2, 2), (3, 3), (4, 1), (5, 2), (8, 2)]
)
def test_the_aggregator_shares_its_cache_with_nobody(position, cache):
    for tiny in (True, False):
        call = fit(asked("?", position=position), tiny=tiny)
        assert call.slot.extra_body["id_slot"] == cache


def test_the_small_model_gets_the_manners_it_needs():
    call = fit(asked("?", tools=(Tool(name="clock"),), extra={"tool_choice": "auto"}), tiny=True)
    assert (call.temperature, call.extra["top_p"], call.max_tokens) == (0.2, 0.9, ANSWER_TOKENS)
    assert call.tools == ()  # its template has no place for them
    assert "tool_choice" not in call.extra


def test_what_the_call_says_wins():
    wanted = asked("?", temperature=0.0, max_tokens=7, extra={"top_p": 0.5, "seed": 1})
    call = fit(wanted, tiny=True)
    assert (call.temperature, call.max_tokens) == (0.0, 7)
    assert (call.extra["top_p"], call.extra["seed"]) == (0.5, 1)


def test_another_model_is_asked_as_the_caller_says_and_no_otherwise():
    wanted = asked("?", position=1, tools=(Tool(name="clock"),))
    call = fit(wanted, tiny=False)
    assert (call.temperature, call.max_tokens, call.tools) == (None, None, wanted.tools)
    assert "top_p" not in call.extra


@pytest.mark.parametrize(
    ("asked_for", "sent"), [(None, REFERENCE_TOKENS), (10, 10), (900, REFERENCE_TOKENS)]
)
def test_a_references_cap_is_a_bound(asked_for, sent):
    call = fit(asked("?", position=1, max_tokens=asked_for), tiny=True)
    assert call.max_tokens == sent
